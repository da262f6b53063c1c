"""The verification: reads the live figures at one instant, counts the owners' topics again up to there, compares."""

from collections import Counter
from collections.abc import AsyncIterable, Collection, Mapping

from services.analytics.verification import recount
from services.analytics.verification.live import GROUPS, snapshot
from services.analytics.verification.logs import Histories, Pace
from services.analytics.verification.reading import RESERVED, SEASONAL, Reading, ends
from services.analytics.verification.rows import Row, cell
from services.analytics.verification.scratch import Scratch
from services.analytics.verification.seasons import Season
from services.analytics.verification.told import Fact
from services.analytics.verification.verdict import Verdict
from shared.base.settings import Settings
from shared.messaging.log import Logs

FIRST = 20
"""Differences that are named."""
A_TIME = 20_000
"""Cells that are kept in memory before they are written down together."""


async def verify(settings: Settings, pace: Pace) -> Verdict:
    """Compares every cell of every figure; what arrives meanwhile changes nothing.

    Raises RecordsLost where the topics do not hold all that was handled.
    """
    logs = Logs(settings.bootstrap)
    try:
        with Scratch() as scratch:
            async with snapshot(settings) as live:
                readers = [await live.reader(group) for group in GROUPS]
                await _write_down(live.cells(), scratch)
            catalogue, views, reserved = readers
            pace.of = sum(catalogue.next.values()) + sum(ends(views, reserved).values())
            reading = Reading(Histories(logs, pace), scratch)
            known = await reading.catalogue(catalogue)
            await reading.facts(views, reserved, known.seasons)
            scratch.add_recounted(dict(known.given.values()))
            scratch.add_recounted({cell(season.row, ""): 1 for season in known.seasons.values()})
            count(scratch, known.seasons)
            cells, differing = scratch.compared()
            reached = {r.group: {f"{at.topic}:{at.partition}": n for at, n in r.next.items()} for r in readers}
            first = scratch.differences(FIRST)
            return Verdict(reached, pace.records, pace.seconds, cells, differing, first, reading.left_out)
    finally:
        await logs.close()


async def _write_down(cells: AsyncIterable[tuple[str, int]], scratch: Scratch) -> None:
    live: Counter[str] = Counter()
    async for name, n in cells:
        live[name] += n
        if len(live) >= A_TIME:
            scratch.add_live(live)
            live.clear()
    scratch.add_live(live)


def count(scratch: Scratch, seasons: Mapping[str, Season]) -> None:
    """Counts pupil after pupil, then guardian after guardian, by what was written down."""
    recounted: Counter[str] = Counter()
    links: list[tuple[str, Row, str, int]] = []
    for told in scratch.by_pupil():
        recounted.update(recount.reserved(_of(told, RESERVED)))
        for (account, row), day, n in recount.changes(_of(told, SEASONAL), seasons):
            if account:
                links.append((account, row, day, n))
            else:
                recounted[cell(row, day)] += n
        if len(recounted) + len(links) > A_TIME:
            scratch.add_recounted(recounted)
            scratch.link(links)
            recounted.clear()
            links.clear()
    scratch.link(links)
    for of_guardian in scratch.by_guardian():
        for name, n in recount.once(of_guardian):
            recounted[name] += n
        if len(recounted) > A_TIME:
            scratch.add_recounted(recounted)
            recounted.clear()
    scratch.add_recounted(recounted)


def _of(told: Collection[tuple[int, Fact]], reader: int) -> list[Fact]:
    return [fact for readers, fact in told if readers & reader]
