"""Pupils who are to be erased as staff see them, and the terms of a region."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from services.registration.domain.participants import Participant
from services.registration.domain.retention import NOTICE, WITHDRAWN_DAYS, Due, Listed, Reason, Terms, erased_on
from shared.base.models import Answer
from shared.http.paging import Page


class SeasonTerm(Answer):
    """The term of one season."""

    season: str
    """Code of the season: it is for pupils who were last entered into it."""
    left_days: int
    """Days after which a pupil is erased who was archived as `left`."""


class TermsView(Answer):
    """The terms after which a region's pupils are erased."""

    region: str
    """Code of the region."""
    withdrawn_days: int
    """Days after which a pupil is erased whose consent was withdrawn and not given again; the law says how many."""
    left_days: int
    """Days after which a pupil is erased who was archived as `left`, where the season has no term of its own."""
    notice_days: int
    """Days for which staff see a pupil on the list before the erasure."""
    seasons: list[SeasonTerm]
    """Seasons with a term of their own, by code."""

    @classmethod
    def of(cls, terms: Terms) -> "TermsView":
        """The terms of one region."""
        return cls(
            region=terms.region,
            withdrawn_days=WITHDRAWN_DAYS,
            left_days=terms.left_days,
            notice_days=NOTICE.days,
            seasons=[SeasonTerm(season=code, left_days=days) for code, days in sorted(terms.seasons.items())],
        )


class DueView(Answer):
    """A pupil who is to be erased, unless a consent is given again or the pupil is restored."""

    participant: str
    """Random id, the same in every service."""
    name: str | None
    """Full name as the school entered it."""
    external_ref: str
    """The school's own key of the pupil, unique within the school."""
    school: str
    """Code of the school where the pupil learns."""
    school_class: Annotated[str, Field(serialization_alias="class")]
    """The class as the school writes it, for instance «7А»."""
    reason: Reason
    """`consent-withdrawn` where it was not given again, `left` for one in the archive."""
    since: datetime
    """The time when the consent was withdrawn or the pupil left, on the region's clock."""
    due: date
    """The day from which nobody may keep the pupil."""
    listed: date | None
    """The day from which the job counts the week on the list; null until it has counted the first."""
    erased_on: date
    """The first day on which the job can erase the pupil: a week on the list comes before."""

    @classmethod
    def of(cls, pupil: Participant, due: Due, listed: Listed | None, today: date, name: str | None) -> "DueView":
        """One pupil who is due."""
        return cls(
            participant=pupil.id,
            name=name,
            external_ref=pupil.external_ref,
            school=pupil.place.school,
            school_class=pupil.place.school_class,
            reason=due.reason,
            since=due.since,
            due=due.day,
            listed=listed.since if listed is not None and listed.is_of(due) else None,
            erased_on=erased_on(due, listed, today),
        )


class DuePage(Page[DueView]):
    """A page of those who are due, in order of their ids; also one before the last may be shorter than asked for."""
