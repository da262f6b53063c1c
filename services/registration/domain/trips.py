"""Trips: a class that travels to a venue's slots of one day, and the adult who goes along."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Self, get_args

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from shared.base.models import Count, Input
from shared.programme.moments import Moment
from shared.programme.needs import Need
from shared.programme.texts import Id, PersonName

KEPT = timedelta(days=30)
"""A trip is forgotten so long after its day, with the adult's name."""
MOST_TRAVELLERS = 1_000
MOST_TRIPS = 2_000
"""Of a school that are not forgotten."""


class Accompanying(Input):
    """The adult who goes along: a person by name, or an account of staff."""

    name: PersonName | None = None
    """Full name; it is kept sealed, printed on the sheet, and forgotten a month after the trip."""
    account: Id | None = None
    """Id of a staff account that acted for the school, as the list of staff shows it."""
    occurred_at: Moment | None = None

    @model_validator(mode="after")
    def _by_one_of_both(self) -> Self:
        if (self.name is None) is (self.account is None):
            raise PydanticCustomError("name_or_account", "names either a person or an account")
        return self


class TravellerNeeds(Input):
    """The needs of a pupil who travels."""

    participant: Id
    """Id of the pupil."""
    needs: Annotated[list[Need], Count(1, len(get_args(Need)))]
    """Codes of the needs."""


class NeedsOfTrip(Input):
    """The needs of travellers, as trials tells them to whoever may read them; they are printed, and kept nowhere."""

    needs: Annotated[list[TravellerNeeds], Count(0, MOST_TRAVELLERS)]
    """The `needs` of `GET /trials/schools/{school}/trips/{venue}/{day}/needs`; those of pupils who do not travel by now
    are left out."""


@dataclass(frozen=True, slots=True)
class TripAsked:
    """A class, the venue to which it travels, and the day by the venue's calendar, as a request names them."""

    school: str
    name: str
    venue: str
    day: date

    @property
    def id(self) -> str:
        """The id of the trip."""
        return f"{self.school}/{self.name}/{self.venue}/{self.day}"


class Trip(BaseModel):
    """A trip for which an adult was named; `id` is `<school>/<class>/<venue>/<day>`."""

    model_config = ConfigDict(frozen=True)

    id: str
    school: str
    account: str | None
    expires: datetime

    @classmethod
    def new(cls, asked: TripAsked, said: Accompanying) -> "Trip":
        """Returns the trip of a class."""
        ends = datetime.combine(asked.day, time.max, UTC)
        return cls(id=asked.id, school=asked.school, account=said.account, expires=ends + KEPT)
