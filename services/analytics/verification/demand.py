"""The demand's cells: a pupil counts for each practical trial that was attended or booked by a day's end. Pure."""

from collections.abc import Iterator

from services.analytics.verification.funnel import TRIALS
from services.analytics.verification.pupils import Pupil
from services.analytics.verification.rows import Row


class Demand:
    """The trials of a pupil's season that stand."""

    def __init__(self, pupil: Pupil) -> None:
        self._pupil = pupil
        attended = pupil.standing("trial.attended.v1", "attendance.revoked.v1", "attendance")
        booked = pupil.standing("trial.booked.v1", "trial.cancelled.v1", "booking")
        self._held = [("attended", fact) for fact in attended]
        self._held += [("booked", fact) for fact in booked]

    def rows(self, day: str) -> Iterator[Row]:
        """Yields a row for each trial by the end of a day; one row may come several times."""
        season, place = self._pupil.season.code, self._pupil.place(day)
        for measure, fact in self._held:
            if fact.day <= day and fact.said["kind"] in TRIALS:
                where = place.region, place.municipality, place.municipality
                yield "demand", season, *where, measure, fact.said["competency"]
