"""Slots: seats at a venue at a time, opened within the season's rules and counted down to none. Pure."""

from collections.abc import Container
from datetime import datetime, timedelta, tzinfo
from typing import Annotated

from pydantic import Field, computed_field

from services.trials.catalogue import Season, Venue
from services.trials.refusals import conflict
from services.trials.values import Grades
from shared.base.errors import BadInput
from shared.base.models import Count, Input
from shared.contracts.codes import Code, CompetencyCode
from shared.contracts.trials import SlotKind, SlotOpened
from shared.programme.moments import LocalTime, Moment
from shared.programme.texts import Ref
from shared.storage.decision import Aggregate, Decision, Happened


class SlotOffer(Input):
    """What a venue offers at a time."""

    ref: Ref | None = None
    """The venue's own name of the slot; the same again is the same slot."""
    competency: CompetencyCode
    """Code of an approved competency."""
    kind: SlotKind
    """Only `trial` and `partner-trial` count as a practical trial; every other kind counts as taking part."""
    starts_at: Moment
    """RFC 3339 with an offset, on a day of the season."""
    minutes: Annotated[int, Field(ge=15, le=480)]
    """Length in minutes."""
    capacity: Annotated[int, Field(ge=1, le=1000)]
    """Seats in all."""
    grades: Grades
    """Lowest and highest grade for which it is held, both included and both of the season."""
    accessibility: Annotated[tuple[Code, ...], Count(0, 20)] = ()
    """Codes of the disability groups for which the venue is equipped."""


class Slot(Aggregate):
    """An open slot; `booked` never passes `capacity`."""

    ref: str | None
    venue: str
    organisation: str
    """That the venue belongs to."""
    season: str
    region: str
    competency: str
    kind: SlotKind
    starts_at: LocalTime
    minutes: int
    capacity: int
    grades: tuple[int, int]
    accessibility: tuple[str, ...]
    booked: int = 0

    @computed_field  # type: ignore[prop-decorator]
    @property
    def starts(self) -> datetime:
        """The start as an instant, which the database can sort by."""
        return self.starts_at

    @property
    def ends_at(self) -> datetime:
        """When the seats are free again."""
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def is_full(self) -> bool:
        """Whether no seat is left."""
        return self.booked >= self.capacity

    def with_seat_taken(self) -> "Slot":
        """The slot with one seat fewer."""
        return self.model_copy(update={"booked": self.booked + 1})


def open_slot(
    known: Slot | None,
    offer: SlotOffer,
    *,
    id: str,
    venue: Venue,
    season: Season,
    approved: Container[str],
    local: tzinfo,
    time: datetime,
    at: str,
) -> Decision[Slot]:
    """Opens a slot of `venue`; `known` is the one with the same ref, `at` the pointer of the offer in the body."""
    kept = known.model_dump(include={"id", "sequence", "booked"}) if known else {"id": id}
    slot = Slot(
        **kept,
        venue=venue.id,
        organisation=venue.organisation,
        season=season.id,
        region=venue.region,
        **offer.model_dump(exclude={"starts_at"}),
        starts_at=offer.starts_at.astimezone(local),
    )
    if known is not None:
        if slot != known:
            raise conflict("ref-reused", f"{at}/ref", "this ref names another slot of the venue")
        return Decision(known)
    _check(offer, slot, season, approved, at)
    fields = slot.model_dump(include=set(SlotOpened.model_fields))
    return Decision(slot, (Happened(SlotOpened(slot=slot.id, **fields), time),))


def _check(offer: SlotOffer, slot: Slot, season: Season, approved: Container[str], at: str) -> None:
    if offer.competency not in approved:
        raise BadInput.field(f"{at}/competency", "not an approved competency")
    if not season.contains(slot.starts_at.date()):
        raise BadInput.field(f"{at}/starts_at", f"outside the season's dates {season.opens} to {season.closes}")
    if offer.grades[0] < season.grades[0] or offer.grades[1] > season.grades[1]:
        low, high = season.grades
        raise BadInput.field(f"{at}/grades", f"outside the season's grades {low} to {high}")
