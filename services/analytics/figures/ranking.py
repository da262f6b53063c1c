"""The ranking of municipalities: the share of the tested who completed the season, read from the funnel's cells."""

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from typing import Annotated

from fastapi import Query

from services.analytics.figures import funnel
from services.analytics.figures.figure import Figure, Figures
from services.analytics.figures.reading import Reading, stands_for
from services.analytics.figures.rows import Row
from services.analytics.figures.words import InWords, Words
from shared.base.models import Answer


class Ranked(Answer):
    """A municipality at its place."""

    rank: int
    """From 1; equal shares have equal ranks, and the next rank is left out (1, 2, 2, 4)."""
    municipality: str
    """Code of the municipality."""
    name: str
    """Name of the municipality, or its code where no name is known."""
    share: float
    """`completed` by `tested`, from 0 to 1; places are told by the exact fraction, not by this number."""
    completed: int
    """Pupils who completed the season."""
    tested: int
    """Pupils who completed every required diagnostic: the N of the share."""


class Ranking(Figures):
    """Municipalities by the share of the tested who completed the season, the largest first."""

    method: str
    """Name and version of the way it is ranked, for instance `ranking/1`."""
    min_n: int
    """Least number of tested pupils that a municipality needs to be ranked."""
    rows: list[Ranked]
    """Equal shares in order of the code."""


async def least_tested(min_n: Annotated[int, Query(ge=1, description="least number of tested pupils")] = 1) -> int:
    """Returns the ranking's own parameter."""
    return min_n


async def read(region: Reading, min_n: int) -> Row:
    """Municipalities by the share of the tested who completed the season."""
    counts = await funnel.reached(region, "municipality")
    rows = await funnel.rows(region, "municipality", counts, Counter())
    return {
        **await stands_for(region),
        "method": FIGURE.method,
        "min_n": min_n,
        "rows": ranked(row for row in rows if row["tested"] >= max(1, min_n)),
    }


def ranked(rows: Iterable[Row]) -> list[Row]:
    """Returns the rows by exact share, the larger first; ranks as in sport (1, 2, 2, 4), ties in order of the code."""
    shares = [(Fraction(row["completed"], row["tested"]), row) for row in rows]
    shares.sort(key=lambda pair: (-pair[0], pair[1]["municipality"]))
    table: list[Row] = []
    for place, (share, row) in enumerate(shares, 1):
        tied = bool(table) and shares[place - 2][0] == share
        table.append(
            {
                "rank": table[-1]["rank"] if tied else place,
                "municipality": row["municipality"],
                "name": row["name"],
                "share": float(share),
                "completed": row["completed"],
                "tested": row["tested"],
            }
        )
    return table


WORDS: InWords = {
    "ru": Words(
        "Рейтинг муниципалитетов",
        "Доля завершивших сезон среди прошедших диагностику; равные доли делят место.",
        "ученики, завершившие сезон",
        "ученики, прошедшие все обязательные диагностики",
        "те же события, что и у воронки",
    ),
    "en": Words(
        "Ranking of municipalities",
        "The share of the tested who completed the season; equal shares have one place.",
        "pupils who completed the season",
        "pupils who completed every required diagnostic",
        "the events of the funnel",
    ),
}

FIGURE = Figure(name="ranking", version=1, words=WORDS, answer=Ranking, parameter=least_tested, read=read)
