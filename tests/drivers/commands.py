"""The commands of trials as an operator gives them, each to the handler behind its route."""

from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from services.trials.domain.calendar.seasons import Closing
from services.trials.domain.catalogue.diagnostics import AttemptCommand
from services.trials.domain.money.payment_acts import Payment, Signing
from services.trials.domain.money.payment_drafts import Period
from services.trials.domain.money.quotas import Total, Transfer
from services.trials.domain.path.caller import Said
from services.trials.domain.path.steps import Presence, Revocation
from services.trials.domain.presence.absences import Absence
from services.trials.domain.presence.feedback import FeedbackEntry
from services.trials.domain.presence.lessons import HeldLesson
from services.trials.domain.timetable.day_closings import DayClosing
from services.trials.domain.timetable.slot_changes import SlotClosing, SlotMove, SlotSize
from services.trials.domain.timetable.slots import SlotOffer
from services.trials.handlers import (
    attempts,
    attendance,
    bookings,
    closings,
    feedback,
    lessons,
    payment_acts,
    quotas,
    seasons,
    slot_changes,
    slots,
    waiting,
)
from services.trials.handlers.waiting import InLine
from shared.base.errors import ServiceError
from shared.http.batch import Item
from tests.builders.trials import ANSWERS, OFFER, VENUE
from tests.drivers.together import NATION, Together

T = TypeVar("T")


@dataclass
class Commands:
    """What is asked of both services, and how often that was done or refused."""

    both: Together
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By command and slug of the refusal, which is empty where it was done."""

    def ask(self, name: str, work: Coroutine[Any, Any, T]) -> T | None:
        """Gives a command; returns nothing where it is refused as a whole or, of one item, for that item."""
        try:
            found: Any = self.both.run(work)
        except ServiceError as refusal:
            found = refusal
        while isinstance(found, list) and len(found) == 1:
            (found,) = found
        slug = found.type if isinstance(found, ServiceError) else ""
        self.outcomes[name, slug] += 1
        return None if isinstance(found, ServiceError) else found

    def time(self, back: int) -> datetime | None:
        """Returns the time that a command says, so many hours ago; none where it is now."""
        return self.both.now - timedelta(hours=back) if back else None


class Timetable(Commands):
    """What a venue asks of trials about its slots, and operators about seasons and quotas."""

    def open(self, season: str, starts_at: datetime, **said: Any) -> str | None:
        """Opens a slot; returns its id."""
        items = [Item("", SlotOffer.model_validate({**OFFER, **said, "starts_at": starts_at.isoformat()}))]
        asked = slots.SlotRequest(items=items, who=NATION, now=self.both.now, venue=VENUE, season=season)
        done = self.ask("open", slots.open_slots(self.both.seats, asked, self.both.new_id))
        return None if done is None else str(done.value.id)  # type: ignore[attr-defined]

    def shift(self, slot: str, starts_at: datetime) -> None:
        """Holds a slot at another time."""
        self.ask("shift", slot_changes.move(self.both.seats, self._of(slot), SlotMove(starts_at=starts_at)))

    def resize(self, slot: str, capacity: int) -> None:
        """Gives a slot other seats."""
        self.ask("resize", slot_changes.resize(self.both.seats, self._of(slot), SlotSize(capacity=capacity)))

    def call_off(self, slot: str) -> None:
        """Calls a slot off."""
        self.ask("call off", slot_changes.close(self.both.seats, self._of(slot), SlotClosing(reason="frost")))

    def close_days(self, day: date, days: int, place: Mapping[str, str]) -> date | None:
        """Calls off what is held on some days in a place; returns the last of them, nothing where it was refused."""
        said = {**place, "day": day.isoformat(), "until": (day + timedelta(days=days)).isoformat(), "reason": "frost"}
        command = closings.Command(DayClosing.model_validate(said), NATION, self.both.now)
        done = self.ask("close days", closings.close_days(self.both.seats, command))
        assert done is None or done.done, "so few slots are called off at once"
        return None if done is None else command.closing.last

    def _of(self, slot: str) -> slot_changes.Command:
        return slot_changes.Command(slot, NATION, self.both.now, None)

    def issue(self, season: str, value: int) -> None:
        """Sets the units of a season."""
        self.ask(
            "issue", quotas.set_total(self.both.seats, season, Total(value=value), self.both.now, self.both.new_id)
        )

    def give(self, season: str, organisation: str, venue: str | None, amount: int) -> None:
        """Moves units to a holder, or with less than zero from it."""
        moved = Transfer(ref=self.both.new_id(), organisation=organisation, venue=venue, amount=amount)
        self.ask("give", quotas.transfer(self.both.seats, season, moved, NATION, self.both.now))

    def close(self, season: str) -> None:
        """Closes a season."""
        self.ask("close", seasons.close(self.both.seats, season, Closing(), self.both.now))


class Money(Commands):
    """What operators ask of trials about acts for payment."""

    def sign(self, season: str, begins: date, ends: date) -> None:
        """Signs what is due of some days, if anything is."""
        period = Period(season, begins, ends)
        drafted = self.both.run(payment_acts.drafted(self.both.seats, VENUE, period, NATION))
        if drafted.lines:
            said = {"season": season, "begins": begins.isoformat(), "ends": ends.isoformat()}
            said |= {"ref": self.both.new_id(), "kopecks": drafted.kopecks, "lines": len(drafted.lines)}  # type: ignore[dict-item]
            command = Signing.model_validate(said)
            work = payment_acts.sign(self.both.seats, VENUE, command, NATION, self.both.now, self.both.new_id)
            self.ask("sign", work)

    def pay(self, act: str) -> None:
        """Notes that an act was paid."""
        self.ask("pay", payment_acts.pay(self.both.seats, act, Payment(), NATION, self.both.now))


class Steps(Commands):
    """What families, schools and venues ask of trials for a pupil."""

    def book(self, id: str, slot: str, back: int) -> None:
        """Takes a seat."""
        said, items = Said(self.time(back)), [Item("", id, "participant")]
        asked = bookings.BookingRequest(items=items, who=NATION, now=self.both.now, slot=slot, said=said)
        self.ask("book", bookings.book(self.both.seats, [asked], self.both.new_id))

    def place(self, ids: Sequence[str], season: str, named: Sequence[str]) -> None:
        """Seats several pupils in several slots."""
        items = [Item(f"/{n}", id, "participant") for n, id in enumerate(ids)]
        asked = bookings.PlacementRequest(
            items=items, who=NATION, now=self.both.now, season=season, named=named, said=Said()
        )
        self.ask("place", bookings.book(self.both.seats, [asked], self.both.new_id))

    def cancel(self, booking: str, back: int) -> None:
        """Gives a seat up."""
        time = self.time(back)
        self.ask("cancel", bookings.cancel(self.both.seats, booking, time, NATION, self.both.now))

    def wait(self, id: str, slot: str) -> None:
        """Joins a line."""
        self.ask("wait", waiting.join(self.both.seats, InLine(id, slot, NATION, self.both.now), None))

    def leave(self, id: str, slot: str) -> None:
        """Leaves a line."""
        self.ask("leave", waiting.leave(self.both.seats, InLine(id, slot, NATION, self.both.now)))

    def confirm(self, booking: str) -> None:
        """Keeps a seat that was given from a line."""
        self.ask("confirm", waiting.confirm(self.both.seats, booking, NATION))

    def attend(self, id: str, slot: str, back: int, own_code: bool) -> None:
        """Takes part, with a code of its own perhaps."""
        said = Presence(
            participant=id, source="qr" if own_code else "list", occurred_at=self.time(back), own_code=own_code
        )
        asked = attendance.AttendanceRequest(items=[Item("", said)], who=NATION, now=self.both.now, slot=slot)
        self.ask("door" if own_code else "attend", attendance.confirm(self.both.seats, [asked], self.both.new_id))

    def miss(self, id: str, slot: str) -> None:
        """Does not come."""
        items = [Item("", Absence(participant=id))]
        asked = attendance.AbsenceRequest(items=items, who=NATION, now=self.both.now, slot=slot)
        self.ask("miss", attendance.miss(self.both.seats, asked, self.both.new_id))

    def mark(self, of: str, mark: int) -> None:
        """Has an attendance marked by the mentor."""
        said = FeedbackEntry(marks={"order": mark})
        asked = feedback.Of(of, NATION, self.both.now)
        self.ask("mark", feedback.mark(self.both.seats, asked, said, self.both.new_id))

    def revoke(self, of: str) -> None:
        """Takes an attendance back."""
        why = Revocation(reason="Ошибка")
        self.ask("revoke", attendance.revoke(self.both.seats, of, why, NATION, self.both.now, self.both.new_id))

    def test(self, id: str, season: str, diagnostic: str, ref: str, back: int) -> None:
        """Completes a diagnostic."""
        said = {"ref": ref, "participant": id, "season": season, "diagnostic": diagnostic, "answers": ANSWERS}
        command = AttemptCommand.model_validate({**said, "occurred_at": self.time(back)})
        asked = attempts.AttemptRequest(items=[Item("", command)], who=NATION, now=self.both.now)
        self.ask("test", attempts.take(self.both.seats, [asked], self.both.new_id))

    def hear(self, id: str, season: str, school: str, ref: str, back: int) -> None:
        """Is in a lesson."""
        held = HeldLesson(season, school, ref, "1", self.time(back))
        items = [Item("", id, "participant")]
        asked = lessons.LessonRequest(items=items, who=NATION, now=self.both.now, held=held)
        self.ask("hear", lessons.record(self.both.seats, asked, [id], self.both.new_id))
