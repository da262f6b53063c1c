"""Seasons and the rules that hold in them."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from services.trials.domain.grades import Grades
from shared.base.errors import Conflict, NotFound
from shared.base.models import Count, Input
from shared.contracts.codes import DiagnosticCode
from shared.contracts.trials import Gate, SeasonClosed, SeasonDefined
from shared.programme.closing import is_over, must_be_open
from shared.programme.moments import Day, LocalTime, Moment, must_lie_within
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


class Closing(Input):
    """The national operator's word that a season is told: from now on only corrections are recorded."""

    occurred_at: Moment | None = None


class Season(Aggregate):
    """A season; none of its rules change once it is in use."""

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
    closed_at: LocalTime | None = None
    """The time from which on only corrections are recorded."""

    def contains(self, day: date) -> bool:
        """Tells whether the day lies within the season's dates."""
        return self.opens <= day.isoformat() <= self.closes

    def must_be_open(self, named: str) -> None:
        """Raises Conflict for whatever is new once the season is closed; `named` is the word that says the season."""
        must_be_open(self.id, self.closed_at, named)

    def must_contain(self, time: datetime, named: str) -> None:
        """Raises Conflict for a time on a day outside the season; `named` is the word that says it, if one does."""
        must_lie_within(time, self.id, date.fromisoformat(self.opens), date.fromisoformat(self.closes), named)


def define(known: Season | None, code: str, rules: SeasonRules, time: datetime) -> Decision[Season]:
    """Sets a season's rules; the same again changes nothing, a change of a season in use is refused."""
    said = {**rules.model_dump(exclude={"occurred_at"}), "opens": str(rules.opens), "closes": str(rules.closes)}
    season = known.model_copy(update=said) if known else Season(id=code, **said)
    if season == known:
        return Decision(known)
    if known:
        known.must_be_open("season")
    if known and known.in_use:
        raise Conflict(f"season {code} has its first fact; its rules no longer change", slug="season-in-use")
    event = SeasonDefined(season=code, **rules.model_dump(exclude={"occurred_at"}))
    return Decision(season, (Happened(event, time),))


def close(known: Season | None, code: str, time: datetime) -> Decision[Season]:
    """Closes a season whose last day is over everywhere; again, it changes nothing."""
    if known is None:
        raise NotFound(f"no season {code}")
    if known.closed_at is not None:
        return Decision(known)
    if not is_over(date.fromisoformat(known.closes), time):
        detail = f"the season's last day, {known.closes}, is not over everywhere"
        raise Conflict.about("occurred_at", detail, "season-not-over")
    closed = known.model_copy(update={"closed_at": time})
    return Decision(closed, (Happened(SeasonClosed(season=code), time),))
