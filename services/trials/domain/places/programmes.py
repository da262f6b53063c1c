"""Trial programmes: the passport of a trial, which an organisation's slots name, or those of a whole region."""

from datetime import datetime
from typing import Annotated, get_args

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from services.trials.domain.calendar.grades import Grades
from services.trials.domain.places.needs import Needs
from services.trials.domain.places.venues import Venue
from shared.base.errors import BadInput, Conflict
from shared.base.models import Count, Input
from shared.contracts.codes import Code, CompetencyCode, OrganisationCode
from shared.contracts.venues import Environment, ProgrammeDefined, ProgrammeFormat, ProgrammeLevel
from shared.programme.moments import Moment
from shared.programme.organisations import Organisation
from shared.programme.texts import Title
from shared.storage.decision import Aggregate, Decision, Happened

Link = Annotated[str, Field(pattern=r"^https://[!-~]+$", max_length=500)]


class Criterion(Input):
    """A criterion that a mentor scores by."""

    code: Code
    """Its own code within the programme."""
    name: Title
    """Shown to mentors and pupils, in Russian."""


class ProgrammeEntry(Input):
    """A trial programme, as its owner defines it."""

    organisation: OrganisationCode
    """Code of the owner, which never changes: an organisation, whose venues hold it, or a region, all of whose do."""
    name: Title
    """Shown to people, in Russian."""
    competency: CompetencyCode
    """Code of an approved competency."""
    level: ProgrammeLevel
    """The depth: `introductory`, `basic` or `advanced`."""
    format: ProgrammeFormat
    """`in-person` at the venue, or `online`."""
    link: Annotated[Link | None, Field(validate_default=True)] = None
    """Where an online one is held, and no other has it; shown to the booked and to the venue alone."""
    minutes: Annotated[int, Field(ge=15, le=480)]
    """Length in minutes, that of every slot."""
    places: Annotated[int, Field(ge=1, le=1000)]
    """Most pupils at a time; no slot has more seats."""
    grades: Grades
    """Lowest and highest grade, both included; every slot lies within."""
    criteria: Annotated[tuple[Criterion, ...], Count(0, 20)] = ()
    """The criteria that a mentor scores by."""
    environment: Environment
    """The surroundings of a life (среда) that it shows: one of nine."""
    needs: Needs = ()
    """The needs that it serves."""
    occurred_at: Moment | None = None

    @field_validator("link")
    @classmethod
    def _of_online_alone(cls, link: str | None, read: ValidationInfo) -> str | None:
        held = read.data.get("format")
        if held in get_args(ProgrammeFormat) and (held == "online") != (link is not None):
            raise PydanticCustomError("link_of_online", "is needed for an online programme, and for no other")
        return link

    @field_validator("criteria")
    @classmethod
    def _each_once(cls, criteria: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
        if len({criterion.code for criterion in criteria}) < len(criteria):
            raise PydanticCustomError("criterion_twice", "names a criterion twice")
        return criteria


class Programme(Aggregate):
    """A trial programme of an organisation or a region."""

    organisation: str
    region: str
    name: str
    competency: str
    level: ProgrammeLevel
    format: ProgrammeFormat
    link: str | None
    """None where it is held in person, and where a restored database has lost it."""
    minutes: int
    places: int
    grades: tuple[int, int]
    criteria: tuple[Criterion, ...]
    environment: Environment
    needs: tuple[str, ...]

    def must_admit(self, venue: Venue, competency: str, minutes: int, capacity: int, grades: tuple[int, int]) -> None:
        """Raises BadInput about the field of a slot that does not agree with the programme."""
        if self.organisation not in (venue.organisation, venue.region):
            raise BadInput.field(
                "programme", f"belongs to {self.organisation}, neither the venue's owner nor its region"
            )
        if competency != self.competency:
            raise BadInput.field("competency", f"the programme is one of {self.competency}")
        if minutes != self.minutes:
            raise BadInput.field("minutes", f"the programme takes {self.minutes} minutes")
        if capacity > self.places:
            raise BadInput.field("capacity", f"the programme has {self.places} places")
        low, high = self.grades
        if grades[0] < low or grades[1] > high:
            raise BadInput.field("grades", f"outside the programme's grades {low} to {high}")


def define(
    known: Programme | None, code: str, entry: ProgrammeEntry, owner: Organisation, time: datetime
) -> Decision[Programme]:
    """Defines a programme, or changes it; slots that are open stay as they are.

    Another link is nobody's news: who may see it reads it when it is needed.
    """
    if known and known.organisation != entry.organisation:
        raise Conflict.about("organisation", f"programme {code} belongs to {known.organisation}", "programme-taken")
    said = {name: value for name, value in entry if name != "occurred_at"}
    programme = Programme(id=code, sequence=known.sequence if known else 0, region=owner.region, **said)
    if programme == known:
        return Decision(known)
    if known and programme == known.model_copy(update={"link": programme.link}):
        return Decision(programme, quiet=True)
    told = programme.model_dump(include=set(ProgrammeDefined.model_fields) - {"criteria"})
    criteria = {criterion.code: criterion.name for criterion in programme.criteria}
    event = ProgrammeDefined(programme=code, criteria=criteria, **told)
    return Decision(programme, (Happened(event, time),))
