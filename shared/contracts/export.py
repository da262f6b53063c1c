"""Writes what is generated from the registry: `python -m shared.contracts.export [--check]`.

A committed contract is frozen: a change that breaks it is refused, with or without `--check`. The way out is a new
major; for a contract that was never emitted, delete its two files first.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from shared.contracts import asyncapi, wire
from shared.contracts.samples import envelopes
from shared.contracts.schema import breaking_changes, schema
from shared.contracts.topics import EVENTS

HERE = Path(__file__).parent


def files() -> dict[str, str]:
    """Every generated file: its path below this folder, and its content."""
    samples = envelopes()
    generated = {f"schemas/{name}.json": _json(schema(event)) for name, event in EVENTS.items()}
    for name, sample in samples.items():
        event = wire.as_json(sample, sample.event.model_dump(mode="json"))
        generated[f"samples/{name}.json"] = _json(event)
    generated["asyncapi.yaml"] = yaml.dump(
        asyncapi.document(), Dumper=_NoAliases, sort_keys=False, allow_unicode=True, width=110
    )
    return generated


def broken(folder: Path) -> list[str]:
    """Returns what today's classes break of the committed contracts in `folder`, a sentence each."""
    found = []
    for path in sorted(folder.glob("schemas/*.json")):
        event = EVENTS.get(path.stem)
        if event is None:
            found.append(f"{path.stem}: the event was removed")
        else:
            found += [f"{path.stem}: {change}" for change in breaking_changes(_read(path), schema(event))]
    for path in sorted(folder.glob("samples/*.json")):
        if path.stem in EVENTS:
            try:
                EVENTS[path.stem].model_validate(_read(path)["data"])
            except ValidationError:
                found.append(f"{path.stem}: its committed sample can no longer be read")
    return found


def drift(folder: Path, generated: Mapping[str, str]) -> list[str]:
    """The files in `folder` that are not as generated, a sentence each."""
    present = {p.relative_to(folder).as_posix() for kind in ("schemas", "samples") for p in folder.glob(f"{kind}/*")}
    found = [f"{name}: generated from nothing, delete it" for name in sorted(present - generated.keys())]
    for name, content in generated.items():
        path = folder / name
        if not path.is_file():
            found.append(f"{name}: missing")
        elif path.read_text() != content:
            found.append(f"{name}: out of date")
    return found


def export(folder: Path, *, check: bool) -> list[str]:
    """Writes the files, or only looks whether they are up to date; returns what is wrong, a sentence each."""
    problems = broken(folder)
    generated = files()
    if check:
        return problems + drift(folder, generated)
    if not problems:
        for name, content in generated.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(content)
    return problems


def main() -> None:
    """Exit code 1 with the problems on stderr."""
    parser = argparse.ArgumentParser(prog="python -m shared.contracts.export")
    parser.add_argument("--check", action="store_true", help="only look whether the committed files are up to date")
    problems = export(HERE, check=parser.parse_args().check)
    print("".join(f"{problem}\n" for problem in problems), end="", file=sys.stderr)
    raise SystemExit(1 if problems else 0)


class _NoAliases(yaml.SafeDumper):
    """Repeats what occurs twice: anchors are for machines."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


if __name__ == "__main__":
    main()
