"""Retention: on which day a pupil is erased whom nobody may keep any longer, and since when staff see it. Pure."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field

from services.registration.domain.participants import Participant
from shared.base.errors import Conflict
from shared.base.models import Input
from shared.contracts.codes import SeasonCode
from shared.programme.moments import zone

WITHDRAWN_DAYS = 30
"""After a consent was withdrawn: so long the law leaves for the destruction (152-FZ, article 21, part 5)."""
LEFT_DAYS = 30
"""After a pupil left, where the region says nothing else: the purpose is reached, and the law leaves as long for the
destruction (article 21, part 4). A region that keeps who left for longer has that in its consent document."""
SHORTEST, LONGEST = 7, 1_825
"""Days that a region may say: a week, in which staff see the list, to five years."""
NOTICE = timedelta(days=7)
"""So long staff see a pupil on the list before the erasure."""
MOST_AHEAD = 31
"""Days ahead for which the list can be asked for."""
MOST_SEASONS = 100
"""Of one region, with terms of their own."""

Reason = Literal["consent-withdrawn", "left"]


class TermEntry(Input):
    """The term after which a region erases pupils who left, as its operator sets it."""

    season: SeasonCode | None = None
    """Season whose pupils it is for: those who were last registered in it. Left out for all others."""
    left_days: Annotated[int, Field(ge=SHORTEST, le=LONGEST)]
    """Days after which a pupil is erased who was archived as `left`, on the region's clock."""


class Terms(BaseModel):
    """The terms of one region."""

    model_config = ConfigDict(frozen=True)

    region: str
    left_days: int = LEFT_DAYS
    seasons: Mapping[str, int] = {}
    """Days by season, where it has a term of its own."""

    @classmethod
    def of(cls, row: Mapping[str, Any] | None, region: str) -> Self:
        """The terms of a stored row; those of the programme where a region has none."""
        return cls(region=region) if row is None else cls.model_validate({**row, "region": row["_id"]})

    def with_term(self, entry: TermEntry) -> Self:
        """The terms with one set anew; raises Conflict for too many seasons."""
        if entry.season is None:
            return self.model_copy(update={"left_days": entry.left_days})
        seasons = {**self.seasons, entry.season: entry.left_days}
        if len(seasons) > MOST_SEASONS:
            detail = f"{MOST_SEASONS} seasons have a term of their own"
            raise Conflict.about("season", detail, "too-many-seasons")
        return self.model_copy(update={"seasons": seasons})

    def left_days_of(self, pupil: Participant) -> int:
        """The term of a pupil who left: that of the season into which the pupil was entered last."""
        last = max(pupil.seasons, key=lambda season: (pupil.seasons[season], season))
        return self.seasons.get(last, self.left_days)

    @property
    def shortest(self) -> int:
        """The shortest of all terms after which somebody is due."""
        return min(WITHDRAWN_DAYS, self.left_days, *self.seasons.values())


class Due(NamedTuple):
    """The reason for which a pupil is not to be kept, the time of it, and the local day from which that holds."""

    reason: Reason
    since: datetime
    day: date
    turn: int
    """How often the pupil was archived and consented until then: whoever came back in between is due anew."""


class Listed(BaseModel):
    """A pupil whom staff have on the list, by a reason, a day and a turn: another one makes it another entry."""

    model_config = ConfigDict(frozen=True)

    reason: Reason
    day: date
    turn: int
    since: date
    """The day on which the pupil came onto the list."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The entry of a stored row."""
        return cls.model_validate(row)

    @classmethod
    def entered(cls, due: Due, today: date) -> Self:
        """The entry of a pupil who comes onto the list today."""
        return cls(reason=due.reason, day=due.day, turn=due.turn, since=today)

    def is_of(self, due: Due) -> bool:
        """Tells whether a pupil is on the list for this."""
        return (self.reason, self.day, self.turn) == (due.reason, due.day, due.turn)


def due(pupil: Participant, terms: Terms) -> Due | None:
    """Returns why and from which day a pupil is due to be erased, the earlier of two; None where nothing asks for it.

    A consent that was given again and a pupil who was restored are due for nothing, nor is an entry that was merged:
    the one under which the pupil goes on is.
    """
    if pupil.erased_at is not None or pupil.merged is not None:
        return None
    return min(_reasons(pupil, terms), key=lambda one: (one.day, one.reason), default=None)


def erased_on(due: Due, listed: Listed | None, today: date) -> date:
    """Returns the first day on which a pupil can be erased: a week on the list comes before, whenever that began."""
    since = listed.since if listed is not None and listed.is_of(due) else max(today, due.day - NOTICE)
    return max(due.day, since + NOTICE)


def may_be_erased(due: Due, listed: Listed | None, today: date) -> bool:
    """Tells whether the day has come, and staff have had a pupil on the list for this reason for a week."""
    return listed is not None and listed.is_of(due) and erased_on(due, listed, today) <= today


def latest(terms: Terms, until: date) -> datetime:
    """Returns a time behind all that makes somebody due by a day, on whatever clock it is told."""
    return datetime.combine(until - timedelta(days=terms.shortest) + timedelta(days=2), time(), UTC)


def is_near(due: Due | None, today: date) -> bool:
    """Tells whether the list of the week has a pupil."""
    return due is not None and due.day <= today + NOTICE


def _reasons(pupil: Participant, terms: Terms) -> Iterable[Due]:
    clock, turn = zone(pupil.place.utc_offset), pupil.archivings + len(pupil.consents)
    newest = pupil.consents[-1].withdrawn_at if pupil.consents else None
    if newest is not None:
        since = newest.astimezone(clock)
        yield Due("consent-withdrawn", since, since.date() + timedelta(days=WITHDRAWN_DAYS), turn)
    if pupil.archived is not None and pupil.archived.reason == "left":
        since = pupil.archived.at.astimezone(clock)
        yield Due("left", since, since.date() + timedelta(days=terms.left_days_of(pupil)), turn)
