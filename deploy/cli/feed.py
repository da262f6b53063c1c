"""`bilet feed tail`: a region's feed, page after page by cursor, through breaks, each event once, for whoever reads."""

import argparse
import asyncio
import json
import os
import stat
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import quote

import aiohttp

from deploy.cli import installation
from deploy.cli.installation import CallError
from deploy.cli.options import Form, Verb, Verbs, region, url
from deploy.programs.server import Say

TEXT = """\
Prints a region's numbered events, one JSON object a line, from the first one or from behind --after, and waits for
more. Breaks are waited out, with a word on standard error; within an epoch every number comes once and in order.
When the feed was opened anew (410), everything follows again from seq 1: the field epoch tells it from before.
The cursor for the next --after is said at the end. Exit codes: 0 at the end, or when nobody reads any more; 2 when
the feed is refused. For instance: bilet feed tail RU-ROS --until-end | jq -r .type | sort | uniq -c"""
START = "0"
PAGE = 1000
LONGEST_WAIT = 20
"""Seconds that the platform may hold a request for the first new event."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0

Page = Mapping[str, Any]
"""`events`, each with its `seq`; `next`, the cursor behind them; `watermark`, the last number given so far."""


def add(verbs: Verbs) -> None:
    """Adds the command."""
    words, about = "tail: follow a region's feed", "A region's numbered events"
    feeds = verbs.add_parser("feed", help=words, description=about, formatter_class=Form)
    feeds = feeds.add_subparsers(required=True, metavar="COMMAND")
    tail = Verb(feeds, "tail", run, "print a region's events as they come", TEXT)
    tail.option("region", "its code, for instance RU-ROS", "REGION", type=region)
    tail.option("--after", "go on behind it; default: from the first event", "CURSOR", default=START)
    tail.flag("--until-end", "stop when nothing is behind instead of waiting for more")
    tail.option("--url", "the gateway; default: the demo's", type=url)
    tail.option("--token", "of an operator of the region; default: one of the demo's identity provider")
    tail.data()


async def run(options: argparse.Namespace) -> int:
    """Prints the feed until its end, or until nobody reads."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http:
        await tail(_feed(options, http), options.after, sys.stdout.buffer, until_end=options.until_end)
    return 0


def _feed(options: argparse.Namespace, http: aiohttp.ClientSession) -> "Feed":
    """The feed at --url with --token; the running demo gives what is missing."""
    if options.url and options.token:
        return Feed(http, options.url, options.region, lambda: str(options.token))
    otherwise, grants = "give --url and --token", [{"role": "regional-operator", "org": options.region}]
    sign = installation.signing(installation.issuer(options.data, otherwise))
    at = options.url or installation.about(installation.data_folder(options.data, otherwise)).url
    return Feed(http, at, options.region, lambda: options.token or sign("operator", grants))


async def tail(feed: "Feed", cursor: str, output: BinaryIO, *, until_end: bool) -> None:
    """Prints until the end, if asked to, or until nobody reads; raises FeedRefused, and BrokenPipeError at once.

    However else it ends, the cursor is said: with it the next run begins where this one ended.
    """

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    async def printed() -> None:
        nonlocal cursor
        async for page in feed.follow(cursor, say, until_end=until_end):
            lines = (json.dumps(event, ensure_ascii=False, separators=(",", ":")) for event in page["events"])
            output.write("".join(f"{line}\n" for line in lines).encode())
            output.flush()
            cursor = page["next"]

    printing, left = asyncio.ensure_future(printed()), asyncio.ensure_future(_left(output))
    try:
        await asyncio.wait({printing, left}, return_when=asyncio.FIRST_COMPLETED)
        if not printing.done():
            raise BrokenPipeError
        printing.result()
        say(f"To go on from here: --after {cursor}")
    except asyncio.CancelledError:
        say(f"To go on from here: --after {cursor}")
        raise
    finally:
        printing.cancel()
        left.cancel()
        await asyncio.gather(printing, left, return_exceptions=True)


async def _left(output: BinaryIO) -> None:
    """Returns when the reader of a pipe has gone, which a write would notice only at the next event."""
    gone = asyncio.Event()
    if stat.S_ISFIFO(os.fstat(output.fileno()).st_mode):
        asyncio.get_running_loop().add_reader(output.fileno(), gone.set)
    await gone.wait()


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
        document = None
    known = document if isinstance(document, dict) else {}
    answer = ": ".join(str(part) for part in (status, known.get("type"), known.get("detail")) if part)
    if status in (408, 429) or status >= 500:
        raise FeedSilent(answer)
    if status != 200:
        raise FeedRefused(f"The feed is refused: {answer}", str(known.get("type")))
    if "events" not in known:
        raise FeedRefused(f"What {path} answers is no feed: is the URL that of a gateway?")
    return known
