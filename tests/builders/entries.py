"""Random pupils whom schools entered twice: what happens to each entry, mergings of them, and their undoing."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from shared.contracts.event import Envelope, Event
from shared.contracts.trials import PathEvent
from tests.builders import events as builders
from tests.builders.events import PLACE, at, enveloped

DAYS = (*(f"2020-{month:02}-{day:02}" for month in (8, 9, 10, 11) for day in (1, 10, 20)), "2020-12-20")
"""The last one is behind the season."""
SEASON = builders.season(diagnostics=("readiness", "interests"), trials_required=1)
SECOND_ROUND = "2020-11-10"
MUNICIPALITIES = ("RU-ROS-001", "RU-ROS-002")
ALIKE = 4
"""So many entries after each other are merged among themselves."""
SLOTS = tuple(f"s{n}" for n in range(4))


def places() -> Iterator[dict[str, Any]]:
    """The classes of two schools in each municipality, and one in another region."""
    for municipality in MUNICIPALITIES:
        for school in (1, 2):
            yield {**PLACE, "municipality": municipality, "school": f"{municipality}-S{school:02}"}
    yield {**PLACE, "region": "RU-DA", "municipality": "RU-DA-001", "school": "RU-DA-001-S01", "grade": 8}


PLACES = tuple(places())


class Entries:
    """Some entries of pupils; each fact is told once, in its own entry's order."""

    def __init__(self, rng: Random, entries: Sequence[str], guardians: int = 3) -> None:
        self.told: list[Envelope] = []
        self.survivors: dict[str, str] = {}
        """duplicate → survivor"""
        self._rng = rng
        self._entries = entries
        self._guardians = guardians
        self._numbers: Counter[str] = Counter()
        self._now = 0
        self._steps: dict[str, list[tuple[str, str]]] = defaultdict(list)
        """entry → slots that it took, and how"""
        self._seasons: set[tuple[str, str]] = set()
        self._taken: set[tuple[str, str, str]] = set()

    def happen(self, n: int) -> Sequence[Envelope]:
        """Returns what happened next, of `n` facts or mergings at least."""
        begin = len(self.told)
        while len(self.told) < begin + n:
            entry, kind = self._rng.choice(self._entries), self._rng.random()
            if kind < 0.15:
                self._merge(entry)
            elif kind < 0.35:
                self._cabinet(entry)
            elif kind < 0.6:
                self._place(entry)
            else:
                self._step(entry)
        return self.told[begin:]

    def _say(self, event: Event, day: str | None = None) -> None:
        self._numbers[event.subject] += 1
        when = at(day or self._rng.choice(DAYS))
        self.told.append(enveloped(event, self._numbers[event.subject], when))

    def _merge(self, entry: str) -> None:
        """Merges an entry into another of the few that may be the same pupil, or undoes that."""
        if entry in self.survivors:
            other = self.survivors.pop(entry)
            self._say(builders.unmerged(entry, other, "duplicate"))
            self._say(builders.unmerged(other, entry, "survivor"))
            return
        first = self._entries.index(entry) // ALIKE * ALIKE
        survivor = self._rng.choice(self._entries[first : first + ALIKE])
        if survivor != entry and survivor not in self.survivors and entry not in self.survivors.values():
            self.survivors[entry] = survivor
            self._say(builders.merged(survivor, entry, "survivor"))
            self._say(builders.merged(entry, survivor, "duplicate"))

    def _cabinet(self, entry: str) -> None:
        """Opens or closes a guardian's cabinet, of a merged pupil at the survivor; days go on as the facts do."""
        self._now = min(self._now + self._rng.choice((0, 0, 0, 1)), len(DAYS) - 1)
        entry, guardian = self.survivors.get(entry, entry), f"g{self._rng.randrange(self._guardians)}"
        cabinet = {"participant": entry, "guardian": f"{entry}-{guardian}", "account": guardian}
        if self._rng.random() < 0.6:
            self._say(builders.guardian_linked(**cabinet), DAYS[self._now])
        else:
            reason = self._rng.choice(("asked", "asked", "of-age"))
            self._say(builders.guardian_unlinked(**cabinet, reason=reason), DAYS[self._now])

    def _place(self, entry: str) -> None:
        """Registers the entry if that is still to be done, or moves, promotes, archives or restores it."""
        season, to = self._rng.choice(("2020", "2020", "camp")), self._rng.choice(PLACES)
        if (entry, season) not in self._seasons:
            self._seasons.add((entry, season))
            registered = builders.registered(entry, season, **to)
            self._say(registered, self._rng.choice(DAYS[:-1]))
            return
        self._say(
            self._rng.choice(
                (
                    builders.moved(entry, to),
                    builders.moved(entry, to),
                    builders.promoted(entry, to),
                    builders.archived(entry, self._rng.choice(("left", "mistake"))),
                    builders.restored(entry),
                )
            )
        )

    def _step(self, entry: str) -> None:
        """Takes a step, or takes one back: of a merged pupil the survivor may take back a duplicate's."""
        kind, slot = (
            self._rng.choice(("diagnosed", "booked", "attended", "lesson", "recommended", "undone")),
            self._rng.choice(SLOTS),
        )
        match kind:
            case "diagnosed":
                name = self._rng.choice(SEASON.diagnostics)
                attempt = f"{entry}-{name}-{len(self.told)}"
                self._steps[entry].append((name, attempt))
                day = self._rng.choice(DAYS)
                self._say(builders.diagnosed(entry, name, attempt=attempt, round=2 if day >= SECOND_ROUND else 1), day)
            case "recommended":
                number = f"r-{entry}-{len(self.told)}"
                self._steps[entry].append((kind, number))
                self._say(builders.recommended(entry, recommendation=number))
            case "undone" if self._steps[entry]:
                self._undo(self.survivors.get(entry, entry), *self._rng.choice(self._steps[entry]))
            case "booked" | "attended" | "lesson" if (entry, kind, slot) not in self._taken:
                self._taken.add((entry, kind, slot))
                self._steps[entry].append((kind, f"{entry}-{slot}"))
                self._say(_step(kind, entry, slot))

    def _undo(self, entry: str, kind: str, step: str) -> None:
        slot = step.rpartition("-")[2]
        if kind == "recommended":
            self._say(builders.withdrawn(entry, recommendation=step))
        elif kind in SEASON.diagnostics:
            self._say(builders.undone(entry, kind, attempt=step))
        elif kind == "booked":
            self._say(builders.cancelled(entry, slot, booking=f"b-{step}", **_of(slot)))
        elif kind == "lesson":
            self._say(builders.unheld(entry, f"l-{slot}", attendance=f"l-{step}"))
        else:
            self._say(builders.revoked(entry, slot, attendance=f"t-{step}", **_of(slot)))


def _step(kind: str, entry: str, slot: str) -> PathEvent:
    if kind == "lesson":
        return builders.lesson(entry, f"l-{slot}", attendance=f"l-{entry}-{slot}")
    return (builders.booked if kind == "booked" else builders.attended)(entry, slot, **_of(slot))


def _of(slot: str) -> dict[str, Any]:
    """What a slot is of: the first is an excursion."""
    return {"kind": "excursion" if slot == SLOTS[0] else "trial", "competency": "gov" if slot < "s2" else "police"}
