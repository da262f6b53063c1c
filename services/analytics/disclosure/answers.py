"""The answers of public figures: made of released tables alone, and no other number is taken for a count of theirs."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from services.analytics.disclosure.released import Shown, ShownShare, Told
from services.analytics.disclosure.releases import Release
from services.analytics.disclosure.tables import PUPILS_BY_STAGE, TRIALS_BY_COMPETENCY, Table
from services.analytics.figures.ranking import ranked
from services.analytics.figures.rows import Row
from shared.base.models import Answer

RU = (
    "Числа меньше {least} не показаны, как и те, по которым их можно было бы вычислить. Показанное число меняется, "
    "лишь когда изменилось хотя бы на {least}: оно может немного отличаться от последнего, а итог от суммы строк."
)
EN = (
    "Numbers below {least} are not shown, nor are those from which they could be computed. A number that is shown "
    "changes only once it has moved by {least} or more: it may differ a little from the newest, and a total from the "
    "sum of the rows."
)


class LeftOut(Answer):
    """Words on numbers that public figures leave out."""

    ru: str
    """In Russian."""
    en: str
    """In English."""


class PublicFigures(Answer):
    """The release that public figures are of."""

    season: str
    """Code of the season."""
    region: str
    """Code of the region."""
    name: str
    """Name of the region."""
    method: str
    """Name and version of the way in which it is counted and released, for instance `public-funnel/1`."""
    least: int
    """The least number that is shown: null stands for a smaller one, none included, or for one beside it."""
    as_of: date
    """Last local day of the region that the figures include."""
    revision: int | None
    """The number of the revision that a closed season stands at, 0 for the closing; null while it is open."""
    position: dict[str, int]
    """The log as far as it was counted: `topic:partition` → offset of the next event."""
    released_at: datetime
    """Instant of the release; the next one comes no sooner than `Cache-Control` says."""
    left_out: LeftOut
    """Words on numbers that are not shown, and on why those that are need not add up."""


class PublicStages(Answer):
    """Distinct pupils who reached each stage, as far as they are shown."""

    registered: Shown
    """Entered into the season by a school."""
    participated: Shown
    """Completed a diagnostic or attended an activity of any kind; a booking is not enough."""
    tested: Shown
    """Completed every diagnostic that the season requires."""
    attended: Shown
    """Attended one practical trial or more."""
    completed: Shown
    """Attended the season's number of trials and have a recommendation."""
    recommended: Shown
    """Have a recommendation in force."""


class PublicTown(PublicStages):
    """A municipality, one of whose numbers at least is shown."""

    municipality: str
    """Code of the municipality."""
    name: str
    """Name of the municipality, or its code where no name is known."""


class PublicFunnel(PublicFigures, PublicStages):
    """Distinct pupils at each stage, in the region and by municipality."""

    rows: list[PublicTown]
    """By code; a municipality of which no number is shown has no row."""


class PublicRanked(Answer):
    """A municipality at its place."""

    rank: int
    """From 1; equal shares have equal ranks, and the next rank is left out (1, 2, 2, 4)."""
    municipality: str
    """Code of the municipality."""
    name: str
    """Name of the municipality, or its code where no name is known."""
    share: ShownShare
    """`completed` by `tested`, as they are shown, from 0 to 1."""
    completed: Shown
    """Pupils who completed the season."""
    tested: Shown
    """Pupils who completed every required diagnostic: the N of the share."""


class PublicRanking(PublicFigures):
    """Municipalities by the share of the tested who completed the season, the largest first, of shown numbers alone."""

    min_n: int
    """Least number of tested pupils that a municipality needs to be ranked."""
    not_ranked: int
    """Municipalities with a row in the public funnel that have fewer, or whose share is not shown: they were left out
    before ranking."""
    rows: list[PublicRanked]
    """Equal shares in order of the code."""


class PublicDemand(Answer):
    """The demand for a competency, one of whose numbers at least is shown."""

    competency: str
    """Code of the competency."""
    name: str
    """Name of the competency, or its code where no name is known."""
    attended: Shown
    """Attendances of practical trials in it, revoked ones left out."""
    booked: Shown
    """Bookings of practical trials in it, cancelled ones left out."""


class PublicCompetencies(PublicFigures):
    """Competencies by attendances of trials, the most attended first; those not shown come last."""

    rows: list[PublicDemand]
    """A competency of which no number is shown has no row."""


def funnel(of: Release) -> PublicFunnel:
    """Returns the funnel that a release of pupils by stage tells."""
    rows = [{**_named(of, "municipality", code), **told} for code, told in of.table.rows()]
    return PublicFunnel.model_validate({**_stands_for(of, "funnel", PUPILS_BY_STAGE), **of.table.told(), "rows": rows})


def ranking(of: Release, min_n: int) -> PublicRanking:
    """Returns the ranking that follows from the numbers of such a release."""
    told = dict(of.table.rows())
    numbers: list[Row] = [
        {"municipality": code, "name": "", "completed": row["completed"].number, "tested": row["tested"].number}
        for code, row in told.items()
        if row["completed"].number is not None and (row["tested"].number or 0) >= min_n
    ]
    rows = [
        {**_named(of, "municipality", code), **_share(told[code]), "rank": row["rank"]}
        for row in ranked(numbers)
        for code in (row["municipality"],)
    ]
    return PublicRanking.model_validate(
        {
            **_stands_for(of, "ranking", PUPILS_BY_STAGE),
            "min_n": min_n,
            "not_ranked": len(told) - len(rows),
            "rows": rows,
        }
    )


def competencies(of: Release) -> PublicCompetencies:
    """Returns what a release of trials by competency tells; only what is shown decides on the order."""
    rows = sorted(
        of.table.rows(),
        key=lambda pair: (-(pair[1]["attended"].number or 0), -(pair[1]["booked"].number or 0), pair[0]),
    )
    shown = [{**_named(of, "competency", code), **told} for code, told in rows]
    return PublicCompetencies.model_validate({**_stands_for(of, "competencies", TRIALS_BY_COMPETENCY), "rows": shown})


def _stands_for(of: Release, figure: str, table: Table) -> dict[str, Any]:
    told = {name: getattr(of, name) for name in ("season", "region", "name", "as_of", "revision", "released_at")}
    return {
        **told,
        "position": of.position,
        "method": f"public-{figure}/1",
        "least": table.least,
        "left_out": {"ru": RU.format(least=table.least), "en": EN.format(least=table.least)},
    }


def _named(of: Release, what: str, code: str) -> dict[str, str]:
    return {what: code, "name": of.names.get(code, code)}


def _share(row: Mapping[str, Told]) -> dict[str, Told]:
    completed, tested = row["completed"], row["tested"]
    return {"completed": completed, "tested": tested, "share": Told.computed((completed, tested), lambda c, n: c / n)}
