"""Slots: seats at a venue at a time, opened within the season's rules and counted down to none."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, computed_field

from services.trials.domain.calendar.grades import Grades
from services.trials.domain.calendar.seasons import Season
from services.trials.domain.places.programmes import Programme
from services.trials.domain.places.venues import Venue
from shared.base.errors import BadInput, Conflict
from shared.base.models import Count, Input
from shared.contracts.cancellations import ClosingReason
from shared.contracts.codes import Code, CompetencyCode
from shared.contracts.trials import SlotKind, SlotOpened
from shared.programme.moments import LocalTime, Moment
from shared.programme.texts import Ref
from shared.storage.decision import Aggregate, Decision, Happened

NO_SLOT = "no such slot"


class OfferTerms(Input):
    """The parts of an offer that say what is held, and for whom."""

    competency: CompetencyCode
    """Code of an approved competency."""
    kind: SlotKind
    """Only `trial` and `partner-trial` count as a practical trial; every other kind counts as taking part."""
    minutes: Annotated[int, Field(ge=15, le=480)]
    """Length in minutes."""
    capacity: Annotated[int, Field(ge=1, le=1000)]
    """Seats in all."""
    grades: Grades
    """Lowest and highest grade for which it is held, both included and both of the season."""
    accessibility: Annotated[tuple[Code, ...], Count(0, 20)] = ()
    """Codes of the disability groups for which the venue is equipped."""
    programme: Code | None = None
    """Code of the trial programme that is held, with which competency, length, seats and grades agree."""


class SlotOffer(OfferTerms):
    """A slot that a venue offers."""

    ref: Ref | None = None
    """The venue's own name of the slot; the same again is the same slot."""
    starts_at: Moment
    """RFC 3339 with an offset, on a day of the season."""


class Terms(BaseModel):
    """The parts of a slot that change after it was opened."""

    model_config = ConfigDict(frozen=True)

    starts_at: LocalTime
    minutes: int
    capacity: int


class Closing(BaseModel):
    """The calling off of a slot."""

    model_config = ConfigDict(frozen=True)

    time: LocalTime
    reason: ClosingReason
    words: str | None = None
    """More of the reason, in the venue's words, which nobody else is told."""


class Slot(Aggregate):
    """A slot; `booked` never passes `capacity`."""

    ref: str | None
    venue: str
    organisation: str
    """The venue's owner."""
    season: str
    region: str
    competency: str
    kind: SlotKind
    starts_at: LocalTime
    minutes: int
    capacity: int
    grades: tuple[int, int]
    accessibility: tuple[str, ...]
    programme: str | None = None
    booked: int = 0
    waiting: int = 0
    """Pupils in its line, to whom the seats belong that become free."""
    line: int = 0
    """The last number that was given in its line."""
    first: Terms | None = None
    """As it was offered, where it was changed since: the same offer, sent again, still means it."""
    moved_at: LocalTime | None = None
    """When it was moved last."""
    closing: Closing | None = None
    """None as long as it is held."""
    following: str | None = None
    """While its bookings follow what became of it, the id of the last path that was looked at, empty at first."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def starts(self) -> datetime:
        """The start as an instant, which the database can sort by."""
        return self.starts_at

    @property
    def ends_at(self) -> datetime:
        """The time from which the pupils are free again."""
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def open_seats(self) -> int:
        """The number of seats that anybody can take: none where it is not held, or where somebody waits for them."""
        return 0 if self.closing or self.waiting > 0 else self.free_seats

    @property
    def free_seats(self) -> int:
        """The number of seats that nobody has, also where they are those of who waits."""
        return self.capacity - self.booked

    @property
    def closed(self) -> ClosingReason | None:
        """The reason why it is not held; None as long as it is."""
        return None if self.closing is None else self.closing.reason

    @property
    def is_full(self) -> bool:
        """True where no seat is left."""
        return self.open_seats <= 0

    @property
    def hosts(self) -> tuple[str, str]:
        """The codes in which a grant speaks for the slot: those of the venue's owner and of the venue."""
        return self.organisation, self.venue

    @property
    def booked_as(self) -> dict[str, Any]:
        """The parts of it that a booking keeps."""
        said = ("venue", "competency", "kind", "starts_at", "minutes")
        return {"slot": self.id, **{name: getattr(self, name) for name in said}}

    @property
    def terms(self) -> Terms:
        """The parts of it that may change."""
        return Terms(starts_at=self.starts_at, minutes=self.minutes, capacity=self.capacity)

    def with_terms(self, terms: Terms) -> "Slot":
        """Returns the slot with these instead."""
        return self.model_copy(update=dict(terms))

    def must_be_held(self) -> None:
        """Raises Conflict where it was called off."""
        if self.closing is not None:
            raise Conflict(f"the slot was called off: {self.closing.reason}", slug="slot-closed")

    def with_seat_taken(self) -> "Slot":
        """Returns the slot with one seat fewer."""
        return self.model_copy(update={"booked": self.booked + 1})


@dataclass(frozen=True, slots=True)
class Schedule:
    """The slots of a venue in a season, and the rules that hold for them."""

    venue: Venue
    season: Season
    approved: Container[str]
    """Codes of approved competencies."""
    local: tzinfo
    """The clock of the venue's region."""
    programmes: Mapping[str, Programme] = field(default_factory=dict)
    """Those that are named, by their codes."""


KEPT = ("id", "sequence", "booked", "waiting", "line", "first", "moved_at", "closing", "following")
"""The fields of a slot that no offer sets."""


def open_slot(schedule: Schedule, offer: SlotOffer, known: Slot | None, id: str, time: datetime) -> Decision[Slot]:
    """Opens a slot; `known` is the one of the venue that has the offer's ref already."""
    kept = {name: getattr(known, name) for name in KEPT} if known else {"id": id}
    venue = schedule.venue
    slot = Slot(
        **kept,
        venue=venue.id,
        organisation=venue.organisation,
        season=schedule.season.id,
        region=venue.region,
        **offer.model_dump(exclude={"starts_at"}),
        starts_at=offer.starts_at.astimezone(schedule.local),
    )
    if known is not None:
        if slot not in (known, known.with_terms(known.first or known.terms)):
            raise Conflict.about("ref", "this ref names another slot of the venue", "ref-reused")
        return Decision(known)
    _must_fit(slot, schedule)
    fields = slot.model_dump(include=set(SlotOpened.model_fields))
    return Decision(slot, (Happened(SlotOpened(slot=slot.id, **fields), time),))


def _must_fit(slot: Slot, schedule: Schedule) -> None:
    season = schedule.season
    season.must_be_open("season")
    if slot.competency not in schedule.approved:
        raise BadInput.field("competency", "not an approved competency")
    if not season.contains(slot.starts_at.date()):
        raise BadInput.field("starts_at", f"outside the season's dates {season.opens} to {season.closes}")
    low, high = season.grades
    if slot.grades[0] < low or slot.grades[1] > high:
        raise BadInput.field("grades", f"outside the season's grades {low} to {high}")
    _must_suit(slot, schedule)


def _must_suit(slot: Slot, schedule: Schedule) -> None:
    """Raises BadInput about the field of a slot that goes beyond its venue's terms, or differs from its programme."""
    schedule.venue.terms_in(slot.season).must_admit(slot.grades, slot.capacity, slot.accessibility)
    if slot.programme is None:
        return
    programme = schedule.programmes.get(slot.programme)
    if programme is None:
        raise BadInput.field("programme", "no such programme")
    programme.must_admit(schedule.venue, slot.competency, slot.minutes, slot.capacity, slot.grades)
