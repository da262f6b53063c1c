"""Random families: pupils who enter, move, and get guardians and lose them, with a model of what that comes to."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any

from services.analytics.figures.rows import Dimension
from shared.contracts.event import Envelope
from tests.builders import events as builders
from tests.builders.events import at, enveloped


class Register:
    """Random pupils who enter, move and get guardians and lose them, as facts and as what these come to."""

    def __init__(self, rng: Random, days: Sequence[str], municipalities: Sequence[str]) -> None:
        self._rng = rng
        self._days = days
        self._municipalities = municipalities
        self._numbers: Counter[str] = Counter()
        self._cabinets: dict[tuple[str, str], list[tuple[str, bool]]] = defaultdict(list)
        """Pupil and guardian → in turn, the day on which the cabinet was opened or closed."""
        self._entered: dict[str, tuple[str, int, dict[str, Any]]] = {}
        self._moves: dict[str, list[tuple[str, int, dict[str, Any]]]] = defaultdict(list)
        """Both: day, number, place."""

    def facts(self, n: int) -> Iterable[Envelope]:
        """Facts of some twenty pupils of a dozen guardians."""
        for _ in range(n):
            day, pupil, guardian = (
                self._rng.choice(self._days),
                f"p{self._rng.randrange(20)}",
                f"g{self._rng.randrange(12)}",
            )
            self._numbers[pupil] += 1
            number, kind = self._numbers[pupil], self._rng.random()
            if kind < 0.5:
                opened = self._rng.random() < 0.7
                self._cabinets[pupil, guardian].append((day, opened))
                build = builders.guardian_linked if opened else builders.guardian_unlinked
                yield enveloped(build(pupil, guardian), number, at(day))
            elif kind < 0.7:
                self._moves[pupil].append((day, number, self._place()))
                yield enveloped(
                    builders.moved(pupil, to={**builders.PLACE, **self._moves[pupil][-1][2]}), number, at(day)
                )
            else:
                self._entered[pupil] = day, number, self._place()
                yield enveloped(builders.registered(pupil, **self._entered[pupil][2]), number, at(day))

    def _place(self) -> dict[str, Any]:
        municipality, grade = self._rng.choice(self._municipalities), self._rng.choice((7, 8))
        school = f"{municipality}-S{self._rng.randrange(2)}"
        return {"municipality": municipality, "school": school, "school_class": f"{grade}А", "grade": grade}

    def guardians(self, within: Iterable[str], until: str, by: Dimension | None) -> Mapping[Any, set[str]]:
        """Guardians by row, and in all under None."""
        found: dict[Any, set[str]] = defaultdict(set)
        for (pupil, guardian), turns in self._cabinets.items():
            since, opened = self._stay(pupil, until), _open_since(turns, until)
            if since is None or opened is None or max(opened, since[0]) > until:
                continue
            day, place = max(opened, self._entered[pupil][0]), since[1]
            if place["municipality"] in within:
                found[None].add(guardian)
                if by:
                    found[key_of(by, {**place, "class": place["school_class"], "day": day})].add(guardian)
        return found

    def _stay(self, pupil: str, until: str) -> tuple[str, dict[str, Any]] | None:
        """Where a pupil is at the end of a day, and the day of the registration or the move that led there."""
        if pupil not in self._entered or self._entered[pupil][0] > until:
            return None
        entered = self._entered[pupil]
        steps = [entered, *sorted((m for m in self._moves[pupil] if entered[:2] < m[:2] and m[0] <= until), key=_when)]
        place, since = steps[-1][2], steps[-1][0]
        of_days = {day: where for day, _, where in steps}
        for day in sorted(of_days, reverse=True):
            if of_days[day] != place:
                break
            since = day
        return since, place


def _when(step: tuple[str, int, dict[str, Any]]) -> tuple[str, int]:
    return step[:2]


def _open_since(turns: Iterable[tuple[str, bool]], until: str) -> str | None:
    """The day since which a cabinet is open at the end of a day, if it is."""
    spans: list[tuple[str, str | None]] = []
    begins: str | None = None
    for day, opened in turns:
        if opened:
            begins = day if begins is None else min(begins, day)
        elif begins is not None:
            spans, begins = [*spans, (begins, day)], None
    spans += [] if begins is None else [(begins, None)]
    return min((start for start, end in spans if start <= until and (end is None or until < end)), default=None)


def key_of(by: Dimension, row: Mapping[str, Any]) -> Any:
    return (row["school"], row["class"], row["grade"]) if by == "class" else row[by]
