"""A region's log on a real database: nothing national is lost to a log that opens meanwhile, or is opened anew."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest
import pytest_asyncio

from services.analytics.feed.numbering import Numbering
from services.analytics.feed.relay import FeedRelay
from shared.contracts.event import Event
from shared.contracts.topics import region_topic
from shared.identity.grants import Grant, Scope
from shared.messaging.kafka import TopicPartition
from shared.messaging.relay import Acknowledged, Publisher
from shared.runtime.service import Platform
from shared.storage.mongo import Transaction
from shared.storage.outbox import Row
from tests.builders import events as builders
from tests.builders.events import enveloped
from tests.drivers.analytics import Analytics, overlapping, polled

NEW = "RU-TST"
FACT = builders.registered("p9", region=NEW, municipality="RU-TST-001", school="RU-TST-001-S01")
NATIONAL = builders.competency("robots")


class Logs:
    """The writer of the logs on one database, and their reader."""

    def __init__(self, analytics: Analytics) -> None:
        platform = analytics.platform
        self.analytics = analytics
        self.mongo = platform.mongo
        self._feed = Numbering(platform.mongo, platform.settings.master_key, platform.clock)

    def poll(self, *events: Event) -> Callable[[Transaction], Coroutine[Any, Any, None]]:
        """What one poll does in its transaction."""
        return lambda tx: self._feed.apply(polled(*map(enveloped, events)), tx)

    async def take(self, *events: Event) -> None:
        """One poll."""
        await self.mongo.transact(self.poll(*events))

    async def number(self, *events: Event, sequence: int = 1) -> None:
        """One poll of events that have a sequence."""
        facts = polled(*(enveloped(event, sequence) for event in events))
        await self.mongo.transact(lambda tx: self._feed.apply(facts, tx))

    async def told(self, region: str) -> list[tuple[str, dict[str, Any]]]:
        """The types and fields in a region's log, whose numbers have no gap."""
        scope = Scope((Grant("regional-operator", region),))
        events = (await self.analytics.feed(scope).page(region, "0", 100, 0))["events"]
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        return [(event["type"], json.loads(event["data"])) for event in events]

    async def types(self, region: str) -> list[str]:
        """The types in a region's log."""
        return [type_ for type_, _ in await self.told(region)]


class Flawed(Publisher):
    """A broker that refuses one record once, and takes those of other keys behind it."""

    def __init__(self, refused: int) -> None:
        super().__init__([])
        self.refused = refused
        self.sent: list[int] = []

    async def publish(self, rows: Sequence[Row]) -> list[Acknowledged | None]:
        numbers = [int(dict(row.headers)["ce_seq"] or b"") for row in rows]
        refused, self.refused = self.refused, 0
        self.sent += numbers
        there = [Acknowledged(TopicPartition(row.topic, 0), number) for row, number in zip(rows, numbers, strict=True)]
        return [place if place.offset != refused else None for place in there]


@pytest_asyncio.fixture
async def logs(platform_of: Callable[..., Platform]) -> Logs:
    analytics = Analytics(platform_of("analytics"))
    await analytics.migrate()
    logs = Logs(analytics)
    await logs.take(builders.season(), builders.region())
    return logs


@pytest.mark.parametrize("national_first", [False, True])
async def test_a_region_that_opens_while_something_national_comes(logs: Logs, national_first: bool) -> None:
    national, opening = logs.poll(NATIONAL), logs.poll(FACT)
    bodies = (national, opening) if national_first else (opening, national)
    assert await overlapping(logs.mongo, *bodies) > 1
    assert sorted(await logs.types(NEW)) == sorted(e.type for e in (builders.season(), NATIONAL, FACT))
    assert NATIONAL.type in await logs.types("RU-ROS")


async def test_facts_of_open_logs_do_not_write_the_fence(logs: Logs) -> None:
    before = await logs.mongo["feed_fence"].find({}).to_list(None)
    await logs.take(builders.registered("p1"))
    assert await logs.mongo["feed_fence"].find({}).to_list(None) == before != []


async def test_something_national_comes_again_while_a_log_has_no_head(logs: Logs) -> None:
    await logs.take(builders.region(NEW))
    await logs.mongo["feed_heads"].delete_one({"_id": NEW})
    await logs.take(builders.season())
    await logs.take(FACT)
    assert await logs.types(NEW) == [builders.season().type, FACT.type]


async def test_who_waits_is_answered_when_the_process_ends(logs: Logs) -> None:
    """Else the end of the process would cut the connection, or answer with an error."""
    reader = logs.analytics.feed(Scope((Grant("regional-operator", NEW),)))
    await logs.take(builders.region(NEW))
    known = await reader.page(NEW, "0", 100, 0)
    ending = asyncio.Event()
    waiting = asyncio.create_task(reader.page(NEW, known["next"], 100, 3_600, ending.is_set))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(waiting), 0.5)
    ending.set()
    page = await asyncio.wait_for(waiting, 30)
    assert (page["events"], page["next"]) == ([], known["next"])


async def test_a_log_whose_topic_cannot_be_holds_up_no_other(logs: Logs) -> None:
    platform = logs.analytics.platform
    await logs.mongo["feed_heads"].insert_one({"_id": "NO TOPIC", "epoch": 1, "last": 1})
    relay = FeedRelay(
        logs.mongo, Publisher(platform.settings.bootstrap), platform.lease("feed relay"), platform.settings
    )
    try:
        assert await relay.step() == 2
        assert relay.held == "the feed of NO TOPIC is not published: InvalidTopicError"
        assert await relay.waits()
    finally:
        await relay.close()


async def test_only_what_no_failover_takes_back_is_published(logs: Logs) -> None:
    platform = logs.analytics.platform
    await logs.mongo["feed_heads"].database.command("profile", 2)
    relay = FeedRelay(
        logs.mongo, Publisher(platform.settings.bootstrap), platform.lease("feed relay"), platform.settings
    )
    await relay.drain()
    await logs.mongo["feed_heads"].database.command("profile", 0)
    for read in ("feed_heads", "feed"):
        query = {"command.find": read, "op": "query"}
        finds = await logs.mongo["system.profile"].find(query).to_list(None)
        assert finds
        assert {find["command"].get("readConcern", {}).get("level") for find in finds} == {"majority"}


async def test_logs_that_open_together_take_no_cursor_of_each_other(logs: Logs) -> None:
    await logs.take(*(builders.region(code) for code in ("RU-AAA", "RU-BBB", "RU-CCC")))
    heads = [head async for head in logs.mongo["feed_heads"].find({})]
    assert len({head["epoch"] for head in heads}) == len(heads) == 4


async def test_a_record_that_was_not_acknowledged_is_sent_again_with_all_behind_it(logs: Logs) -> None:
    await logs.take(*map(builders.municipality, ("RU-ROS-001", "RU-ROS-002")))
    platform, publisher = logs.analytics.platform, Flawed(2)
    relay = FeedRelay(logs.mongo, publisher, platform.lease("feed relay"), platform.settings)
    assert await relay.step() == 1
    topic = platform.settings.kafka_topic_prefix + region_topic("RU-ROS")
    assert relay.held == f"records of {topic} are not acknowledged by the broker"
    assert await relay.step() == 3
    assert publisher.sent == [1, 2, 3, 4, 2, 3, 4]
    assert not await relay.waits()


async def test_a_relay_that_lost_its_lease_takes_no_cursor_back(logs: Logs) -> None:
    platform = logs.analytics.platform
    stale, relay = (
        FeedRelay(logs.mongo, Flawed(refused), platform.lease("feed relay"), platform.settings) for refused in (2, 0)
    )
    ((head, after),) = await stale._behind()
    assert await relay.step() == head["last"] == 2
    assert await stale._publish(head, after) == 1
    row = await logs.mongo["feed_published"].find_one({})
    assert row is not None
    assert row["seq"] == 2


async def test_a_move_is_in_the_feed_of_every_region_that_it_names_and_in_no_other(logs: Logs) -> None:
    abroad = {**builders.PLACE, "region": "RU-DA", "municipality": "RU-DA-001", "school": "RU-DA-001-S01"}
    await logs.take(FACT, builders.region("RU-DA"), builders.registered("p1"), builders.moved("p1", to=abroad))
    late = builders.moved("p1", to={**abroad, "school": "RU-DA-001-S02"}, **builders.PLACE)
    await logs.mongo.transact(
        lambda tx: Numbering(logs.mongo, bytes(32), logs.analytics.platform.clock).apply(polled(enveloped(late, 3)), tx)
    )
    for region, moves in (("RU-ROS", 2), ("RU-DA", 2), (NEW, 0)):
        assert (await logs.types(region)).count("participant.moved.v1") == moves, region


@pytest.mark.parametrize(("home", "words"), [("RU-ROS", {"RU-ROS": 4}), ("RU-DA", {"RU-ROS": 4, "RU-DA": 4})])
async def test_a_merging_is_in_the_feed_of_both_regions_and_its_two_can_be_joined_within_each(
    logs: Logs, home: str, words: dict[str, int]
) -> None:
    place = {**builders.PLACE, "region": home}
    entered = builders.registered("p1"), builders.registered("p2", **place)
    await logs.number(FACT, builders.region("RU-DA"), *entered)
    for sequence, say in enumerate((builders.merged, builders.unmerged), 2):
        survivor = say("p1", "p2", "survivor", other_region=home)
        await logs.number(survivor, say("p2", "p1", "duplicate", **place), sequence=sequence)
    told = {region: await logs.told(region) for region in ("RU-ROS", "RU-DA", NEW)}
    merged = {region: [data for type_, data in of if "merged" in type_] for region, of in told.items()}
    assert {region: len(of) for region, of in merged.items() if of} == words
    for region in words:
        pairs = {(data["role"], data["participant"], data["other"]) for data in merged[region]}
        assert len(pairs) == 2
        assert pairs == {(other_role(role), other, participant) for role, participant, other in pairs}
        entered_here = {data["participant"] for type_, data in told[region] if type_ == "participant.registered.v1"}
        assert len(entered_here & {participant for _, participant, _ in pairs}) == 3 - len(words)
    names = [name for region in words for name in {data["participant"] for data in merged[region]}]
    assert len(names) == len({*names} - {"p1", "p2"}) == 2 * len(words), "no name is another feed's or the platform's"


def other_role(role: str) -> str:
    return "duplicate" if role == "survivor" else "survivor"
