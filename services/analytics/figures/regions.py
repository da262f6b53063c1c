"""All regions in a scope side by side, each with the totals of its funnel."""

from collections.abc import AsyncIterator

from services.analytics.figures import funnel
from services.analytics.figures.funnel import Funnel
from services.analytics.figures.reading import Reading
from services.analytics.figures.rows import Row
from shared.base.models import Answer


class Regions(Answer):
    """Every region in the token's scope."""

    season: str
    """Code of the season."""
    rows: list[Funnel]
    """A funnel without rows for each region, by code."""


async def read(season: str, regions: AsyncIterator[Reading]) -> Row:
    """Returns the answer's fields."""
    return {"season": season, "rows": [await funnel.read(region, None) async for region in regions]}
