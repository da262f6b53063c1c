"""Whether what the platform answers is what the independent counter makes of its feed, over HTTP and from Kafka."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import aiohttp

from deploy.cli.lag import backlog
from deploy.cli.whole_demo import settings_of
from deploy.local.system import System
from shared.base.settings import Settings
from shared.contracts.topics import region_topic
from tests.chaos import counter, quotas
from tests.chaos.told import Record
from tests.verdict import Broken, same

SETTLES_WITHIN = 90.0
LAST_DAY = "9999-12-31"
"""Figures as of a day are added up from days, others may be kept as sums: both are to be right."""
NOT_FIGURES = {
    "municipalities",
    "known_at",
    "position",
    "revision",
    "as_of",
    "season",
    "region",
    "name",
    "method",
    "min_n",
    "total",
    "approved",
}


@dataclass(frozen=True)
class Agreed:
    """What both agree on: the figures, and the region's events by type, of which the feed is made."""

    figures: counter.Figures
    events: Mapping[str, int]
    feed: Sequence[Record] = field(compare=False, repr=False)


async def settled(settings: Settings) -> None:
    """Returns once nothing waits in an outbox, a group or a feed; fails after a deadline with what waits."""
    deadline = time.monotonic() + SETTLES_WITHIN
    while (waiting := await backlog(settings)).total:
        if time.monotonic() > deadline:
            raise Broken(f"invariant broken: all becomes visible: still waiting after {SETTLES_WITHIN:g} s: {waiting}")
        await asyncio.sleep(0.2)


def operator(running: System, region: str) -> str:
    """A token of the region's operator."""
    return running.issuer.token("operator", [{"role": "regional-operator", "org": region}], time.time(), 3600)


async def ask(http: aiohttp.ClientSession, running: System, region: str, question: str) -> dict[str, Any]:
    """An answer of analytics to the region's operator."""
    url = f"{running.url}/analytics/regions/{region}/{question}"
    async with http.get(url, headers={"Authorization": f"Bearer {operator(running, region)}"}) as answer:
        assert answer.status == 200, await answer.text()
        body: dict[str, Any] = await answer.json()
        return body


async def answered(http: aiohttp.ClientSession, running: System, region: str, rest: str) -> counter.Figures:
    """The API's answers in the counter's shape; `rest` is the query that they have in common."""
    funnel = await ask(http, running, region, f"funnel?{rest}&by=municipality")
    ranking = await ask(http, running, region, f"ranking?{rest}&min_n=1")
    competencies = await ask(http, running, region, f"competencies?{rest}")
    totals = {name: value for name, value in funnel.items() if name not in {*NOT_FIGURES, "rows"}}
    return counter.Figures(totals, funnel["rows"], ranking["rows"], competencies["rows"], competencies["approved"])


async def quotas_answered(
    http: aiohttp.ClientSession, running: System, region: str, season: str
) -> dict[quotas.Holder, quotas.Units]:
    """The units of the nation and of all that lies in the region, as trials lists them; those of none are left out."""
    token = running.issuer.token("nation", [{"role": "national-operator", "org": "RU"}], time.time(), 3600)
    found: dict[quotas.Holder, quotas.Units] = {}
    for organisation in (quotas.NATION, region):
        after = ""
        while True:
            query = {"organisation": organisation, "limit": "100", **({"after": after} if after else {})}
            headers = {"Authorization": f"Bearer {token}"}
            async with http.get(f"{running.url}/trials/quotas/{season}", params=query, headers=headers) as answer:
                assert answer.status == 200, await answer.text()
                page = await answer.json()
            for row in page["items"]:
                if organisation == region or row["organisation"] == quotas.NATION:
                    found |= quotas.answered([row])
            if not (after := page["next"] or ""):
                break
    return found


async def agreed(running: System, region: str, season: str) -> Agreed:
    """Once nothing is on its way: fails unless the counter gets the API's figures from both forms of the feed."""
    settings = settings_of(running.settings)
    await settled(settings)
    async with aiohttp.ClientSession() as http:
        api = await answered(http, running, region, f"season={season}")
        by_days = await answered(http, running, region, f"season={season}&as_of={LAST_DAY}")
        units = await quotas_answered(http, running, region, season)
        held = await ask(http, running, region, f"quotas?season={season}")
        by_days_held = await ask(http, running, region, f"quotas?season={season}&as_of={LAST_DAY}")
        over_http = await counter.read_http(http, running.url, region, operator(running, region))
    from_kafka = await counter.read_kafka(settings.bootstrap, settings.kafka_topic_prefix + region_topic(region))
    same("figures summed by days are the figures", asdict(by_days), asdict(api))
    same("figures are those of the feed over HTTP", asdict(counter.count(over_http, season)), asdict(api))
    same("figures are those of the feed in Kafka", asdict(counter.count(from_kafka, season)), asdict(api))
    same("quotas summed by days are the quotas", by_days_held["rows"], held["rows"])
    of_region = {holder: own for holder, own in units.items() if holder != (quotas.NATION, None)}
    same("quotas in figures are those of trials", quotas.answered(held["rows"]), of_region)
    same("the feed in Kafka is the feed over HTTP", from_kafka, over_http)
    for feed in (over_http, from_kafka):
        counted = quotas.holders(feed, season, counter.rules_of(feed, season))
        same("units of quotas are those of the feed", counted, units)
    return Agreed(api, Counter(record.type for record in over_http), over_http)
