"""Diagnostic instruments as data: the shipped ones, and a general one for a code that has none."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Instrument:
    """The definition that trials is given, and what may be answered."""

    definition: Mapping[str, Any]
    items: tuple[str, ...]
    leanings: tuple[tuple[str, ...], ...]
    """For each option that a person may lean towards: the option meant by each value of a random byte."""

    @classmethod
    def of(cls, definition: Mapping[str, Any]) -> Self:
        """The instrument of a definition."""
        options = [str(option["code"]) for option in definition["options"]]
        even = [options[byte * len(options) // 192] for byte in range(192)]
        leanings = tuple((*even, *[favourite] * 64) for favourite in options)
        return cls(definition, tuple(item["code"] for item in definition["items"]), leanings)

    def answers(self, rng: Random) -> dict[str, str]:
        """A pupil's answer to every item, leaning towards one option as people do."""
        options = rng.choice(self.leanings)
        return {item: options[byte] for item, byte in zip(self.items, rng.randbytes(len(self.items)), strict=True)}


def instruments(codes: Iterable[str], folder: Path) -> dict[str, Instrument]:
    """The instrument of each code, from `<code>.json` in the folder, else the general one under that name."""
    general = json.loads((folder.parent / "general-instrument.json").read_text(encoding="utf-8"))
    files = {code: folder / f"{code}.json" for code in codes}
    return {
        code: Instrument.of(
            json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"name": code, **general}
        )
        for code, path in files.items()
    }
