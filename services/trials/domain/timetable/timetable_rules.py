"""Timetables by rule: a venue opens alike slots on some days of the week, at some hours, for some groups at a time."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Annotated, Literal, Self, TypeAlias, get_args

from pydantic import Field, StringConstraints, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from services.trials.domain.calendar.seasons import Season
from services.trials.domain.places.venue_terms import VenueTerms
from services.trials.domain.timetable.slots import OfferTerms, SlotOffer
from shared.base.errors import BadInput
from shared.base.models import Count
from shared.base.wording import complaint
from shared.contracts.codes import SeasonCode
from shared.programme.moments import Moment, SeasonDay
from shared.programme.texts import Text

Weekday: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: Sequence[Weekday] = get_args(Weekday)
Hour = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
MOST_SLOTS = 1_000
"""Of one request."""
MOST_DAYS = 366


class TimetableRule(OfferTerms):
    """Slots of a season that are alike but for their times."""

    ref: Annotated[str, Text(70)]
    """The venue's own name of the rule; the same again opens what is not open yet, as when days or hours are added."""
    season: SeasonCode
    first: SeasonDay
    """The first day, of the season, by the clock of the venue."""
    last: SeasonDay
    """The last day, included."""
    weekdays: Annotated[tuple[Weekday, ...], Count(1, 7)]
    """The days of the week on which slots are held."""
    hours: Annotated[tuple[Hour, ...], Count(1, 12)]
    """The starts of the slots of a day, as `09:00`, by the clock of the venue."""
    groups: Annotated[int, Field(ge=1, le=20)] = 1
    """Slots that are held at the same time, each with the seats of `capacity`."""
    without: Annotated[tuple[SeasonDay, ...], Count(0, 100)] = ()
    """Days on which nothing is held, as holidays."""
    occurred_at: Moment | None = None

    @field_validator("last")
    @classmethod
    def _must_be_near(cls, last: date, read: ValidationInfo) -> date:
        if "first" in read.data and not timedelta() <= last - read.data["first"] < timedelta(days=MOST_DAYS):
            raise complaint("days_apart", "must be the first day or one of the {most} that follow", most=MOST_DAYS - 1)
        return last

    @model_validator(mode="after")
    def _is_held_one_after_the_other(self) -> Self:
        starts = sorted(datetime.combine(self.first, time.fromisoformat(hour)) for hour in self.hours)
        if any(later - earlier < timedelta(minutes=self.minutes) for earlier, later in pairwise(starts)):
            raise PydanticCustomError("hours_overlap", "has hours that begin before the slot of the hour before ends")
        if len(self.days) * len(self.hours) * self.groups > MOST_SLOTS:
            raise complaint("many_slots", "makes more than {most} slots: send it in parts", most=MOST_SLOTS)
        return self

    @property
    def days(self) -> list[date]:
        """The days on which slots are held."""
        every = (self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))
        return [day for day in every if WEEKDAYS[day.weekday()] in self.weekdays and day not in self.without]

    def must_fit(self, season: Season, venue: VenueTerms) -> None:
        """Raises BadInput for days outside the season, and for more pupils at a time than the venue takes in."""
        for word, day in (("first", self.first), ("last", self.last)):
            if not season.contains(day):
                raise BadInput.field(word, f"outside the season's dates {season.opens} to {season.closes}")
        if venue.capacity is not None and self.groups * self.capacity > venue.capacity:
            raise BadInput.field("groups", f"together above the venue's capacity of {venue.capacity}")

    def offers(self, local: tzinfo) -> Iterator[SlotOffer]:
        """Yields the slots in the order of their starts; the ref of each names its day, hour and group."""
        alike = {name: getattr(self, name) for name in OfferTerms.model_fields}
        for day in self.days:
            for hour in sorted(self.hours):
                starts = datetime.combine(day, time.fromisoformat(hour), local)
                held = starts.astimezone(UTC).astimezone(local)  # an hour that the clock leaves out begins later
                for group in range(1, self.groups + 1):
                    yield SlotOffer(ref=f"{self.ref} {day} {hour} {group}", starts_at=held, **alike)
