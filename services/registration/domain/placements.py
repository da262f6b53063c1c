"""The places that a pupil belongs to, each from a day on, with its clock."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict

from shared.programme import place as programme
from shared.programme.clocks import Clocks
from shared.programme.texts import class_form


def local_day(time: datetime) -> str:
    """The day of a time on its own clock, as placements have it."""
    return time.date().isoformat()


class Place(BaseModel):
    """The place that a pupil belongs to, as every event of a participant carries it, with its clock."""

    model_config = ConfigDict(frozen=True)

    region: str
    municipality: str
    school: str
    school_class: Annotated[str, AfterValidator(class_form)]
    grade: int
    utc_offset: str
    """The clock with all changes, as `zone` reads it; a row may have an older one."""

    def event_fields(self, participant: str) -> dict[str, Any]:
        """The fields that every event of a pupil carries who belongs here."""
        return self.plain.event_fields(participant)

    def on(self, clocks: Clocks) -> Self:
        """The place on the clock of its municipality or region."""
        clock = clocks.of(self.region, self.municipality)
        return self if clock in (None, self.utc_offset) else self.model_copy(update={"utc_offset": clock})

    @property
    def plain(self) -> programme.Place:
        """The place as all services know it."""
        return programme.Place(self.region, self.municipality, self.school, self.school_class, self.grade)


class Placement(BaseModel):
    """The place that a pupil belongs to from a day on."""

    model_config = ConfigDict(frozen=True)

    day: str
    """The local day, `2020-09-14`."""
    place: Place
    clock: str = ""
    """The offset of the clock that said the day, where it is another than that of the place."""
    follows: str = ""
    """The school of before, where nobody said it of the pupil but that school went there on that day."""
    year: str = ""
    """The school year into which a promotion took the pupil on that day, also one who repeats or left by it."""

    def on(self, clocks: Clocks) -> "Placement":
        """The placement whose place has its clock."""
        place = self.place.on(clocks)
        return self if place is self.place else self.model_copy(update={"place": place})


def placed_on(clocks: Clocks, place: Place, placements: Sequence[Placement]) -> tuple[Place, tuple[Placement, ...]]:
    """The place by now and the placements on their clocks; who was at several has the clock of each on its days."""
    stays = [(told.day, told.place.region, told.place.municipality) for told in placements]
    now = place.on(clocks)
    if len({stay[1:] for stay in stays}) > 1:
        clock = clocks.of_regions(sorted(stays))
        is_known = clock in (None, place.utc_offset)
        now = place if is_known else place.model_copy(update={"utc_offset": clock})
    return now, tuple(told.on(clocks) for told in placements)
