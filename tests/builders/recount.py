"""Counts entries of pupils again from their facts, day by day; shares no code with the fold that it checks."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.contracts.event import Envelope
from tests.builders.entries import DAYS, SEASON

CLOSES = SEASON.closes.isoformat()
Counted = Counter[tuple[str, ...]]
"""By table, region, place and path without the day."""
Of = Mapping[str, Sequence[Envelope]]
"""Facts by type."""

LIFE = {
    *("participant.registered.v1", "participant.moved.v1", "participant.promoted.v1"),
    *("guardian.linked.v1", "guardian.unlinked.v1"),
}
CORRECTIONS = {
    *("participant.merged.v1", "participant.unmerged.v1", "participant.archived.v1", "participant.restored.v1"),
    *("diagnostic.revoked.v1", "trial.cancelled.v1", "attendance.revoked.v1", "lesson.revoked.v1"),
    *("recommendation.issued.v1", "recommendation.withdrawn.v1"),
}


def in_revision(told: Iterable[Envelope], closed: datetime, revised: datetime) -> list[Envelope]:
    """The facts that count in a season that was closed, and revised for the last time, by when each was recorded."""
    until = dict.fromkeys(LIFE, closed) | dict.fromkeys(CORRECTIONS, revised)
    return [fact for fact in told if fact.event.type not in until or fact.recordedtime <= until[fact.event.type]]


def recount(told: Iterable[Envelope], day: str) -> Counted:
    """What the figures of season 2020 say at the end of a day."""
    facts: dict[str, list[Envelope]] = defaultdict(list)
    for fact in told:
        facts[fact.event.key].append(fact)
    found: Counted = Counter()
    guardians: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for survivor, duplicates in _pupils(facts):
        pupil = _Pupil(facts[survivor], [facts[id] for id in duplicates])
        if pupil.counts_on(day):
            found.update(pupil.cells(day))
            for account in pupil.guardians(day):
                for row in pupil.rows_of(account, day):
                    guardians[row].add(account)
    found.update({row: len(accounts) for row, accounts in guardians.items()})
    return found


def _pupils(facts: Of) -> Iterator[tuple[str, list[str]]]:
    """Survivors with their duplicates, and who is alone: two are one while both last said so."""
    words = {(id, other): word for id, of in facts.items() for other, word in _words(of).items()}
    of_duplicate = {
        id: other for (id, other), word in words.items() if word == "duplicate" and words.get((other, id)) == "survivor"
    }
    for id in sorted(facts):
        if id not in of_duplicate:
            yield id, [duplicate for duplicate, survivor in sorted(of_duplicate.items()) if survivor == id]


def _words(facts: Iterable[Envelope]) -> dict[str, str]:
    told = sorted(_of_type(facts, "participant.merged.v1", "participant.unmerged.v1"), key=lambda f: str(f.sequence))
    return {f.event.other: f.event.role if ".merged" in f.event.type else "" for f in told}


def _of_type(facts: Iterable[Envelope], *types: str) -> list[Any]:
    return [fact for fact in facts if fact.event.type in types]


class _Pupil:
    """One pupil of one or several entries."""

    def __init__(self, own: Sequence[Envelope], others: Sequence[Sequence[Envelope]]) -> None:
        self._own, self._others = own, others
        self._every = [*own, *(fact for facts in others for fact in facts)]
        here = [f for f in _of_type(self._every, "participant.registered.v1") if f.event.season == "2020"]
        self._registered = min((_day(f) for f in here), default="9999")

    def counts_on(self, day: str) -> bool:
        archive = _of_type(self._own, "participant.archived.v1", "participant.restored.v1")
        last = max(archive, key=lambda f: f.sequence, default=None)
        return self._registered <= day and (last is None or getattr(last.event, "reason", "") != "mistake")

    def place(self, day: str) -> Any:
        """By the survivor's own placements once there is one, else by those of the duplicates."""
        own = list(_placements(self._own, ""))
        since = min((when for when, _, _, _ in own), default="9999")
        others = [p for n, facts in enumerate(self._others) for p in _placements(facts, str(n)) if p[0] < since]
        until = [p for p in [*own, *others] if p[0] <= min(day, CLOSES)]
        return max(until, key=lambda p: p[:3])[3]

    def _standing(self, taken: str, undone: str, id: str, day: str) -> list[Any]:
        gone = {getattr(f.event, id) for f in _of_type(self._every, undone)}
        return [f for f in _of_type(self._every, taken) if getattr(f.event, id) not in gone and _day(f) <= day]

    def cells(self, day: str) -> Counted:
        attended = self._standing("trial.attended.v1", "attendance.revoked.v1", "attendance", day)
        lessons = self._standing("lesson.attended.v1", "lesson.revoked.v1", "attendance", day)
        booked = self._standing("trial.booked.v1", "trial.cancelled.v1", "booking", day)
        booked = [fact for fact in booked if fact.event.source != "door"]
        diagnosed = self._standing("diagnostic.completed.v1", "diagnostic.revoked.v1", "attempt", day)
        recommended = self._standing("recommendation.issued.v1", "recommendation.withdrawn.v1", "recommendation", day)
        trials = {f.event.slot for f in attended if f.event.kind == "trial"}
        tested = set(SEASON.diagnostics) <= {f.event.diagnostic for f in diagnosed if f.event.round == 1}
        stages = {
            "registered": True,
            "participated": bool(diagnosed or attended or lessons),
            "tested": tested,
            "attended": bool(trials),
            "recommended": tested and bool(recommended),
            "completed": tested and bool(recommended) and len(trials) >= SEASON.trials_required,
        }
        at, found = self.place(day), Counter[tuple[str, ...]]()
        for stage in (stage for stage, is_so in stages.items() if is_so):
            found["funnel", at["region"], at["municipality"], stage, str(at["grade"])] += 1
            found["classes", at["region"], at["school"], stage, at["school_class"], str(at["grade"])] += 1
        for measure, facts in (("attended", attended), ("booked", booked)):
            for _, competency in {(f.event.slot, f.event.competency) for f in facts if f.event.kind == "trial"}:
                found["demand", at["region"], at["municipality"], measure, competency] += 1
        return found

    def guardians(self, day: str) -> set[str]:
        """The accounts that have a cabinet at the end of a day."""
        accounts = {f.event.account for f in _of_type(self._every, "guardian.linked.v1")}
        return {account for account in accounts if self._has_cabinet(account, day)}

    def _has_cabinet(self, account: str, day: str) -> bool:
        if _open_since(self._own, account, day):
            return True
        for other in self._others:
            begun = _open_since(other, account, day)
            if begun and not self._closed(account, other, begun, day):
                return True
        return False

    def _closed(self, account: str, other: Sequence[Envelope], begun: str, day: str) -> bool:
        """Whether the survivor closed, since the merging, what another entry had opened."""
        id = other[0].event.key
        words = _of_type(self._own, "participant.merged.v1", "participant.unmerged.v1")
        merged = max(f.sequence for f in words if f.event.other == id)
        closings = [f for f in _asked_closings(self._own) if f.event.account == account]
        return any(f.sequence > merged and begun <= _day(f) <= day for f in closings)

    def rows_of(self, account: str, day: str) -> Iterator[tuple[str, ...]]:
        """The rows in which a guardian counts."""
        days = list(DAYS[: DAYS.index(day) + 1])
        since = day
        while days and self._has_cabinet(account, days[-1]):
            since = days.pop()
        at, first = self.place(day), max(since, self._registered)
        for table, place in (("region-guardians", at["region"]), ("municipality-guardians", at["municipality"])):
            yield table, at["region"], place, "all"
            yield table, at["region"], place, "grade", str(at["grade"])
            yield table, at["region"], place, "day", first
        yield "school-guardians", at["region"], at["school"], "all"
        yield "school-guardians", at["region"], at["school"], "class", at["school_class"], str(at["grade"])


def _placements(facts: Iterable[Envelope], entry: str) -> Iterator[tuple[str, str, str, Any]]:
    """Day, entry, sequence and place of all that says where an entry belongs."""
    for fact in _of_type(facts, "participant.registered.v1", "participant.moved.v1", "participant.promoted.v1"):
        said = fact.event.model_dump()
        side = "" if "registered" in fact.event.type else "to_"
        names = ("region", "municipality", "school", "school_class", "grade")
        yield _day(fact), entry, fact.sequence, {name: said[side + name] for name in names}


def _open_since(facts: Iterable[Envelope], account: str, day: str) -> str | None:
    """The day on which an entry's last cabinet of an account was opened, if it is open at the end of a day."""
    opened: dict[str, str] = {}
    told = sorted([*_of_type(facts, "guardian.linked.v1"), *_asked_closings(facts)], key=lambda f: f.sequence)
    for fact in told:
        if fact.event.account == account and _day(fact) <= day:
            if fact.event.type == "guardian.linked.v1":
                opened.setdefault(fact.event.guardian, _day(fact))
            else:
                opened.pop(fact.event.guardian, None)
    return min(opened.values(), default=None)


def _asked_closings(facts: Iterable[Envelope]) -> list[Any]:
    """Cabinets that somebody wanted closed; that a child has come of age takes no guardian from the figures."""
    return [fact for fact in _of_type(facts, "guardian.unlinked.v1") if fact.event.reason != "of-age"]


def _day(fact: Envelope) -> str:
    return fact.day.isoformat()
