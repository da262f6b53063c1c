"""What stands by what two services told, in plain sets: it knows the fields of events, and nothing of their code."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

FOREVER = datetime.max
PRACTICAL = ("trial", "partner-trial")


class Told(NamedTuple):
    """An event as anybody can read it."""

    type: str
    time: datetime
    said: Mapping[str, Any]


@dataclass
class Seat:
    """A booking."""

    pupil: str
    season: str
    slot: str
    pair: tuple[str, str]
    """School and venue."""
    time: datetime
    starts: datetime
    minutes: int

    @property
    def ends(self) -> datetime:
        """The time from which the pupil is free again."""
        return self.starts + timedelta(minutes=self.minutes)


class Step(NamedTuple):
    """An attendance, a lesson or an attempt."""

    pupil: str
    season: str
    time: datetime
    what: str
    """The competency, theme or diagnostic."""
    kind: str
    """The kind of the slot, or what it is that is no attendance."""
    of: str
    """The booking, where there is one."""
    slot: str = ""


@dataclass
class Steps:
    """What was said of steps, in any order but that of one pupil's own."""

    seats: dict[str, Seat] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    missed: set[str] = field(default_factory=set)
    taken: dict[str, Step] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    issued: dict[str, tuple[str, str, tuple[str, ...]]] = field(default_factory=dict)
    """Pupil, season and competencies by recommendation."""
    withdrawn: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    """Entries that are nobody's any more: they hold what they attended."""

    def hear(self, told: Told) -> None:
        """Takes in one more event."""
        said = told.said
        match told.type.removesuffix(".v1"):
            case "trial.booked":
                starts = datetime.fromisoformat(said["starts_at"])
                pair = said["school"], said["venue"]
                where = said["participant"], said["season"], said["slot"], pair
                self.seats[said["booking"]] = Seat(*where, told.time, starts, said["minutes"])
            case "trial.moved":
                seat = self.seats[said["booking"]]
                seat.starts, seat.minutes = datetime.fromisoformat(said["starts_at"]), said["minutes"]
            case "trial.cancelled":
                self.cancelled.add(said["booking"])
            case "attendance.missed":
                self.missed.add(said["booking"])
            case "trial.attended":
                self._take(told, said["attendance"], said["competency"], said["kind"])
            case "lesson.attended":
                self._take(told, said["attendance"], said["theme"], "hearing")
            case "diagnostic.completed":
                self._take(told, said["attempt"], said["diagnostic"], "test")
            case "attendance.revoked" | "lesson.revoked":
                self.revoked.add(said["attendance"])
            case "diagnostic.revoked":
                self.revoked.add(said["attempt"])
            case "recommendation.issued":
                competencies = tuple(said["competencies"])
                self.issued[said["recommendation"]] = said["participant"], said["season"], competencies
            case "recommendation.withdrawn":
                self.withdrawn.add(said["recommendation"])
            case "path.erased":
                self.erased.add(said["participant"])

    def _take(self, told: Told, id: str, what: str, kind: str) -> None:
        said = told.said
        of = said.get("booking", ""), said.get("slot", "")
        self.taken[id] = Step(said["participant"], said["season"], told.time, what, kind, *of)

    @property
    def held(self) -> dict[str, Seat]:
        """The seats that are somebody's."""
        return {id: seat for id, seat in self.seats.items() if id not in self.cancelled}

    @property
    def standing(self) -> dict[str, Step]:
        """The steps that were not taken back."""
        return {id: step for id, step in self.taken.items() if id not in self.revoked}

    @property
    def in_force(self) -> dict[str, tuple[str, str, tuple[str, ...]]]:
        """The recommendations that were not taken back."""
        return {id: said for id, said in self.issued.items() if id not in self.withdrawn}

    def claims(self, season: str) -> Counter[tuple[tuple[str, str], str]]:
        """Returns what bookings of a season hold of quotas, where each holds a unit: by pair and part of the ledger."""
        came = {step.of for step in self.standing.values()}
        claimed = self._claimed(season)
        return Counter((seat.pair, "completed" if id in came else "reserved") for id, seat in claimed.items())

    def claimants(self, season: str) -> set[str]:
        """Returns the entries of which something is booked in a season, or was attended."""
        return {seat.pupil for seat in self._claimed(season).values()}

    def _claimed(self, season: str) -> dict[str, Seat]:
        """Returns the bookings that were attended, or may still be."""
        came = {step.of for step in self.standing.values()}
        ended = self.cancelled | self.missed | {self.taken[id].of for id in self.revoked if id in self.taken}
        ended |= {id for id, seat in self.seats.items() if seat.pupil in self.erased}
        return {
            id: seat for id, seat in self.seats.items() if seat.season == season and (id in came or id not in ended)
        }


@dataclass
class Times:
    """When something was allowed: begun and ended, in the order in which that was said."""

    spans: list[tuple[datetime, datetime | None]] = field(default_factory=list)

    def begin(self, time: datetime) -> None:
        """From a time on."""
        self.spans.append((time, None))

    def end(self, time: datetime) -> None:
        """Until a time, whatever was said before."""
        self.spans = [(begins, time if ends is None or ends > time else ends) for begins, ends in self.spans]
        self.spans = [(begins, ends) for begins, ends in self.spans if ends is None or begins < ends]

    def has(self, time: datetime) -> bool:
        """Tells whether it was so at a time."""
        return any(begins <= time and (ends is None or time < ends) for begins, ends in self.spans)

    def all_of(self, begins: datetime, until: datetime) -> bool:
        """Tells whether it was so in all of a time: wherever it ended within it, it had begun anew."""
        turns = [ends for _, ends in self.spans if ends is not None and begins <= ends <= until]
        return all(map(self.has, (begins, until, *turns)))

    def some_of(self, begins: datetime, until: datetime) -> bool:
        """Tells whether it was so in some of a time."""
        return any(start <= until and (ends is None or begins < ends) for start, ends in self.spans)


@dataclass
class Entries:
    """What was said of entries of pupils."""

    consents: defaultdict[str, Times] = field(default_factory=lambda: defaultdict(Times))
    absences: defaultdict[str, Times] = field(default_factory=lambda: defaultdict(Times))
    words: dict[frozenset[str], tuple[datetime, bool, str]] = field(default_factory=dict)
    """Of two entries the last: when, whether they are one, and which of them goes on."""
    own: dict[tuple[str, str], bool] = field(default_factory=dict)
    """What each of two said last: whether they are one."""
    ever: set[frozenset[str]] = field(default_factory=set)
    """Two that were one at some time."""
    erased: set[str] = field(default_factory=set)
    consenting: dict[str, bool] = field(default_factory=dict)
    """By the last word."""

    def hear(self, told: Told) -> None:
        """Takes in one more event."""
        said, id = told.said, told.said.get("participant", "")
        match told.type.removesuffix(".v1"):
            case "consent.given":
                self.consents[id].begin(told.time)
                self.consenting[id] = True
            case "consent.withdrawn":
                self.consents[id].end(told.time)
                self.consenting[id] = False
            case "participant.archived":
                self.absences[id].begin(told.time)
            case "participant.erased":
                self.absences[id].begin(told.time)
                self.erased.add(id)
            case "participant.restored":
                self.absences[id].end(told.time)
            case "participant.merged" | "participant.unmerged" as name:
                merged = name == "participant.merged"
                survivor = id if said["role"] == "survivor" else said["other"]
                both = frozenset((id, said["other"]))
                self.own[id, said["other"]] = merged
                if both not in self.words or told.time >= self.words[both][0]:
                    self.words[both] = told.time, merged, survivor
                self.ever |= {both} if merged else set()

    def survivor(self, id: str) -> str:
        """Returns the entry under which the pupil of an entry goes on."""
        for both, (_, merged, survivor) in self.words.items():
            if merged and id in both and id != survivor:
                return self.survivor(survivor)
        return id

    def named(self, id: str) -> set[str]:
        """Returns an entry and those of which it has said itself that they are one with it."""
        return {id, *(other for (one, other), merged in self.own.items() if merged and one == id)}

    @property
    def is_half_told(self) -> bool:
        """True while one of two has not said what the other one has: each is known by its own word alone."""
        return any(self.own.get((other, one), False) is not merged for (one, other), merged in self.own.items())

    def akin(self, id: str) -> set[str]:
        """Returns all entries that were one with an entry at some time, directly or by others."""
        found, known = {id}, set[str]()
        while found != known:
            known = found
            found = known.union(*(both for both in self.ever if both & known))
        return found

    def consented(self, id: str, time: datetime, until: datetime | None = None) -> bool:
        """Tells whether a consent was in force at a time, or in all of one.

        Of several entries that were one at some time, each may have had it for a part of that.
        """
        akin = [self.consents[one] for one in self.akin(id)]
        if len(akin) > 1:
            return all(any(of.has(one) for of in akin) for one in (time, until or time))
        return akin[0].all_of(time, until or time)

    def was_away(self, id: str, time: datetime, until: datetime) -> bool:
        """Tells whether an entry that was never another's was in the archive in some of a time."""
        return len(self.akin(id)) == 1 and self.absences[id].some_of(time, until)


def overlaps(one: Seat, other: Seat) -> bool:
    """Tells whether two seats take some of the same time."""
    return one.starts < other.ends and other.starts < one.ends


def advised(steps: Iterable[Step]) -> tuple[str, ...]:
    """Returns what follows from attendances: what was tried in practice, the latest first, then what was visited."""
    latest = sorted(steps, key=lambda step: (step.time, step.slot), reverse=True)
    tried = [step.what for step in latest if step.kind in PRACTICAL]
    visited = [step.what for step in latest if step.kind not in PRACTICAL]
    return tuple(dict.fromkeys([*tried, *visited]))[:3]


def attended(steps: Iterable[Step]) -> Iterator[Step]:
    """Yields the attendances, each slot once: two entries of a pupil may have been in one."""
    slots = set[str]()
    for step in sorted((step for step in steps if step.slot), key=lambda step: step.time):
        if step.slot not in slots:
            yield step
        slots.add(step.slot)
