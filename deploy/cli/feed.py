"""`bilet feed tail`: a region's feed, page after page by cursor, through breaks, each event once, for whoever reads."""

import argparse
import asyncio
import json
import os
import stat
import sys
from collections.abc import AsyncIterator
from random import Random
from typing import BinaryIO

import aiohttp

from deploy.cli import installation
from deploy.cli.installation import CallError
from deploy.cli.options import Form, Verb, Verbs, region, url
from deploy.programs.server import Say
from deploy.simulator.client import Client, Refused, Unavailable
from deploy.simulator.command import PlayError
from deploy.simulator.feed import EPOCH_GONE, START, Feed, Page

TEXT = """\
Prints a region's numbered events, one JSON object a line, from the first one or from behind --after, and waits for
more. Breaks are waited out, with a word on standard error; within an epoch every number comes once and in order.
When the feed was opened anew (410), everything follows again from seq 1: the field epoch tells it from before.
The cursor for the next --after is said at the end. Exit codes: 0 at the end, or when nobody reads any more; 2 when
the feed is refused. For instance: bilet feed tail RU-ROS --until-end | jq -r .type | sort | uniq -c"""
LONGEST_WAIT = 20
"""Seconds that the platform may hold a request for the first new event."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0


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
        try:
            await tail(_feed(options, http), options.after, sys.stdout.buffer, until_end=options.until_end)
        except PlayError as error:
            raise refused(error) from None
    return 0


def refused(error: PlayError) -> CallError:
    """The words for a feed that is not given out for this call."""
    return CallError(f"The feed is refused: {error.told if isinstance(error, Refused) else error}")


def _feed(options: argparse.Namespace, http: aiohttp.ClientSession) -> Feed:
    """The feed at --url with --token; the running demo gives what is missing."""
    at, token = options.url, lambda *_: str(options.token)
    if not (at and options.token):
        otherwise = "give --url and --token"
        sign = installation.signing(installation.issuer(options.data, otherwise))
        at = at or installation.about(installation.data_folder(options.data, otherwise)).url
        token = token if options.token else sign
    return Feed(Client(http, at, token, Random()), options.region)


async def tail(feed: Feed, cursor: str, output: BinaryIO, *, until_end: bool) -> None:
    """Prints until the end, if asked to, or until nobody reads; raises PlayError, and BrokenPipeError at once.

    However else it ends, the cursor is said: with it the next run begins where this one ended.
    """

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    async def printed() -> None:
        nonlocal cursor
        async for page in follow(feed, cursor, say, until_end=until_end):
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


async def follow(feed: Feed, after: str, say: Say, *, until_end: bool = False) -> AsyncIterator[Page]:
    """Pages from a cursor on, for ever or until nothing is behind; says breaks, and raises PlayError."""
    pause, wait = FIRST_PAUSE, 0 if until_end else LONGEST_WAIT
    while True:
        try:
            page = await feed.page(after, wait=wait)
        except (Unavailable, Refused) as reason:
            if isinstance(reason, Refused) and reason.status == EPOCH_GONE:
                say("The feed was opened anew: everything follows again, from its first event, under a new epoch")
                after = START
                continue
            if isinstance(reason, Refused) and reason.status < 500:
                raise
            say(f"The feed does not answer ({reason.told}). Asking again in {pause:g} s, for what follows {after}")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            continue
        pause = FIRST_PAUSE
        yield page
        after = page["next"]
        if until_end and (not page["events"] or page["events"][-1]["seq"] >= page["watermark"]):
            return
