"""A ledger of quotas beside paths that are walked, merged and parted; and what its events alone come to."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.trials.copies.joining import Joined
from services.trials.copies.participants import Archiving, Participant
from services.trials.domain.calendar.seasons import Season
from services.trials.domain.money import quotas
from services.trials.domain.money.quotas import Balance, Holder, Parties, QuotaEntry, Total, Transfer
from services.trials.domain.path import steps
from services.trials.domain.path.claims import Allowance, Pair, settle
from services.trials.domain.path.paths import Path
from shared.base.errors import ServiceError
from shared.contracts.event import Event
from shared.contracts.quotas import QuotaMoved, QuotaSet
from shared.contracts.trials import (
    TRIAL_KINDS,
    AttendanceMissed,
    AttendanceRevoked,
    PathErased,
    PathEvent,
    TrialAttended,
    TrialBooked,
    TrialCancelled,
)
from shared.storage.decision import Decision
from tests.builders.events import at
from tests.builders.merged_paths import BOOKED_AT, PLACES, Entries

NATION, REGION, TOWN = Holder("RU"), Holder("RU-ROS"), Holder("RU-ROS-001")
PAIRS = [Holder(school, venue) for school in ("S1", "S2") for venue in ("V0", "V1")]
GIVERS = {REGION: NATION, TOWN: REGION, **dict.fromkeys(PAIRS, TOWN)}
Counts = Counter[tuple[Holder, str]]
"""Units of holders: their value, and of it those that are reserved and completed."""


@dataclass
class Ledgered(Entries):
    """Two entries of a pupil who goes to school, and a ledger that is kept as the repository keeps it."""

    balances: dict[Holder, Balance] = field(default_factory=lambda: {h: _nothing(h) for h in (NATION, *GIVERS)})
    facts: list[tuple[Event, datetime]] = field(default_factory=list)
    schools: dict[str, str] = field(default_factory=lambda: {"s": "S1", "d": "S2"})
    away: dict[str, tuple[Archiving, ...]] = field(default_factory=lambda: {"s": (), "d": ()})
    now: datetime = BOOKED_AT

    @property
    def season(self) -> Season:
        """The rules of the season."""
        return self.gate.season

    def pupil(self, id: str) -> Joined:
        """The pupil of an entry, in today's school."""
        known = super().pupil(id)
        here = {"school": self.schools[known.pupil.id], "archivings": self.away[known.pupil.id]}
        return replace(known, pupil=known.pupil.model_copy(update=here))

    def keep(self, decision: Decision[Path]) -> None:
        """Stores a decision with what its path holds."""
        state, changes = settle(decision.state, self.season)
        super().keep(replace(decision, state=state))
        self.facts += [(fact.event, fact.time) for fact in decision.happened]
        for (pair, claim), units in changes.items():
            self.add(Holder(*pair), claim, units)

    def add(self, holder: Holder, name: str, units: int) -> None:
        """Adds to one of a holder's counts."""
        known = self.balances[holder]
        self.balances[holder] = known.model_copy(update={name: getattr(known, name) + units})

    def enter(self, decision: Decision[QuotaEntry] | None) -> None:
        """Stores an entry of the ledger."""
        if decision is not None:
            self.facts += [(fact.event, fact.time) for fact in decision.happened]
            for holder, units in decision.state.moves.items():
                self.add(holder, "value", units)
            self.add(NATION, "issued", decision.state.amount if decision.state.giver is None else 0)

    def step(self, id: str, act: str, n: int) -> None:
        """A step of the pupil, or of what befalls it."""
        self.now += timedelta(minutes=1)
        if act == "change school":
            self.schools[id] = f"S{1 + n % 2}"
        elif act == "archive":
            later = self.now + timedelta(seconds=30)
            kept = (Archiving(sequence=str(self.now), time=self.now, archived=True),)
            self.away[id] += (*kept, Archiving(sequence=str(later), time=later, archived=False))
            self.become(self.merged)
        elif act == "erase" and not self.merged:
            self.keep(Decision(self.rows[id].model_copy(update={"erased": True})))
            answer = PathErased(**self.pupil(id).pupil.event_fields, act="a1", rows={"attempts": 0})
            self.facts.append((answer, self.now))
        else:
            super().step(id, act, n)

    def _decide(self, path: Path, one: Participant, act: str, place: str, n: int) -> Decision[Path]:
        if act == "cancel":
            booking = next(b.id for b in path.all_bookings if b.slot == place and b.is_live)
            return steps.cancel(path, one, booking, self.now)
        if act != "book":
            return super()._decide(path, one, act, place, n)
        decision = steps.book(path, one, PLACES[n], self.now, self.gate.new_id)
        free = {(self.season.id, Pair(pair.organisation, pair.venue or "")): self.balances[pair].free for pair in PAIRS}
        Allowance(free).take(path, decision.state, self.season)
        return decision

    def give(self, n: int, amount: int) -> None:
        """A transfer to a holder, or with less than zero from it, if there is enough."""
        holder = list(GIVERS)[n % len(GIVERS)]
        ref = f"order {len(self.facts)}"
        moved = Transfer(ref=ref, organisation=holder.organisation, venue=holder.venue, amount=amount)
        parties = Parties(self.balances[GIVERS[holder]], self.balances[holder])
        try:
            self.enter(quotas.transfer(self.season, parties, moved, "RU-ROS", self.now, None))
        except ServiceError:
            return

    def issue(self, value: int) -> None:
        """The nation's operator sets the number of units, if those that are left allow it."""
        try:
            id = f"set{len(self.facts)}"
            self.enter(quotas.issue(self.season, self.balances[NATION], Total(value=value), self.now, id))
        except ServiceError:
            return

    def counted(self) -> Counts:
        """The counts of the ledger as it is stored."""
        names = ("value", "reserved", "completed")
        return Counts({(h, name): getattr(b, name) for h, b in self.balances.items() for name in names})


def _nothing(holder: Holder) -> Balance:
    return Balance(season="2020", organisation=holder.organisation, venue=holder.venue)


def recounted(facts: Iterable[tuple[Event, datetime]], season: Season, merged: bool) -> Counts:
    """What the events come to for whoever has nothing else, in any order but that of a pupil's own."""
    counts, told = Counts(), list(facts)
    for event, _ in told:
        if isinstance(event, QuotaSet):
            counts[NATION, "value"] += event.added
        elif isinstance(event, QuotaMoved):
            counts[Holder(event.giver), "value"] -= event.amount
            counts[Holder(event.organisation, event.venue), "value"] += event.amount
    keys = [{"s", "d"}] if merged else [{"s"}, {"d"}]
    for pupils in keys:
        own = [
            (event, time)
            for event, time in told
            if event.key in pupils and not isinstance(event, (QuotaSet, QuotaMoved))
        ]
        counts.update(_Walk(own).held(season))
    return counts


class _Walk:
    """The bookings of one pupil, by events."""

    def __init__(self, told: Iterable[tuple[Event, datetime]]) -> None:
        self.booked: dict[str, tuple[TrialBooked, datetime]] = {}
        self.ends: dict[str, datetime] = {}
        self.attended: dict[str, TrialAttended] = {}
        gone = set[str]()
        for event, time in told:
            match event:
                case TrialBooked():
                    self.booked[event.booking] = event, time
                case TrialCancelled() | AttendanceMissed():
                    first = isinstance(event, TrialCancelled) or event.booking not in self.ends
                    self.ends |= {event.booking: time} if first else {}
                case TrialAttended():
                    self.attended[event.attendance] = event
                case AttendanceRevoked():
                    self.attended_until(event, time)
                case PathEvent():
                    pass
                case _:
                    gone.add(event.key)
        came = {event.booking for event in self.attended.values()}
        self.stands = {
            id for id in self.booked if id in came or (id not in self.ends and self.booked[id][0].key not in gone)
        }
        self.came = came

    def attended_until(self, event: AttendanceRevoked, time: datetime) -> None:
        """An attendance is taken back, and with it what its booking held."""
        known = self.attended.pop(event.attendance, None)
        if known is not None:
            self.ends.setdefault(known.booking, time)

    def held(self, season: Season) -> Counts:
        """The units that the pupil holds."""
        if season.quota_unit == "attendance":
            return Counts((self._pair(id), "completed" if id in self.came else "reserved") for id in self.stands)
        if not self.stands:
            return Counts()
        slots = {event.slot for event in self.attended.values() if event.kind in TRIAL_KINDS}
        done = len(slots) >= season.trials_required
        return Counts([(self._pair(self._first()), "completed" if done else "reserved")])

    def _first(self) -> str:
        """The booking that began the time in which something stood without a break until now."""
        never = at("2100-01-01")
        ends = {
            id: never if id in self.stands else self.ends[id]
            for id in self.booked
            if id in self.stands | self.ends.keys()
        }
        marks = sorted(
            [(time, 0, id) for id, time in ends.items()]
            + [(self.booked[id][1], 1, id) for id in ends if ends[id] > self.booked[id][1]]
        )
        open_ones, first = set[str](), ""
        for time, begins, id in marks:
            if time == never:
                break
            if begins:
                first = first if open_ones else id
                open_ones.add(id)
            else:
                open_ones.discard(id)
        return first

    def _pair(self, id: str) -> Holder:
        event, _ = self.booked[id]
        return Holder(event.school, event.venue)
