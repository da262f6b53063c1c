"""Diagnostic instruments as data: those of trials, those of before, and a general one for a code that has none."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Self

EARLIER = Path(__file__).parents[1] / "scenarios" / "instruments"


@dataclass(frozen=True, slots=True)
class Instrument:
    """The definition that trials is given, and the options of each item."""

    definition: Mapping[str, Any]
    items: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, definition: Mapping[str, Any]) -> Self:
        """The instrument of a definition, whose items may have options of their own."""
        offered = {item["code"]: item.get("options") or definition["options"] for item in definition["items"]}
        return cls(definition, {code: [str(one["code"]) for one in options] for code, options in offered.items()})

    def answers(self, rng: Random) -> dict[str, str]:
        """A pupil's answer to every item, leaning towards one option as people do."""
        favourite = rng.randrange(min(map(len, self.items.values())))
        places = zip(self.items.items(), rng.randbytes(len(self.items)), strict=True)
        return {code: of[byte * len(of) // 192 if byte < 192 else favourite] for (code, of), byte in places}


def instruments(codes: Iterable[str], folder: Path) -> dict[str, Instrument]:
    """The instrument of each code, from `<code>.json` in the folder or of before, else the general one by that name."""
    general = json.loads((EARLIER.parent / "general-instrument.json").read_text(encoding="utf-8"))
    paths = {code: [path for of in (folder, EARLIER) if (path := of / f"{code}.json").is_file()] for code in codes}
    found = {code: json.loads(path[0].read_text("utf-8")) if path else {"name": code} for code, path in paths.items()}
    return {code: Instrument.of({**({} if paths[code] else general), **said}) for code, said in found.items()}
