"""What a regional operator reads: the figures, and the feed to its end and on from a cursor."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import aiohttp

from tests.verdict import same

FIGURES = ("funnel", "ranking", "competencies")
OF_THE_MOMENT = frozenset({"as_of", "known_at", "position"})
"""They tell when somebody looked, and how far the consumers were."""
PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Read:
    """One region's figures and feed."""

    figures: Mapping[str, Any]
    events: tuple[str, ...]
    """Ids, in the feed's order."""
    cursors: Mapping[int, str]
    """By the number of events up to there: one in the middle, and that of the feed's end."""


async def read(http: aiohttp.ClientSession, region: str, season: str, after: str | None = None) -> Read:
    """The figures as they are now, and the feed from its beginning or a cursor on."""
    figures = {}
    for name in FIGURES:
        figures[name] = await _answer(http, f"/analytics/regions/{region}/{name}", {"season": season})
    events: list[str] = []
    cursors = []
    while True:
        query = {"limit": str(PAGE)} | ({"after": after} if after else {})
        page = await _answer(http, f"/analytics/regions/{region}/feed", query)
        events += [event["id"] for event in page["events"]]
        after = str(page["next"])
        cursors.append((len(events), after))
        if len(page["events"]) < PAGE:
            return Read(figures, tuple(events), dict((cursors[len(cursors) // 2], cursors[-1])))


async def _answer(http: aiohttp.ClientSession, path: str, query: Mapping[str, str]) -> Any:
    async with http.get(path, params=query) as answer:
        body = await answer.json()
        assert answer.status == 200, (path, query, answer.status, body)
        return body


def lost(before: Any, now: Any, at: str = "") -> list[str]:
    """Where an answer no longer says what it said; what it says besides is no loss."""
    if isinstance(before, dict) and isinstance(now, dict):
        missing = [f"{at}/{name} is gone" for name in before.keys() - now.keys()]
        kept = before.keys() & now.keys() - OF_THE_MOMENT
        return missing + [line for name in sorted(kept) for line in lost(before[name], now[name], f"{at}/{name}")]
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        return [line for n, pair in enumerate(zip(before, now, strict=True)) for line in lost(*pair, f"{at}/{n}")]
    return [] if before == now else [f"{at}: {before!r}, now {now!r}"]


async def same_as_before(http: aiohttp.ClientSession, kept: Read, region: str, season: str, which: str) -> Read:
    """Reads again, from the feed's beginning and from each kept cursor on; raises Broken where something is lost.

    The feed may have grown meanwhile, and the answers told more, which the way back takes from them again: what is
    returned has the figures of before and the cursors of now.
    """
    length = len(kept.events)
    now = await read(http, region, season)
    same(f"the figures are those of before ({which})", lost(kept.figures, now.figures), [])
    same(f"the feed is that of before ({which})", now.events[:length] == kept.events, True)
    for seen, cursor in kept.cursors.items():
        onward = await read(http, region, season, cursor)
        same(f"a cursor of before leads on ({which})", onward.events[: length - seen] == kept.events[seen:], True)
    return replace(now, figures=kept.figures)
