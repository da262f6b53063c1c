"""The answers of trials' API: what became of a command, alone or item by item."""

from collections.abc import Mapping
from typing import Any, Generic, Literal, TypeVar

from services.trials.catalogue_views import SlotView
from services.trials.instruments import Attempt
from services.trials.path import Attendance, Booking
from services.trials.results import Result
from services.trials.slots import Slot
from shared.base.errors import ServiceError
from shared.base.models import Answer
from shared.http.problems import Problem
from shared.programme.texts import REF

Item = TypeVar("Item", bound=Answer)


class Items(Answer, Generic[Item]):
    """Item by item, in the order of the request."""

    items: list[Item]
    """An answer for each item, in the order sent."""


class AttemptAnswer(Answer):
    """An attempt; `known` where its ref was taken before, with the profile of that time."""

    ref: str | None = None
    """The caller's own name of the attempt, as it was sent; absent where it cannot be read."""
    participant: str | None = None
    """The pupil as named in the request; absent where no id can be read."""
    status: Literal["completed", "known", "rejected"]
    """`completed` now, `known` from an earlier request with the same ref, or `rejected`."""
    attempt: str | None = None
    """Id of the attempt."""
    profile: dict[str, float] | None = None
    """Scale → 0 to 100, the percentage of the points that can be attained on it."""
    problem: Problem | None = None
    """Why the attempt was rejected."""

    @classmethod
    def of(cls, sent: Any, result: Result[Attempt]) -> "AttemptAnswer":
        """From the item as it was sent, readable or not."""
        names = {key: named(sent, key) for key in ("ref", "participant")}
        if isinstance(result, ServiceError):
            return cls(**names, status="rejected", problem=Problem.of(result))
        status: Literal["completed", "known"] = "completed" if result.new else "known"
        profile = dict(result.value.profile)
        return cls(**names, status=status, attempt=result.value.id, profile=profile)


class BookingAnswer(Answer):
    """A seat."""

    participant: str | None = None
    """The pupil as named in the request; absent where no id can be read."""
    status: Literal["booked", "known", "rejected"]
    """`booked` now, `known` where the pupil has a seat in the slot already, or `rejected`."""
    booking: str | None = None
    """Id of the booking, by which it is cancelled."""
    problem: Problem | None = None
    """Why no seat was given."""

    @classmethod
    def of(cls, sent: Any, result: Result[Booking]) -> "BookingAnswer":
        """From the pupil as named, readable or not."""
        participant = REF.read(sent)
        if isinstance(result, ServiceError):
            return cls(participant=participant, status="rejected", problem=Problem.of(result))
        return cls(participant=participant, status="booked" if result.new else "known", booking=result.value.id)


class CancelledAnswer(Answer):
    """A booking that was given up."""

    booking: str
    """Id of the booking."""
    slot: str
    """Id of the slot in which a seat is free again."""
    status: Literal["cancelled"] = "cancelled"
    """Always `cancelled`."""


class AttendanceAnswer(Answer):
    """A presence that was confirmed."""

    participant: str | None = None
    """The pupil as named in the request; absent where no id can be read."""
    status: Literal["attended", "known", "rejected"]
    """`attended` now, `known` where the presence was confirmed before, or `rejected`."""
    attendance: str | None = None
    """Id of the attendance, by which it is revoked."""
    problem: Problem | None = None
    """Why the presence was not taken."""

    @classmethod
    def of(cls, sent: Any, result: Result[Attendance]) -> "AttendanceAnswer":
        """From the item as it was sent, readable or not."""
        participant = named(sent, "participant")
        if isinstance(result, ServiceError):
            return cls(participant=participant, status="rejected", problem=Problem.of(result))
        status: Literal["attended", "known"] = "attended" if result.new else "known"
        return cls(participant=participant, status=status, attendance=result.value.id)


class RevokedAnswer(Answer):
    """An attendance that was taken back."""

    attendance: str
    """Id of the attendance."""
    slot: str
    """Id of the slot that the pupil did not attend after all."""
    status: Literal["revoked"] = "revoked"
    """Always `revoked`."""


class SlotAnswer(Answer):
    """A slot of a timetable."""

    ref: str | None = None
    """The venue's own name of the slot; absent where it has none or cannot be read."""
    status: Literal["opened", "known", "rejected"]
    """`opened` now, `known` from an earlier request with the same ref, or `rejected`."""
    slot: str | None = None
    """Id of the slot."""
    problem: Problem | None = None
    """Why the slot was not opened."""

    @classmethod
    def of(cls, sent: Any, result: Result[Slot]) -> "SlotAnswer":
        """From the item as it was sent, readable or not."""
        if isinstance(result, ServiceError):
            return cls(ref=named(sent, "ref"), status="rejected", problem=Problem.of(result))
        return cls(ref=result.value.ref, status="opened" if result.new else "known", slot=result.value.id)


class OpenedAnswer(SlotView):
    """A slot that was offered alone."""

    status: Literal["opened", "known"]
    """`opened` now, or `known` from an earlier request with the same ref."""


def named(sent: Any, key: str) -> str | None:
    """What an item calls itself, where it can be read."""
    return REF.read(sent.get(key)) if isinstance(sent, Mapping) else None
