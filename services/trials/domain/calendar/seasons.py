"""Seasons and the rules that hold in them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from services.trials.domain.calendar.grades import Grades
from services.trials.domain.calendar.season_revisions import Revision, RevisionEntry, published
from services.trials.domain.calendar.season_terms import (
    MOST_LETTERS,
    MOST_VERSIONS,
    UNLIMITED,
    Side,
    Stage,
    Terms,
    TermsEntry,
    TermsVersion,
    stated,
)
from shared.base.errors import BadInput, Conflict, NotFound
from shared.base.models import Count, Input
from shared.contracts.codes import DiagnosticCode
from shared.contracts.quotas import QuotaUnit
from shared.contracts.revisions import SeasonCorrected
from shared.contracts.terms import SeasonRevised
from shared.contracts.trials import Gate, SeasonClosed, SeasonDefined, TestedBy
from shared.programme.closing import is_over, must_be_open
from shared.programme.moments import LocalTime, Moment, SeasonDay, must_lie_within
from shared.programme.texts import Title
from shared.programme.versions import in_force
from shared.storage.decision import Aggregate, Decision, Happened


class SecondRound(Input):
    """The second round of a season's diagnostics."""

    opens: SeasonDay
    """The day from which on an attempt belongs to it, by the calendar of each region; after the season's first."""


class SeasonRules(Input):
    """The rules of a season, as the national operator sets them."""

    name: Title
    """Shown to people, in Russian."""
    opens: SeasonDay
    """First day, by the calendar of each region."""
    closes: SeasonDay
    """Last day, included."""
    grades: Grades
    """Lowest and highest grade, both included."""
    diagnostics: Annotated[tuple[DiagnosticCode, ...], Count(1, 20)]
    """Codes of the instruments, all of them required."""
    trials_required: Annotated[int, Field(ge=1, le=20)]
    """Practical trials that a pupil attends to complete the season."""
    recommendation_gate: Gate
    """When a recommendation is issued: after all stages, or after the diagnostics alone."""
    second_round: SecondRound | None = None
    """The second round of diagnostics; left out, all are of one round."""
    tested_by: TestedBy = "first-round"
    """The rounds in which a diagnostic counts for `tested` and the gate; for taking part, each does."""
    attempts_per_round: Annotated[int, Field(ge=1, le=20)] | None = None
    """Attempts that a pupil has of each diagnostic in a round, but by leave; left out, as many as are wanted."""
    quota_unit: QuotaUnit = "attendance"
    """A unit of the season's quotas: an attendance, or all that one pupil books in it."""
    quotas_bind: bool = False
    """True where no booking goes beyond the quota of the school for the venue; else bookings are only counted."""
    occurred_at: Moment | None = None

    @property
    def stored(self) -> dict[str, Any]:
        """The rules with ISO dates: the database has no type for a day."""
        second = {"opens": str(self.second_round.opens)} if self.second_round else None
        days = {"opens": str(self.opens), "closes": str(self.closes), "second_round": second}
        return {**self.model_dump(exclude={"occurred_at"}), **days}

    @field_validator("closes")
    @classmethod
    def _not_before_opens(cls, closes: date, read: ValidationInfo) -> date:
        if "opens" in read.data and closes < read.data["opens"]:
            raise PydanticCustomError("closes_too_early", "lies before opens")
        return closes

    @field_validator("second_round")
    @classmethod
    def _within_season(cls, second: SecondRound | None, read: ValidationInfo) -> SecondRound | None:
        opens, closes = read.data.get("opens"), read.data.get("closes")
        if second and opens and closes and not opens < second.opens <= closes:
            raise PydanticCustomError("second_round_outside", "opens on no later day of the season")
        return second

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
    second_round: dict[Literal["opens"], str] | None = None
    """The ISO date from which on attempts are of the second round; None where there is one round."""
    tested_by: TestedBy = "first-round"
    attempts_per_round: int | None = None
    quota_unit: QuotaUnit = "attendance"
    quotas_bind: bool = False
    in_use: bool = False
    """Set with the first pupil known to be registered in it: every other fact comes after that."""
    closed_at: LocalTime | None = None
    """The time from which on only corrections are recorded."""
    advised: bool = False
    """Set with the season's own rules of advice, which are kept apart."""
    versions: tuple[TermsVersion, ...] = ()
    """The terms that may change while it runs, in the order in which they were set."""
    revisions: tuple[Revision, ...] = ()
    """Published since the closing, in order."""

    @property
    def rounds_tested(self) -> tuple[int, ...]:
        """The rounds in which a diagnostic counts for `tested` and the gate."""
        return (1, 2) if self.tested_by == "any-round" else (1,)

    def round_of(self, time: datetime) -> int:
        """Returns the round to which the day of a time on the region's clock belongs."""
        return 2 if self.second_round is not None and time.date().isoformat() >= self.second_round["opens"] else 1

    def terms_at(self, time: datetime) -> Terms:
        """Returns the terms that are in force at a time on the region's clock."""
        version = in_force(self.versions, time) if self.versions else None
        return UNLIMITED if version is None else version.terms

    def contains(self, day: date) -> bool:
        """Tells whether the day lies within the season's dates."""
        return self.opens <= day.isoformat() <= self.closes

    def must_be_open(self, named: str) -> None:
        """Raises Conflict for whatever is new once the season is closed; `named` is the word that says the season."""
        must_be_open(self.id, self.closed_at, named)

    def must_contain(self, time: datetime, named: str) -> None:
        """Raises Conflict for a time on a day outside the season; `named` is the word that says it, if one does."""
        must_lie_within(time, self.id, date.fromisoformat(self.opens), date.fromisoformat(self.closes), named)

    def must_take(self, stage: Stage, time: datetime, named: str) -> None:
        """Raises Conflict for a time outside the season, or behind the last day of a stage."""
        self.must_contain(time, named)
        self.terms_at(time).must_be_in_time(stage, time, named)

    def must_let_book(self, time: datetime, starts_at: datetime, ahead: int, named: str) -> None:
        """Raises Conflict where no seat may be taken at a time by a pupil who has so many ahead."""
        self.must_contain(time, named)
        self.terms_at(time).must_allow_booking(time, starts_at, ahead, named)

    def must_let_give_up(self, side: Side | None, booked_at: datetime, time: datetime, starts_at: datetime) -> None:
        """Raises Conflict where a side may no longer give up a seat, by the terms under which it was taken."""
        if side is not None and time < starts_at:
            self.terms_at(booked_at).must_leave_notice(side, time, starts_at)


def overlap(one: Season | None, other: Season | None) -> bool:
    """Tells whether some day lies within the dates of two seasons, of which both are known."""
    return one is not None and other is not None and one.opens <= other.closes and other.opens <= one.closes


def define(known: Season | None, code: str, rules: SeasonRules, time: datetime) -> Decision[Season]:
    """Sets a season's rules; the same again changes nothing, a change of a season in use is refused."""
    season = known.model_copy(update=rules.stored) if known else Season(id=code, **rules.stored)
    if season == known:
        return Decision(known)
    if known:
        known.must_be_open("season")
    if known and known.in_use:
        raise Conflict(f"season {code} has its first fact; its rules no longer change", slug="season-in-use")
    second = rules.second_round and rules.second_round.opens
    event = SeasonDefined(season=code, **{**rules.stored, "second_round": second})
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


def correct(known: Season | None, code: str, number: int, entry: RevisionEntry, time: datetime) -> Decision[Season]:
    """Publishes the next revision of a closed season; the same number with the same reason again changes nothing."""
    if known is None:
        raise NotFound(f"no season {code}")
    if known.closed_at is None:
        raise Conflict(
            f"season {code} is not closed; until then its figures follow what is recorded", slug="season-open"
        )
    revision = published(known.revisions, number, entry, known.closed_at, time)
    if revision is None:
        return Decision(known)
    corrected = known.model_copy(update={"revisions": (*known.revisions, revision)})
    return Decision(corrected, (Happened(SeasonCorrected(season=code, revision=number), time),))


def revise(
    known: Season | None, code: str, since: date, entry: TermsEntry, time: datetime, now: datetime
) -> Decision[Season]:
    """Sets the terms of a season from a day on; those that are set for that day already change nothing.

    The day is no earlier one than that on which they are set: what was done stays under the terms of its day. So once
    there is a fact that they could judge, nobody sets terms for a day before today, whenever that is said to happen.
    """
    if known is None:
        raise NotFound(f"no season {code}")
    last = next((version for version in reversed(known.versions) if version.since == since), None)
    if last is not None and last.terms == stated(entry):
        return Decision(known)
    known.must_be_open("")
    first = max(time, now).date() if known.in_use else time.date()
    if since < first:
        raise BadInput.field("path:since", f"lies before {first}, on which the terms are set")
    version = TermsVersion(since=since, set_at=time, terms=stated(entry))
    revised = known.model_copy(update={"versions": (*known.versions, version)})
    if len(revised.versions) > MOST_VERSIONS or sum(one.terms.length for one in revised.versions) > MOST_LETTERS:
        detail = f"a season has {MOST_VERSIONS} versions at most, and {MOST_LETTERS} letters of texts in all of them"
        raise Conflict(detail, slug="too-many-versions")
    said = version.terms.model_dump(include={"bookings_at_once", "days_ahead"})
    parts = {name: version.terms.model_dump(exclude_none=True)[name] for name in ("notice", "deadlines", "texts")}
    return Decision(revised, (Happened(SeasonRevised(season=code, since=since, **said, **parts), time),))
