"""The terms of a season that may change while it runs: booking limits, last days of its stages, and texts for families.

They have versions, each from a day on. An act is judged by the version in force at its time, and a seat is given up by
the one under which it was taken, so that a new version changes nothing that was done.
"""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from services.trials.domain.catalogue.wording import Words
from shared.base.errors import Conflict
from shared.base.models import Count, Input
from shared.programme.moments import LocalTime, Moment, SeasonDay

Side: TypeAlias = Literal["family", "school", "venue"]
Stage: TypeAlias = Literal["diagnostics", "bookings", "attendance"]
Occasion: TypeAlias = Literal["welcome", "booking", "cancelling", "on-the-day", "afterwards"]
StoredDay = Annotated[
    SeasonDay,
    PlainSerializer(date.isoformat, return_type=str),
    WithJsonSchema({"type": "string", "format": "date"}, mode="serialization"),
]
"""A day as the database keeps it, which has no type for one."""
Hours = Annotated[int, Field(ge=0, le=720)]


class Notice(Input):
    """The hours before a slot's start at which a seat or a slot may still be given up; left out, until it starts."""

    family: Hours | None = None
    """By the pupil or a guardian, of the pupil's seat."""
    school: Hours | None = None
    """By the navigator, of a pupil's seat."""
    venue: Hours | None = None
    """By the venue, which moves its slot or calls it off; later an operator does."""


class Deadlines(Input):
    """The last days of stages, included, by the calendar of each region; left out, the season's last day."""

    registration: StoredDay | None = None
    """On which a school may enter pupils."""
    diagnostics: StoredDay | None = None
    """On which a diagnostic may be completed."""
    bookings: StoredDay | None = None
    """On which a seat may be taken."""
    attendance: StoredDay | None = None
    """On which pupils may take part in what they booked."""


class Terms(Input):
    """The terms of a season; what they leave out limits nothing."""

    bookings_at_once: Annotated[int, Field(ge=1, le=50)] | None = None
    """Seats that a pupil may have ahead at a time."""
    days_ahead: Annotated[int, Field(ge=1, le=366)] | None = None
    """Days from today within which slots are shown to families and may be booked."""
    notice: Notice = Notice()
    """How late a seat or a slot may be given up."""
    deadlines: Deadlines = Deadlines()
    """The last days of stages."""
    texts: Annotated[dict[Occasion, Words], Count(0, len(get_args(Occasion)))] = Field(default_factory=dict)
    """Texts for families by the occasion on which a page shows them."""

    @property
    def length(self) -> int:
        """The letters of the texts."""
        return sum(len(words.ru) + len(words.en or "") for words in self.texts.values())

    def must_be_in_time(self, stage: Stage, time: datetime, named: str) -> None:
        """Raises Conflict about the request's word for a time behind the last day of a stage."""
        last: date | None = getattr(self.deadlines, stage)
        if last is not None and time.date() > last:
            raise Conflict.about(named, f"the last day of {stage} was {last}", "deadline-over")

    def must_allow_booking(self, time: datetime, starts_at: datetime, ahead: int, named: str) -> None:
        """Raises Conflict where a seat may not be taken yet, or no longer, or the pupil has enough of them ahead."""
        self.must_be_in_time("bookings", time, named)
        first = self.days_ahead and starts_at.date() - timedelta(days=self.days_ahead)
        if first and time.date() < first:
            raise Conflict(f"the slot can be booked from {first} on", slug="too-early")
        if self.bookings_at_once is not None and ahead >= self.bookings_at_once:
            detail = f"a pupil has {self.bookings_at_once} seats ahead at most"
            raise Conflict.about("participant", detail, "too-many-ahead")

    def must_leave_notice(self, side: Side, time: datetime, starts_at: datetime) -> None:
        """Raises Conflict where it is too late for a side to give up what starts then."""
        hours: int | None = getattr(self.notice, side)
        if hours is not None and time > starts_at - timedelta(hours=hours):
            raise Conflict(f"it may be given up until {hours} hours before the start", slug="too-late")


class TermsEntry(Terms):
    """The terms of a season from a day on, as the national operator sets them."""

    occurred_at: Moment | None = None


class TermsVersion(BaseModel):
    """Terms, with the day from which on they are in force, until a later version is."""

    model_config = ConfigDict(frozen=True)

    since: StoredDay
    set_at: LocalTime
    terms: Terms


MOST_VERSIONS, MOST_LETTERS = 100, 200_000
"""All versions stand in the season's row, which every step in it reads."""
UNLIMITED = Terms()


def stated(entry: TermsEntry) -> Terms:
    """Returns the terms alone of an entry."""
    return Terms(**{name: getattr(entry, name) for name in Terms.model_fields})
