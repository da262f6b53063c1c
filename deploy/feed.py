"""A region's feed as any consumer may read it: page after page by cursor, through breaks, each event once."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp

from deploy.installation import CallError
from deploy.local.server import Say

START = "0"
PAGE = 1000
LONGEST_WAIT = 20
"""Seconds that the platform may hold a request for the first new event."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0

Page = Mapping[str, Any]
"""`events`, each with its `seq`; `next`, the cursor behind them; `watermark`, the last number given so far."""


class FeedRefused(CallError):
    """The feed is not given out for this call; `slug` is the problem's type."""

    def __init__(self, reason: str, slug: str = "") -> None:
        super().__init__(reason)
        self.slug = slug


class FeedSilent(Exception):
    """No answer for now: the same page may be asked for again."""


@dataclass(frozen=True, slots=True)
class Feed:
    """One region's feed behind the gateway at `url`; `token` gives a valid token at any time."""

    http: aiohttp.ClientSession
    url: str
    region: str
    token: Callable[[], str]

    async def page(self, after: str, *, limit: int = PAGE, wait: float = 0) -> Page:
        """The events behind a cursor; raises FeedRefused or FeedSilent."""
        path = f"{self.url.rstrip('/')}/analytics/regions/{quote(self.region, safe='')}/feed"
        query = {"after": after, "limit": str(limit), "wait": str(wait)}
        headers = {"Authorization": f"Bearer {self.token()}"}
        try:
            async with self.http.get(path, params=query, headers=headers) as answer:
                status, content = answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise FeedSilent(str(error) or type(error).__name__) from None
        return _decoded(status, content, path)

    async def follow(self, after: str, say: Say, *, until_end: bool = False) -> AsyncIterator[Page]:
        """Pages from a cursor on, for ever or until nothing is behind; says breaks, and raises FeedRefused."""
        pause, wait = FIRST_PAUSE, 0 if until_end else LONGEST_WAIT
        while True:
            try:
                page = await self.page(after, wait=wait)
            except FeedSilent as reason:
                say(f"The feed does not answer ({reason}). Asking again in {pause:g} s, for what follows {after}")
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            except FeedRefused as refusal:
                if refusal.slug != "epoch-gone":
                    raise
                say("The feed was opened anew: everything follows again, from its first event, under a new epoch")
                after = START
                continue
            pause = FIRST_PAUSE
            yield page
            after = page["next"]
            if until_end and (not page["events"] or page["events"][-1]["seq"] >= page["watermark"]):
                return


def _decoded(status: int, content: bytes, path: str) -> Page:
    try:
        document = json.loads(content)
    except ValueError:
        document = {}
    slug, detail = (document.get("type"), document.get("detail")) if isinstance(document, dict) else (None, None)
    answer = ": ".join(str(part) for part in (status, slug, detail) if part)
    if status in (408, 429) or status >= 500:
        raise FeedSilent(answer)
    if status != 200:
        raise FeedRefused(f"The feed is refused: {answer}", str(slug))
    if not isinstance(document, dict) or "events" not in document:
        raise FeedRefused(f"What {path} answers is no feed: is the URL that of a gateway?")
    return document
