"""The outcomes of commands, alone or item by item."""

from collections.abc import Mapping
from typing import Any, Generic, Literal, TypeVar

from services.trials.answers.explanations import ScaleResult
from services.trials.domain.catalogue.diagnostics import Attempt
from services.trials.domain.path.caller import Taken
from services.trials.domain.path.path_parts import Attendance, Booking
from services.trials.domain.timetable.slots import Slot
from shared.base.errors import ServiceError
from shared.base.models import Answer
from shared.http.batch import Outcome
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
    merged_into: str | None = None
    """Id of the pupil whose step it is, where the named entry was merged into that one; absent otherwise."""
    status: Literal["completed", "known", "rejected"]
    """`completed` now, `known` from an earlier request with the same ref, or `rejected`."""
    attempt: str | None = None
    """Id of the attempt."""
    profile: dict[str, float] | None = None
    """Scale → 0 to 100, the percentage of the points that can be attained on it."""
    scales: list[ScaleResult] | None = None
    """The profile in words; absent in a batch, whose pupils read it with their path."""
    problem: Problem | None = None
    """The reason where the attempt was rejected."""

    @classmethod
    def of(cls, sent: Any, outcome: Outcome[Taken[Attempt]]) -> "AttemptAnswer":
        """Tells the outcome of an item as it was sent, readable or not."""
        names = {key: named(sent, key) for key in ("ref", "participant")}
        if isinstance(outcome, ServiceError):
            return cls(**names, status="rejected", problem=Problem.of(outcome))
        status: Literal["completed", "known"] = "completed" if outcome.new else "known"
        attempt, merged_into = outcome.value.step, outcome.value.merged_into(names["participant"])
        profile = dict(attempt.profile)
        return cls(**names, merged_into=merged_into, status=status, attempt=attempt.id, profile=profile)


class BookingAnswer(Answer):
    """A seat."""

    participant: str | None = None
    """The pupil as named in the request; absent where no id can be read."""
    merged_into: str | None = None
    """Id of the pupil whose step it is, where the named entry was merged into that one; absent otherwise."""
    status: Literal["booked", "known", "rejected"]
    """`booked` now, `known` where the pupil has a seat in the slot already, or `rejected`."""
    booking: str | None = None
    """Id of the booking, by which it is cancelled."""
    problem: Problem | None = None
    """The reason where no seat was given."""

    @classmethod
    def of(cls, sent: Any, outcome: Outcome[Taken[Booking]]) -> "BookingAnswer":
        """Tells the outcome for a pupil as named, readable or not."""
        participant = REF.read(sent)
        if isinstance(outcome, ServiceError):
            return cls(participant=participant, status="rejected", problem=Problem.of(outcome))
        status: Literal["booked", "known"] = "booked" if outcome.new else "known"
        merged_into = outcome.value.merged_into(participant)
        return cls(participant=participant, merged_into=merged_into, status=status, booking=outcome.value.step.id)


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
    """The pupil as named in the request, or whose pass it was; absent where neither can be read."""
    merged_into: str | None = None
    """Id of the pupil whose step it is, where the named entry was merged into that one; absent otherwise."""
    status: Literal["attended", "known", "rejected"]
    """`attended` now, `known` where the presence was confirmed before, or `rejected`."""
    attendance: str | None = None
    """Id of the attendance, by which it is revoked."""
    problem: Problem | None = None
    """The reason where the presence was not taken."""

    @classmethod
    def of(cls, sent: Any, outcome: Outcome[Taken[Attendance]]) -> "AttendanceAnswer":
        """Tells the outcome of an item as it was sent, readable or not."""
        participant = named(sent, "participant")
        if isinstance(outcome, ServiceError):
            return cls(participant=participant, status="rejected", problem=Problem.of(outcome))
        status: Literal["attended", "known"] = "attended" if outcome.new else "known"
        participant = participant or outcome.value.participant
        merged_into = outcome.value.merged_into(participant)
        return cls(participant=participant, merged_into=merged_into, status=status, attendance=outcome.value.step.id)


class ScannedAnswer(AttendanceAnswer):
    """A presence that a line of a file tells."""

    line: int
    """The line of a CSV file, or the number of a sheet's row; the pointers of a refusal begin with it."""


class AbsenceAnswer(Answer):
    """A pupil who was expected, and did not come."""

    participant: str | None = None
    """The pupil as named in the request; absent where no id can be read."""
    merged_into: str | None = None
    """Id of the pupil whose booking it is, where the named entry was merged into that one; absent otherwise."""
    status: Literal["missed", "known", "rejected"]
    """`missed` now, `known` where the venue had said so before, or `rejected`."""
    booking: str | None = None
    """Id of the booking that was not kept."""
    problem: Problem | None = None
    """The reason where the absence was not taken."""

    @classmethod
    def of(cls, sent: Any, outcome: Outcome[Taken[Booking]]) -> "AbsenceAnswer":
        """Tells the outcome of an item as it was sent, readable or not."""
        participant = named(sent, "participant")
        if isinstance(outcome, ServiceError):
            return cls(participant=participant, status="rejected", problem=Problem.of(outcome))
        status: Literal["missed", "known"] = "missed" if outcome.new else "known"
        merged_into = outcome.value.merged_into(participant)
        return cls(participant=participant, merged_into=merged_into, status=status, booking=outcome.value.step.id)


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
    """The reason where the slot was not opened."""

    @classmethod
    def of(cls, sent: Any, outcome: Outcome[Slot]) -> "SlotAnswer":
        """Tells the outcome of an item as it was sent, readable or not."""
        if isinstance(outcome, ServiceError):
            return cls(ref=named(sent, "ref"), status="rejected", problem=Problem.of(outcome))
        return cls(ref=outcome.value.ref, status="opened" if outcome.new else "known", slot=outcome.value.id)


def named(sent: Any, key: str) -> str | None:
    """Returns a text of an item as it was sent, where it can be read."""
    return REF.read(sent.get(key)) if isinstance(sent, Mapping) else None
