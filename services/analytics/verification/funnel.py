"""The funnel's cells: a pupil counts in one of each stage that is reached by a day's end. Pure."""

from collections.abc import Iterator

from services.analytics.verification.pupils import Pupil
from services.analytics.verification.rows import Row
from services.analytics.verification.told import Fact

TRIALS = ("trial", "partner-trial")
"""The kinds of what is attended that are practical trials."""


class Steps:
    """The steps of a pupil's season that stand."""

    def __init__(self, pupil: Pupil) -> None:
        self._pupil = pupil
        self._diagnosed = pupil.standing("diagnostic.completed.v1", "diagnostic.revoked.v1", "attempt")
        self._attended = pupil.standing("trial.attended.v1", "attendance.revoked.v1", "attendance")
        self._heard = pupil.standing("lesson.attended.v1", "lesson.revoked.v1", "attendance")
        self._advised = pupil.standing("recommendation.issued.v1", "recommendation.withdrawn.v1", "recommendation")

    def rows(self, day: str) -> Iterator[Row]:
        """Yields the rows in which the pupil counts at the end of a day."""
        season, place = self._pupil.season.code, self._pupil.place(day)
        for stage in self.reached(day):
            yield "funnel", season, place.region, place.municipality, place.municipality, stage, place.grade
            in_class = stage, place.school_class, place.grade
            yield "classes", season, place.region, place.municipality, place.school, *in_class

    def reached(self, day: str) -> Iterator[str]:
        """Yields the stages that are reached by the end of a day, which is none before the registration."""
        season = self._pupil.season
        diagnosed, attended, heard, advised = (
            _until(day, steps) for steps in (self._diagnosed, self._attended, self._heard, self._advised)
        )
        trials = [fact for fact in attended if fact.said["kind"] in TRIALS]
        counted = {fact.said["diagnostic"] for fact in diagnosed if season.any_round or fact.said["round"] != 2}
        is_tested = season.diagnostics <= counted
        is_recommended = is_tested and bool(advised)
        yield "registered"
        if diagnosed or attended or heard:
            yield "participated"
        if is_tested:
            yield "tested"
        if trials:
            yield "attended"
        if is_recommended:
            yield "recommended"
        if is_recommended and len(trials) >= season.trials_required:
            yield "completed"


def _until(day: str, steps: list[Fact]) -> list[Fact]:
    return [fact for fact in steps if fact.day <= day]
