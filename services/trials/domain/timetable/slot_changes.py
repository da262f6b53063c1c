"""Changes of a slot that is open: another time, other seats, or that it is called off."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from services.trials.domain.calendar.seasons import Season
from services.trials.domain.timetable.slots import Closing, Slot
from shared.base.errors import BadInput, Conflict
from shared.base.models import Input
from shared.contracts.cancellations import ClosingReason
from shared.contracts.timetables import SlotClosed, SlotMoved, SlotResized
from shared.programme.moments import Moment
from shared.programme.texts import Reason
from shared.storage.decision import Decision, Happened


class SlotMove(Input):
    """Another time of a slot."""

    starts_at: Moment
    """RFC 3339 with an offset, on a day of the season."""
    minutes: Annotated[int, Field(ge=15, le=480)] | None = None
    """Length in minutes; left out, it stays."""
    occurred_at: Moment | None = None


class SlotSize(Input):
    """Other seats of a slot."""

    capacity: Annotated[int, Field(ge=1, le=1000)]
    """Seats in all, no fewer than are taken."""
    occurred_at: Moment | None = None


class SlotClosing(Input):
    """The calling off of a slot."""

    reason: ClosingReason
    """The reason, of which families are told in their language."""
    words: Reason | None = None
    """More of it, in the venue's words; they stay with the slot, are told to nobody, and must name nobody."""
    occurred_at: Moment | None = None


class Bounds(NamedTuple):
    """The bounds that a slot's programme and its venue set, where they set any."""

    minutes: int | None = None
    """The length that the programme has."""
    seats: int | None = None
    """The most seats."""


UNBOUND = Bounds()


@dataclass(frozen=True, slots=True)
class Change:
    """The time of a change, with the season and the clock by which it is judged."""

    season: Season
    local: tzinfo
    time: datetime
    attended: bool = False
    """True where somebody has attended the slot."""
    bounds: Bounds = UNBOUND
    by_venue: bool = False
    """True where the venue itself changes it, which has to leave the notice of the season's terms."""


def move(slot: Slot, to: SlotMove, change: Change) -> Decision[Slot]:
    """Holds a slot at another time; the time that it has already changes nothing."""
    slot.must_be_held()
    starts_at, minutes = to.starts_at.astimezone(change.local), to.minutes or slot.minutes
    if (starts_at, minutes) == (slot.starts_at, slot.minutes):
        return Decision(slot)
    change.season.must_be_open("")
    _must_not_be_attended(change.attended)
    _must_not_have_begun(slot, change.time)
    _must_leave_notice(slot, change)
    if slot.moved_at is not None and change.time < slot.moved_at:
        raise BadInput.field("occurred_at", "lies before the slot was moved last")
    if starts_at <= change.time:
        raise BadInput.field("starts_at", "does not lie behind the time at which the slot is moved")
    if not change.season.contains(starts_at.date()):
        season = change.season
        raise BadInput.field("starts_at", f"outside the season's dates {season.opens} to {season.closes}")
    if minutes not in (slot.minutes, change.bounds.minutes or minutes):
        raise BadInput.field("minutes", f"the programme takes {change.bounds.minutes} minutes")
    times = {"starts_at": starts_at, "minutes": minutes}
    moved = _changed(slot, times | {"moved_at": change.time, "following": _behind(slot)})
    event = SlotMoved(**_named(slot), **times, from_starts_at=slot.starts_at, from_minutes=slot.minutes)
    return Decision(moved, (Happened(event, change.time),))


def resize(slot: Slot, to: SlotSize, change: Change) -> Decision[Slot]:
    """Gives a slot more or fewer seats; as many as it has already change nothing."""
    slot.must_be_held()
    if to.capacity == slot.capacity:
        return Decision(slot)
    change.season.must_be_open("")
    _must_not_have_begun(slot, change.time)
    if to.capacity < slot.booked:
        raise Conflict.about("capacity", f"{slot.booked} seats are taken", "seats-taken")
    most = change.bounds.seats
    if most is not None and to.capacity > max(most, slot.capacity):
        raise BadInput.field("capacity", f"above the {most} seats that the venue and the programme have")
    event = SlotResized(**_named(slot), capacity=to.capacity)
    return Decision(_changed(slot, {"capacity": to.capacity}), (Happened(event, change.time),))


def close(slot: Slot, closing: SlotClosing, change: Change, *, afterwards: bool) -> Decision[Slot]:
    """Calls a slot off; what was called off already for the same reason stays so.

    `afterwards` says whether it may have begun: an operator enters what was not held. Where somebody has attended, it
    was held.
    """
    if slot.closing is not None:
        if slot.closing.reason != closing.reason:
            slot.must_be_held()
        return Decision(slot)
    change.season.must_be_open("")
    _must_not_be_attended(change.attended)
    if not afterwards:
        _must_not_have_begun(slot, change.time)
    _must_leave_notice(slot, change)
    said = Closing(time=change.time, reason=closing.reason, words=closing.words)
    closed = slot.model_copy(update={"closing": said, "following": _behind(slot)})
    return Decision(closed, (Happened(SlotClosed(**_named(slot), reason=closing.reason), change.time),))


def _must_not_be_attended(attended: bool) -> None:
    if attended:
        raise Conflict("somebody has attended, so that the slot was held", slug="already-attended")


def _must_not_have_begun(slot: Slot, time: datetime) -> None:
    if time >= slot.starts_at:
        raise Conflict.about("occurred_at", f"the slot had begun at {slot.starts_at.isoformat()}", "slot-past")


def _must_leave_notice(slot: Slot, change: Change) -> None:
    if change.by_venue and slot.booked:
        change.season.terms_at(change.time).must_leave_notice("venue", change.time, slot.starts_at)


def _behind(slot: Slot) -> str | None:
    """Returns the begin of the paths that are to follow; None where nobody has a seat."""
    return "" if slot.booked else None


def _changed(slot: Slot, update: dict[str, Any]) -> Slot:
    """Returns the slot with other terms; it keeps those of its offer."""
    return slot.model_copy(update={"first": slot.first or slot.terms, **update})


def _named(slot: Slot) -> dict[str, str]:
    return {"slot": slot.id, "venue": slot.venue, "season": slot.season, "region": slot.region}
