"""A region's numbered events over HTTP, a page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from deploy.simulator.client import Client
from deploy.simulator.command import Command, PlayError, staff

ROUTE = "/analytics/regions/{code}/feed"
START, PAGE = "0", 1000
EPOCH_GONE = 410
"""The answer to a cursor of an epoch before: everything follows again."""

Page = Mapping[str, Any]
"""`events`, each with its `seq`; `next`, the cursor behind them; `watermark`, the last number given so far."""


@dataclass(frozen=True, slots=True)
class Feed:
    """One region's feed, as the region's operator reads it."""

    client: Client
    region: str

    async def page(self, after: str, *, limit: int = PAGE, wait: float = 0) -> Page:
        """The events behind a cursor; raises `Refused`, `Unavailable`, or PlayError for what is no feed."""
        query = urlencode({"after": after, "limit": limit, "wait": wait})
        path = f"{ROUTE.format(code=quote(self.region, safe=''))}?{query}"
        page: Page = await self.client.once(staff("regional-operator", self.region), Command("GET", ROUTE, path))
        if "events" not in page:
            raise PlayError(f"What {path} answers is no feed: is the URL that of a gateway?")
        return page
