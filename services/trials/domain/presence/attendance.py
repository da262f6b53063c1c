"""Presences and absences are decided one after the other, by the venue of the slot alone."""

from dataclasses import dataclass, field
from datetime import datetime

from services.trials.copies.participants import Participant
from services.trials.domain.path import steps
from services.trials.domain.path.caller import Taken, UnknownParticipant, clock_of, must_take_part
from services.trials.domain.path.claims import Allowance
from services.trials.domain.path.gates import Gates
from services.trials.domain.path.path_parts import Attendance, Booking
from services.trials.domain.path.paths import Path
from services.trials.domain.path.states import States
from services.trials.domain.path.steps import Presence
from services.trials.domain.presence.absences import Absence, miss
from services.trials.domain.timetable.slots import NO_SLOT, Slot
from shared.base.errors import Conflict, NotFound
from shared.identity.acting import Actor
from shared.identity.principal import Principal
from shared.programme.moments import happened_at
from shared.storage.decision import Done


@dataclass(frozen=True, slots=True)
class AttendanceBatch:
    """The states that presences are decided upon."""

    slots: dict[str, Slot]
    states: States
    gates: Gates
    allowance: Allowance = field(default_factory=lambda: Allowance({}))
    """Of whoever may be let in without a booking."""

    def slot(self, id: str, who: Principal) -> Slot:
        """Returns the slot to those who speak for its venue; raises NotFound, or Forbidden for another's."""
        slot = self.slots.get(id)
        if slot is None:
            raise NotFound(NO_SLOT)
        who.scope.must_cover(slot.region, hosts=slot.hosts)
        return slot

    def confirm(self, slot: Slot, presence: Presence, now: datetime, by: Actor | None) -> Done[Taken[Attendance]]:
        """Confirms a presence. Whom the venue did not seat, it is told nothing about, not even that there is one."""
        path = self.states.path_of(presence.participant, slot.season)
        booking = self._booking(slot, presence.participant)
        known = None if path is None or booking is None else path.attendance_of(booking.id)
        if path is not None and known is not None:
            return Done(Taken(known, path.participant), new=False)
        if presence.late and presence.occurred_at is not None:
            self._must_be_beyond_doubt(slot, presence.participant, presence.occurred_at)
        if presence.own_code and booking is None:
            return self._let_in(self.slots[slot.id], presence, now, by)
        path, booking = self._seated(slot, presence.participant)
        pupil, time = self._came(slot, presence, now)
        decision = steps.attend(path, pupil, booking, presence.source, time, self.gates.of(slot.season))
        self.states.paths.take(steps.as_exception(decision, presence.exception), by)
        return Done(Taken(decision.state.attendances[-1], pupil.id), new=True)

    def _must_be_beyond_doubt(self, slot: Slot, participant: str, scanned_at: datetime) -> None:
        """Raises Conflict for a late scan of which it is not sure that the pupil was where it counts.

        What was taken back is not confirmed once more by the same sheet.
        """
        if slot.moved_at is not None and scanned_at < slot.moved_at:
            raise Conflict.about(
                "occurred_at", f"the slot was moved since, at {slot.moved_at.isoformat()}", "slot-moved"
            )
        if scanned_at >= slot.ends_at:
            raise Conflict.about("occurred_at", f"the slot was over at {slot.ends_at.isoformat()}", "slot-past")
        path = self.states.path_of(participant, slot.season)
        attended = [] if path is None else [a for a in path.all_attendances if a.slot == slot.id]
        if any(a.revoked is not None and scanned_at <= a.revoked for a in attended):
            raise Conflict.about("participant", "an attendance was taken back since", "attendance-revoked")
        given_up = [] if path is None else [b.cancelled for b in path.all_bookings if b.slot == slot.id and b.cancelled]
        if given_up and self._booking(slot, participant) is None:
            detail = f"the booking was given up at {max(given_up).isoformat()}"
            raise Conflict.about("participant", detail, "booking-cancelled")

    def _let_in(self, slot: Slot, presence: Presence, now: datetime, by: Actor | None) -> Done[Taken[Attendance]]:
        """Books a pupil who has come without a booking, and confirms that."""
        if presence.participant not in self.states.pupils:
            raise UnknownParticipant.about("participant", "is the code of nobody who is known here")
        pupil, time = self._came(slot, presence, now)
        season = self.states.seasons[slot.season]
        must_take_part(pupil, season, time, time, now)
        path = self.states.paths.of(pupil.id, season.id, pupil.seasons)
        gate = self.gates.of(season.id)
        seated = steps.book_at_door(path, pupil, slot, time, gate.new_id)
        attended = steps.attend(seated.state, pupil, seated.state.bookings[-1], presence.source, time, gate)
        self.allowance.take(path, seated.state, season)
        for decision in (seated, attended):
            self.states.paths.take(steps.as_exception(decision, presence.exception), by)
        self.slots[slot.id] = slot.with_seat_taken()
        return Done(Taken(attended.state.attendances[-1], pupil.id), new=True)

    def miss(self, slot: Slot, absence: Absence, now: datetime, by: Actor | None) -> Done[Taken[Booking]]:
        """Notes that a pupil whom the venue seated did not come; again, it changes nothing."""
        path, booking = self._seated(slot, absence.participant)
        if booking.missed is not None and path.attendance_of(booking.id) is None:
            return Done(Taken(booking, path.participant), new=False)
        pupil, time = self._came(slot, absence, now)
        decision = steps.as_exception(miss(path, pupil, booking, time), absence.exception)
        self.states.paths.take(decision, by)
        return Done(Taken(decision.state.booking(booking.id), pupil.id), new=True)

    def _came(self, slot: Slot, said: Presence | Absence, now: datetime) -> tuple[Participant, datetime]:
        """Returns the pupil, and when it was that one came or did not, within the season."""
        pupil, season = self.states.pupils[said.participant], self.states.seasons[slot.season]
        slot.must_be_held()
        season.must_be_open("")
        time = happened_at(said.occurred_at, now, clock_of(self.states.zones, pupil))
        if said.exception is None:
            season.must_take("attendance", time, "occurred_at" if said.occurred_at else "")
        return pupil, time

    def _seated(self, slot: Slot, participant: str) -> tuple[Path, Booking]:
        """Returns the path, and the booking at the time of the slot, which it may not have followed yet."""
        path, booking = self.states.path_of(participant, slot.season), self._booking(slot, participant)
        if path is None or booking is None:
            raise Conflict.about("participant", "no booking in force in this slot", "not-booked")
        return path, booking.model_copy(update={"starts_at": slot.starts_at, "minutes": slot.minutes})

    def _booking(self, slot: Slot, participant: str) -> Booking | None:
        path = self.states.path_of(participant, slot.season)
        return None if path is None else path.live_booking(slot.id)
