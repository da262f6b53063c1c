"""Bookings are decided one after the other: each sees the seats that are left."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.trials.copies.participants import Participant
from services.trials.domain.path import steps
from services.trials.domain.path.caller import Caller, Said, Taken, must_take_part
from services.trials.domain.path.claims import Allowance, Pair
from services.trials.domain.path.path_parts import Booking
from services.trials.domain.path.paths import ahead
from services.trials.domain.path.states import States
from services.trials.domain.timetable.slots import NO_SLOT, Slot
from shared.base.errors import NotFound
from shared.identity.exceptions import may_except
from shared.storage.decision import Done, NewId

NO_BOOKING = "no such booking"


@dataclass(slots=True)
class BookingBatch:
    """The states that bookings are decided upon."""

    slots: dict[str, Slot]
    states: States
    new_id: NewId
    allowance: Allowance = field(default_factory=lambda: Allowance({}))
    unsuited: Mapping[int, Collection[tuple[str, str]]] = field(default_factory=dict)
    """Pupils with the slots that do not serve what they need of a place, by the identity of the request that chooses
    slots for them: of several that are decided together each may know other needs."""

    def slot(self, id: str) -> Slot:
        """Returns the slot as it is by now; raises NotFound."""
        if id not in self.slots:
            raise NotFound(NO_SLOT)
        return self.slots[id]

    def book(self, participant: str, slot_id: str, said: Said, caller: Caller) -> Done[Taken[Booking]]:
        """Books a pupil in, or finds the booking that is there."""
        pupil, slot = caller.pupil(participant), self.slot(slot_id)
        slot.must_be_held()
        path = self.states.paths.of(pupil.id, slot.season, pupil.seasons)
        known = path.live_booking(slot.id)
        if known is not None:
            return Done(Taken(known, pupil.id), new=False)
        time = self._admitted_at(pupil, slot, said, caller)
        decision = steps.as_exception(steps.book(path, pupil, slot, time, self.new_id), said.exception)
        self.allowance.take(path, decision.state, self.states.seasons[slot.season])
        self.states.paths.take(decision, caller.by)
        self.slots[slot.id] = slot.with_seat_taken()
        return Done(Taken(decision.state.bookings[-1], pupil.id), new=True)

    def must_admit(self, pupil: Participant, slot: Slot, said: Said, caller: Caller) -> None:
        """Raises ServiceError where a pupil who has no seat in a slot cannot be booked in."""
        slot.must_be_held()
        time = self._admitted_at(pupil, slot, said, caller)
        path = self.states.paths.of(pupil.id, slot.season, pupil.seasons)
        steps.must_fit(path, pupil, slot, time)
        self.allowance.must_have(path, Pair(pupil.school, slot.venue), self.states.seasons[slot.season])

    def _admitted_at(self, pupil: Participant, slot: Slot, said: Said, caller: Caller) -> datetime:
        """Returns the time of a booking; raises ServiceError where the season or the pupil's part in it bars it."""
        season = self.states.seasons[slot.season]
        season.must_be_open("")
        time = caller.time(pupil, said.occurred_at)
        may_except(said.exception, caller.who, pupil.region, pupil.municipality)
        if time < slot.starts_at and said.exception is None:
            seats = ahead(self.states.paths.of(pupil.id, slot.season), time)
            season.must_let_book(time, slot.starts_at, seats, "occurred_at" if said.occurred_at else "")
        must_take_part(pupil, season, time, slot.starts_at, caller.now)
        return time
