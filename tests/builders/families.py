"""Random families: pupils who enter, move, are merged, and get guardians and lose them, with a model of it all."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from services.analytics.figures.rows import Dimension
from shared.contracts.event import Envelope
from tests.builders import events as builders
from tests.builders.events import at, enveloped

NEVER = "9999"


class Placed(NamedTuple):
    """A registration or a move of a pupil."""

    day: str
    number: int
    place: Mapping[str, Any]


class Turn(NamedTuple):
    """The opening or closing of a cabinet."""

    number: int
    day: str
    opened: bool


class Register:
    """Random pupils who enter, move, are merged, and get guardians and lose them: as facts, and what these come to."""

    def __init__(self, rng: Random, days: Sequence[str], municipalities: Sequence[str]) -> None:
        self._rng = rng
        self._days = days
        self._municipalities = municipalities
        self._numbers: Counter[str] = Counter()
        self._cabinets: dict[tuple[str, str], list[Turn]] = defaultdict(list)
        """By pupil and guardian."""
        self._entered: dict[str, Placed] = {}
        self._moves: dict[str, list[Placed]] = defaultdict(list)
        self._merged: dict[str, tuple[str, int]] = {}
        """duplicate → survivor, the number of the survivor's word"""

    def facts(self, n: int) -> Iterator[Envelope]:
        """Facts of some twenty pupils of a dozen guardians."""
        for _ in range(n):
            pupil, guardian, kind = (
                f"p{self._rng.randrange(20)}",
                f"g{self._rng.randrange(12)}",
                self._rng.random(),
            )
            if kind < 0.45:
                opened = self._rng.random() < 0.7
                build = builders.guardian_linked if opened else builders.guardian_unlinked
                told = self._told(pupil, build(pupil, guardian))
                self._cabinets[pupil, guardian].append(Turn(self._numbers[pupil], told.day.isoformat(), opened))
                yield told
            elif kind < 0.6:
                yield from self._merge(pupil)
            elif kind < 0.8:
                place = self._place()
                told = self._told(pupil, builders.moved(pupil, to={**builders.PLACE, **place}))
                self._moves[pupil].append(Placed(told.day.isoformat(), self._numbers[pupil], place))
                yield told
            else:
                place = self._place()
                told = self._told(pupil, builders.registered(pupil, **place))
                self._entered[pupil] = Placed(told.day.isoformat(), self._numbers[pupil], place)
                yield told

    def _told(self, pupil: str, event: Any) -> Envelope:
        self._numbers[pupil] += 1
        return enveloped(event, self._numbers[pupil], at(self._rng.choice(self._days)))

    def _merge(self, pupil: str) -> Iterator[Envelope]:
        """Merges a pupil into another, or parts them again."""
        if pupil in self._merged:
            survivor, _ = self._merged.pop(pupil)
            yield self._told(pupil, builders.unmerged(pupil, survivor, "duplicate"))
            yield self._told(survivor, builders.unmerged(survivor, pupil, "survivor"))
            return
        survivor = f"p{self._rng.randrange(20)}"
        survivors = {other for other, _ in self._merged.values()}
        if survivor != pupil and survivor not in self._merged and pupil not in survivors:
            yield self._told(pupil, builders.merged(pupil, survivor, "duplicate"))
            yield self._told(survivor, builders.merged(survivor, pupil, "survivor"))
            self._merged[pupil] = survivor, self._numbers[survivor]

    def _place(self) -> dict[str, Any]:
        municipality, grade = self._rng.choice(self._municipalities), self._rng.choice((7, 8))
        school = f"{municipality}-S{self._rng.randrange(2)}"
        return {"municipality": municipality, "school": school, "school_class": f"{grade}А", "grade": grade}

    def guardians(self, within: Iterable[str], until: str, by: Dimension | None) -> Mapping[Any, set[str]]:
        """Guardians by row, and in all under None."""
        found: dict[Any, set[str]] = defaultdict(set)
        for survivor in sorted({f"p{n}" for n in range(20)} - self._merged.keys()):
            entries = [survivor, *sorted(d for d, (other, _) in self._merged.items() if other == survivor)]
            registered = min((self._entered[e].day for e in entries if e in self._entered), default=NEVER)
            if registered > until:
                continue
            place = self._where(entries, until)
            for guardian in {guardian for pupil, guardian in self._cabinets if pupil in entries}:
                opened = self._open_since(entries, guardian, until)
                if opened is not None and place["municipality"] in within:
                    found[None].add(guardian)
                    if by:
                        day = max(opened, registered)
                        found[key_of(by, {**place, "class": place["school_class"], "day": day})].add(guardian)
        return found

    def _where(self, entries: Sequence[str], until: str) -> Mapping[str, Any]:
        """Where a pupil is at the end of a day: where the survivor's own word leads, or before it the duplicates'."""
        placed = {e: [*self._moves[e], *([self._entered[e]] if e in self._entered else [])] for e in entries}
        since = min((p.day for p in placed[entries[0]]), default=NEVER)
        said = [
            (p.day, n, p.number, p.place)
            for n, entry in enumerate(entries)
            for p in placed[entry]
            if p.day <= until and (n == 0 or p.day < since)
        ]
        return max(said, key=lambda one: one[:3])[3]

    def _open_since(self, entries: Sequence[str], guardian: str, until: str) -> str | None:
        """The day since which a cabinet of the pupil is open without a break, if it is at the end of a day."""
        spans = [span for entry in entries for span in self._open(entries[0], entry, guardian)]
        since = None
        for day in reversed([day for day in self._days if day <= until]):
            if not any(begins <= day < ends for begins, ends in spans):
                break
            since = day
        return since

    def _open(self, survivor: str, entry: str, guardian: str) -> Iterator[tuple[str, str]]:
        """From when until when an entry's cabinet was open; the survivor closes those of all since the merging."""
        merged = self._merged.get(entry, ("", 0))[1]
        closed = [turn.day for turn in self._cabinets[survivor, guardian] if not turn.opened and turn.number > merged]
        for begins, ends in _spans(self._cabinets[entry, guardian]):
            yield begins, ends if entry == survivor else min([ends, *(day for day in closed if day >= begins)])


def _spans(turns: Iterable[Turn]) -> Iterator[tuple[str, str]]:
    begins: str | None = None
    for _, day, opened in turns:
        if opened:
            begins = day if begins is None else min(begins, day)
        elif begins is not None:
            yield begins, day
            begins = None
    if begins is not None:
        yield begins, NEVER


def key_of(by: Dimension, row: Mapping[str, Any]) -> Any:
    return (row["school"], row["class"], row["grade"]) if by == "class" else row[by]
