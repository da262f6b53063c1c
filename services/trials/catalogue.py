"""What paths are walked on: seasons with their rules, approved competencies, and the registry of venues. Pure."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from services.trials.copies import Organisation
from services.trials.refusals import conflict
from services.trials.values import Grades
from shared.base.errors import BadInput
from shared.base.models import Count, Input
from shared.contracts.codes import DiagnosticCode, OrganisationCode, SeasonCode
from shared.contracts.trials import CompetencyApproved, Gate, Registry, SeasonDefined, VenueRegistered
from shared.programme.moments import Day, Moment
from shared.programme.texts import Title
from shared.storage.decision import Aggregate, Decision, Happened


class SeasonRules(Input):
    """The rules of a season, as the national operator sets them."""

    name: Title
    """Shown to people, in Russian."""
    opens: Day
    """First day, by the calendar of each region."""
    closes: Day
    """Last day, included."""
    grades: Grades
    """Lowest and highest grade, both included."""
    diagnostics: Annotated[tuple[DiagnosticCode, ...], Count(1, 20)]
    """Codes of the instruments, all of them required."""
    trials_required: Annotated[int, Field(ge=1, le=20)]
    """Practical trials that a pupil attends to complete the season."""
    recommendation_gate: Gate
    """When a recommendation is issued: after all stages, or after the diagnostics alone."""
    occurred_at: Moment | None = None

    @field_validator("closes")
    @classmethod
    def _not_before_opens(cls, closes: date, read: ValidationInfo) -> date:
        if "opens" in read.data and closes < read.data["opens"]:
            raise PydanticCustomError("closes_too_early", "lies before opens")
        return closes

    @field_validator("diagnostics")
    @classmethod
    def _each_once(cls, diagnostics: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(diagnostics)) < len(diagnostics):
            raise PydanticCustomError("diagnostic_twice", "names a diagnostic twice")
        return diagnostics


class Season(Aggregate):
    """A season; nothing of it changes once it is in use."""

    name: str
    opens: str
    """ISO date, as is `closes`: the database has no type for a day."""
    closes: str
    grades: tuple[int, int]
    diagnostics: tuple[str, ...]
    trials_required: int
    recommendation_gate: Gate
    in_use: bool = False
    """Set with the first pupil known to be registered in it: every other fact comes after that."""

    def contains(self, day: date) -> bool:
        """Whether the day lies within the season's dates."""
        return self.opens <= day.isoformat() <= self.closes


def define(known: Season | None, code: str, rules: SeasonRules, time: datetime) -> Decision[Season]:
    """Sets a season's rules; the same again changes nothing, a change of a season in use is refused."""
    said = {**rules.model_dump(exclude={"occurred_at"}), "opens": str(rules.opens), "closes": str(rules.closes)}
    season = known.model_copy(update=said) if known else Season(id=code, **said)
    if season == known:
        return Decision(known)
    if known and known.in_use:
        raise conflict("season-in-use", "", f"season {code} has its first fact; its rules no longer change")
    event = SeasonDefined(season=code, **rules.model_dump(exclude={"occurred_at"}))
    return Decision(season, (Happened(event, time),))


class CompetencyEntry(Input):
    """A competency, as the national operator approves it."""

    name: Title
    """Shown to people, in Russian."""
    occurred_at: Moment | None = None


class Competency(Aggregate):
    """A field in which trials may be held."""

    name: str


def approve(known: Competency | None, code: str, entry: CompetencyEntry, time: datetime) -> Decision[Competency]:
    """Approves a competency, or renames it."""
    competency = known.model_copy(update={"name": entry.name}) if known else Competency(id=code, name=entry.name)
    if competency == known:
        return Decision(known)
    return Decision(competency, (Happened(CompetencyApproved(code=code, name=entry.name), time),))


class VenueEntry(Input):
    """A venue's entry in the registry of a season, as the regional operator makes it."""

    organisation: OrganisationCode
    """Code of the organisation that owns the venue; it never changes."""
    name: Title
    """Shown to people, in Russian."""
    registry: Registry
    """Which registry of the season has the venue in it."""
    season: SeasonCode
    occurred_at: Moment | None = None


class Venue(Aggregate):
    """A site where slots are held, with the seasons in whose registry it is."""

    organisation: str
    name: str
    region: str
    municipality: str
    seasons: dict[str, Registry]


def register(known: Venue | None, code: str, entry: VenueEntry, owner: Organisation, time: datetime) -> Decision[Venue]:
    """Enters a venue of `owner` into a season's registry, or changes its name or registry there."""
    if owner.municipality is None:
        raise BadInput.field("organisation", f"a {owner.kind} cannot have a venue")
    if known and known.organisation != entry.organisation:
        raise conflict("venue-taken", "organisation", f"venue {code} belongs to {known.organisation}")
    venue = Venue(
        id=code,
        sequence=known.sequence if known else 0,
        organisation=entry.organisation,
        name=entry.name,
        region=owner.region,
        municipality=owner.municipality,
        seasons={**(known.seasons if known else {}), entry.season: entry.registry},
    )
    if venue == known:
        return Decision(known)
    event = VenueRegistered(
        venue=code,
        organisation=venue.organisation,
        name=venue.name,
        registry=entry.registry,
        season=entry.season,
        region=venue.region,
        municipality=venue.municipality,
    )
    return Decision(venue, (Happened(event, time),))
