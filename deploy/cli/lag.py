"""`bilet lag`: what is accepted and not visible yet."""

import argparse
import asyncio
import json
import time
from collections.abc import Mapping

from deploy.cli import installation
from deploy.cli.options import Verb, Verbs, seconds
from deploy.cli.readiness import within
from shared.base.settings import Settings
from shared.operations import lag
from shared.operations.lag import Backlog, faults

TEXT = """\
How many records are accepted and not visible yet: in the outbox of a service (committed, not in Kafka yet), before a
group (in Kafka, not handled yet), in the feed of a region (numbered, not in its topic yet). Below the table is what
keeps a group from going on: a topic that is not the one that was handled, a batch that cannot be read. Exit code 0
when nothing waits, 1 when something does or is wrong."""
ROW = "{:<9} {:<28} {:>12}"


def add(verbs: Verbs) -> None:
    """Adds the command."""
    verb = Verb(verbs, "lag", run, "what is accepted and not visible yet", TEXT)
    how = verb.parser.add_mutually_exclusive_group()
    for name, words in {
        "--wait": "until nothing waits, at most so long",
        "--every": "again and again, each a line of JSON",
    }.items():
        how.add_argument(name, type=seconds, default=0, metavar="SECONDS", help=words)
    verb.flag("--json", "as one line of JSON, for scripts")
    verb.data()


async def backlog(settings: Settings) -> Backlog:
    """Counts what waits in the platform's collections, and in the logs that services keep themselves."""
    from services.analytics.feed.relay import unpublished  # every other command starts without the services

    return await lag.backlog(settings, {"analytics": unpublished})


async def run(options: argparse.Namespace) -> int:
    """A table or JSON as soon as nothing waits, at the latest when the time to wait is over; 1 if something waits."""
    settings = installation.servers(options.data)
    begun, pause = time.monotonic(), options.every or 0.5
    while (waiting := await within(backlog(settings), "Kafka or MongoDB")).total or options.every:
        if options.every:
            print(json.dumps(_counted(waiting)), flush=True)
        elif time.monotonic() >= begun + options.wait:
            break
        await asyncio.sleep(pause)
    wrong = await within(faults(settings), "Kafka or MongoDB")
    if options.json:
        print(json.dumps({**_counted(waiting), "total": waiting.total, "faults": wrong}))
    else:
        print(ROW.format("waits in", "of", "records"))
        for kind, counts in zip(("outbox", "group", "feed"), _counted(waiting).values(), strict=True):
            for name, count in sorted(counts.items()):
                print(ROW.format(kind, name, f"{count:,}"))
        print(ROW.format("total", "", f"{waiting.total:,}"))
        print("".join(f"\n{sentence}." for sentence in wrong), end="\n" if wrong else "")
    return 1 if waiting.total or wrong else 0


def _counted(waiting: Backlog) -> dict[str, Mapping[str, int]]:
    return {"outboxes": waiting.outboxes, "groups": waiting.lags, "feeds": waiting.unpublished}
