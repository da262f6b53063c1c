"""A class over several slots: who can be seated is, as many as can be, and told otherwise why not."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.trials.copies.participants import Participant
from services.trials.domain.path.caller import Caller, Said, Taken
from services.trials.domain.path.claims import Pair, exhausted
from services.trials.domain.path.path_parts import Booking
from services.trials.domain.path.paths import Path
from services.trials.domain.seats.bookings import BookingBatch
from services.trials.domain.seats.matching import Shares, Wishes, matched
from services.trials.domain.timetable.slots import Slot
from shared.base.errors import BadInput, Conflict, ServiceError
from shared.base.side_thread import paced
from shared.storage.decision import Done

MOST_PUPILS = 100
MOST_SLOTS = 100
UNSUITED = 2
"""The reluctance of a seat that does not meet a need: more than of what was tried before."""
OWN = ""
NEAREST = (
    "slot-full",
    "quota-exhausted",
    "time-conflict",
    "too-many-bookings",
    OWN,
    "too-early",
    "grade-outside-slot",
    "slot-past",
    "slot-closed",
)
"""The refusals by how little is in the way: what the pupil lacks in any slot stands between those that tell of seats
and times, and those of slots that are for others."""


def slots_of(season: str, named: Sequence[str], known: Mapping[str, Slot]) -> list[Slot]:
    """Returns the slots by their starts; raises BadInput about the first that is none of the season."""
    for index, id in enumerate(named):
        if id not in known or known[id].season != season:
            raise BadInput.field(f"slots/{index}", f"no slot of season {season}")
    return sorted({known[id].id: known[id] for id in named}.values(), key=lambda slot: (slot.starts_at, slot.id))


@dataclass(frozen=True, slots=True)
class Placing:
    """Some slots, in each of which any of the pupils may be seated, but each pupil in one of them."""

    batch: BookingBatch
    season: str
    slots: Sequence[Slot]
    """In the order in which they are filled."""
    said: Said
    caller: Caller
    unsuited: Collection[tuple[str, str]] = ()
    """Pupils with the slots that do not serve what they need of a place."""
    refusals: dict[str, ServiceError] = field(default_factory=dict)
    """The nearest refusal of each pupil whom no slot suits."""

    def seats(self, participants: Iterable[str]) -> Mapping[str, str]:
        """Returns pupil → slot for all who can be seated, of whom those named first come first.

        What the pupil has tried, or is about to, is given where nothing else is left, and a slot that does not serve
        the pupil's needs only then. Whoever has a seat in one of the slots needs none. Where a quota is not enough for
        all who would go to its venue, some are seated at others: of one school, so that no unit stays that would help.
        """
        pupils, wishes = dict[str, Participant](), dict[str, Wishes]()
        for id in paced(participants):
            pupil = self._found(id)
            if pupil is not None and pupil.id not in wishes:
                pupils[pupil.id], wishes[pupil.id] = pupil, self._wishes(pupil)
        shares = self._shares([pupils[id] for id, own in wishes.items() if own])
        while True:
            found = matched(list(wishes.values()), [slot.open_seats for slot in self.slots], shares)
            chosen = {id: self.slots[number] for id, number in zip(wishes, found, strict=True) if number is not None}
            beyond = self._beyond({id: Pair(pupils[id].school, slot.venue) for id, slot in chosen.items()})
            if not beyond:
                left_out = {pupils[id].id: own for id, own in wishes.items() if id not in chosen}
                self._left_out(pupils, left_out, Counter(found))
                return {id: slot.id for id, slot in chosen.items()}
            for id, pair in beyond.items():
                elsewhere = {n: cost for n, cost in wishes[id].items() if self.slots[n].venue != pair.venue}
                wishes[id], self.refusals[id] = elsewhere, exhausted(pair)

    def book(self, participant: str, seats: Mapping[str, str]) -> Done[Taken[Booking]]:
        """Books a pupil in where `seats` say, or finds the booking that is there; raises the nearest refusal."""
        pupil = self.caller.pupil(participant)
        known = self._seated(self._path(pupil))
        if known is not None:
            return Done(Taken(known, pupil.id), new=False)
        if pupil.id not in seats:
            detail = "the seats of the slots that suit the pupil went to those who come first"
            raise self.refusals.get(pupil.id) or Conflict.about("participant", detail, "slot-full")
        return self.batch.book(participant, seats[pupil.id], self.said, self.caller)

    def _shares(self, pupils: Sequence[Participant]) -> Shares | None:
        """Returns the units of each venue's quota, where it binds all of the pupils alike; None where it does not."""
        states, free = self.batch.states, self.batch.allowance
        season, schools = states.seasons[self.season], {pupil.school for pupil in pupils}
        if len(schools) != 1 or not all(free.would_take(self._path(pupil), season) for pupil in pupils):
            return None
        (school,), venues = schools, list(dict.fromkeys(slot.venue for slot in self.slots))
        units = [free.free.get((season.id, Pair(school, venue)), 0) for venue in venues]
        return Shares([venues.index(slot.venue) for slot in self.slots], units)

    def _left_out(
        self, pupils: Mapping[str, Participant], wishes: Mapping[str, Wishes], taken: Mapping[int | None, int]
    ) -> None:
        """Notes of those for whom seats are left that suit them, and who have none, that a quota is exhausted."""
        for id, own in wishes.items():
            for number in own:
                slot = self.slots[number]
                if taken[number] < slot.open_seats:
                    self.refusals.setdefault(id, exhausted(Pair(pupils[id].school, slot.venue)))

    def _beyond(self, wanted: Mapping[str, Pair]) -> Mapping[str, Pair]:
        """Returns those of the pupils for whom the quota of the pair is not enough."""
        states = self.batch.states
        takers = ((states.paths.of(id, self.season), pair) for id, pair in wanted.items())
        beyond = self.batch.allowance.beyond(takers, states.seasons[self.season])
        return {id: pair for (id, pair), is_beyond in zip(wanted.items(), beyond, strict=True) if is_beyond}

    def _found(self, participant: str) -> Participant | None:
        try:
            return self.caller.pupil(participant)
        except ServiceError:
            return None

    def _path(self, pupil: Participant) -> Path:
        return self.batch.states.paths.of(pupil.id, self.season)

    def _seated(self, path: Path) -> Booking | None:
        return next((booking for slot in self.slots if (booking := path.live_booking(slot.id))), None)

    def _wishes(self, pupil: Participant) -> Wishes:
        path = self._path(pupil)
        if self._seated(path):
            return {}
        tried = {attendance.competency for attendance in path.attended}
        tried |= {booking.competency for booking in path.held if not booking.missed}
        refused = [self._refused(pupil, slot) for slot in self.slots]
        if None not in refused:
            self.refusals[pupil.id] = min(filter(None, refused), key=_distance)
        suiting = (number for number, refusal in enumerate(refused) if refusal is None)
        return {number: self._reluctance(pupil, self.slots[number], tried) for number in suiting}

    def _reluctance(self, pupil: Participant, slot: Slot, tried: Collection[str]) -> int:
        return UNSUITED * ((pupil.id, slot.id) in self.unsuited) + (slot.competency in tried)

    def _refused(self, pupil: Participant, slot: Slot) -> ServiceError | None:
        try:
            self.batch.must_admit(pupil, slot, self.said, self.caller)
        except ServiceError as refusal:
            return refusal
        return None


def _distance(refusal: ServiceError) -> int:
    return NEAREST.index(refusal.type if refusal.type in NEAREST else OWN)
