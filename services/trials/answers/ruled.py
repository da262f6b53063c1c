"""The outcomes of a timetable by rule."""

from typing import Literal

from services.trials.domain.timetable.slots import Slot, SlotOffer
from shared.base.errors import ServiceError
from shared.base.models import Answer
from shared.http.batch import Outcome
from shared.http.problems import Problem
from shared.programme.moments import LocalTime


class RuledSlot(Answer):
    """A slot of a timetable by rule."""

    ref: str
    """The name of the slot: that of the rule with day, hour and group."""
    starts_at: LocalTime
    """Its start, on the venue's clock."""
    status: Literal["opened", "known", "planned", "rejected"]
    """`opened` now, `known` from an earlier request, `planned` by a dry run, or `rejected`."""
    slot: str | None = None
    """Id of the slot; absent where it is only planned."""
    problem: Problem | None = None
    """The reason where the slot was not opened."""

    @classmethod
    def of(cls, offer: SlotOffer, outcome: Outcome[Slot], *, dry_run: bool) -> "RuledSlot":
        """Tells the outcome of a slot."""
        ref, starts_at = offer.ref or "", offer.starts_at
        if isinstance(outcome, ServiceError):
            return cls(ref=ref, starts_at=starts_at, status="rejected", problem=Problem.of(outcome))
        if not outcome.new:
            return cls(ref=ref, starts_at=outcome.value.starts_at, status="known", slot=outcome.value.id)
        if dry_run:
            return cls(ref=ref, starts_at=starts_at, status="planned")
        return cls(ref=ref, starts_at=starts_at, status="opened", slot=outcome.value.id)


class RuledTimetable(Answer):
    """The slots of a rule, in the order of their starts."""

    items: list[RuledSlot]
    """An answer for each slot."""
    new: int
    """Slots that were opened now, or would be."""
