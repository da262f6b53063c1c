"""The terms of a season, with all of their versions."""

from datetime import date, datetime

from services.trials.domain.calendar.season_terms import Terms, TermsVersion
from services.trials.domain.calendar.seasons import Season
from shared.base.models import Answer
from shared.programme.versions import in_force


class VersionView(Answer):
    """Terms that are in force from a day on, until later ones are."""

    since: date
    """The day from which on, by the calendar of each region."""
    set_at: datetime
    """When they were set, in UTC."""
    terms: Terms
    """The terms; what they leave out limits nothing."""

    @classmethod
    def of(cls, version: TermsVersion) -> "VersionView":
        """Shows a version."""
        return cls(since=version.since, set_at=version.set_at, terms=version.terms)


class SeasonTermsView(Answer):
    """The terms of a season: those of now, and all that were ever set."""

    season: str
    """Code of the season."""
    in_force: Terms
    """The terms of now."""
    versions: list[VersionView]
    """In the order in which they were set; of two for one day the later one is in force."""

    @classmethod
    def of(cls, season: Season, now: datetime) -> "SeasonTermsView":
        """Shows a season's terms as they are by now."""
        versions = [VersionView.of(version) for version in season.versions]
        current = in_force(season.versions, now)
        return cls(season=season.id, in_force=current.terms if current else Terms(), versions=versions)
