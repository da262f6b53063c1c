"""The outcomes of seating a class: for each pupil the slot, or the reason against it."""

from typing import Any, Literal

from services.trials.domain.path.caller import Taken
from services.trials.domain.path.path_parts import Booking
from shared.base.errors import ServiceError
from shared.base.models import Answer
from shared.http.batch import Outcome
from shared.http.problems import Problem
from shared.programme.moments import LocalTime
from shared.programme.texts import REF


class Placed(Answer):
    """A seat of a pupil in one of several slots."""

    participant: str | None = None
    """The pupil as named in the request, or found in the class; absent where no id can be read."""
    merged_into: str | None = None
    """Id of the pupil whose step it is, where the named entry was merged into that one; absent otherwise."""
    status: Literal["booked", "known", "planned", "rejected"]
    """`booked` now, `known` where the pupil has a seat in one of the slots already, `planned` by a dry run,
    or `rejected`."""
    slot: str | None = None
    """Id of the slot in which the pupil is seated."""
    starts_at: LocalTime | None = None
    """Its start, on the region's clock."""
    booking: str | None = None
    """Id of the booking, by which it is cancelled; absent where it is only planned."""
    problem: Problem | None = None
    """The reason where the pupil could not be seated: of all the slots, that of the one which was nearest."""

    @classmethod
    def of(cls, sent: Any, outcome: Outcome[Taken[Booking]], *, planned: bool) -> "Placed":
        """Tells the outcome for a pupil as named, readable or not."""
        if isinstance(outcome, ServiceError):
            return cls(participant=REF.read(sent), status="rejected", problem=Problem.of(outcome))
        seat, foreseen = outcome.value.step, planned and outcome.new
        status: Literal["booked", "known"] = "booked" if outcome.new else "known"
        return cls(
            participant=REF.read(sent),
            merged_into=outcome.value.merged_into(REF.read(sent)),
            status="planned" if foreseen else status,
            slot=seat.slot,
            starts_at=seat.starts_at,
            booking=None if foreseen else seat.id,
        )
