"""Diagnostic instruments as data: those that trials ships, and a general one for a code that has none."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Self

GENERAL = Path(__file__).parents[1] / "scenarios" / "general-instrument.json"


@dataclass(frozen=True, slots=True)
class Instrument:
    """The definition that trials is given, and what may be answered."""

    definition: Mapping[str, Any]
    items: Mapping[str, Sequence[str]]
    """The options of each item."""

    @classmethod
    def of(cls, definition: Mapping[str, Any]) -> Self:
        """The instrument of a definition, whose items may have options of their own."""
        offered = {item["code"]: item.get("options") or definition["options"] for item in definition["items"]}
        return cls(definition, {code: [str(one["code"]) for one in options] for code, options in offered.items()})

    def answers(self, rng: Random) -> dict[str, str]:
        """A pupil's answer to every item, every fourth of them in the same place, as people lean."""
        leaning = rng.randrange(192)
        places = zip(self.items.items(), rng.randbytes(len(self.items)), strict=True)
        return {code: of[(byte if byte < 192 else leaning) * len(of) // 192] for (code, of), byte in places}


def instruments(codes: Iterable[str], folder: Path) -> dict[str, Instrument]:
    """The instrument of each code, from `<code>.json` in the folder, else the general one under that name."""
    general = json.loads(GENERAL.read_text(encoding="utf-8"))
    files = {code: folder / f"{code}.json" for code in codes}
    return {
        code: Instrument.of(
            json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"name": code, **general}
        )
        for code, path in files.items()
    }
