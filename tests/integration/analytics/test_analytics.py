"""Figures and feeds from real topics: exact after redelivery, the same after a replay, numbered without gaps."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.analytics.feed.reader import Cursor, EpochGone
from services.analytics.feed.relay import FeedRelay
from shared.base.errors import Forbidden, NotFound
from shared.contracts.topics import region_topic
from shared.identity.grants import Grant, Scope
from shared.messaging.relay import Publisher
from shared.runtime.service import Platform
from tests.builders import events as builders
from tests.builders.events import enveloped
from tests.drivers.analytics import Analytics
from tests.drivers.consumers import consuming, eventually, publish, read_all

CATALOGUE = [
    enveloped(builders.season()),
    enveloped(builders.competency()),
    enveloped(builders.region()),
    enveloped(builders.municipality()),
]
FACTS = [
    *(enveloped(builders.registered(p)) for p in ("p1", "p2", "p3")),
    enveloped(builders.guardian_linked("p1"), 2),
    enveloped(builders.guardian_linked("p2"), 2),
    enveloped(builders.diagnosed("p1", "readiness"), 1),
    enveloped(builders.diagnosed("p1", "interests"), 2),
    enveloped(builders.booked("p1", "s1"), 3),
    enveloped(builders.attended("p1", "s1"), 4),
    enveloped(builders.booked("p1", "s2"), 5),
    enveloped(builders.attended("p1", "s2"), 6),
    enveloped(builders.recommended("p1"), 7),
    enveloped(builders.diagnosed("p2", "readiness"), 1),
]
EXPECTED = {
    "registered": 3,
    "participated": 2,
    "tested": 1,
    "attended": 1,
    "completed": 1,
    "recommended": 1,
    "guardians": 1,
}


@pytest.fixture
def start(platform_of: Callable[..., Platform]) -> Callable[[], Analytics]:
    return lambda: Analytics(platform_of("analytics"))


async def _migrated(start: Callable[[], Analytics]) -> Analytics:
    analytics = start()
    await analytics.migrate()
    return analytics


async def test_figures_and_feed_are_exact_when_everything_is_sent_twice(start: Callable[[], Analytics]) -> None:
    analytics = await _migrated(start)
    settings = analytics.platform.settings
    await publish(settings, *CATALOGUE, *FACTS)
    await publish(settings, *FACTS[::-1])  # a relay that was killed before it removed what it had sent
    async with consuming(settings, *analytics.all):
        await eventually(lambda: analytics.shows(EXPECTED))
        await eventually(lambda: analytics.numbered(len(CATALOGUE) + len(FACTS)))
        await publish(settings, *FACTS)
        await publish(settings, enveloped(builders.registered("p4")))
        await eventually(lambda: analytics.shows(EXPECTED | {"registered": 4}))
        await eventually(lambda: analytics.numbered(len(CATALOGUE) + len(FACTS) + 1))
    page = await analytics.feed().page("RU-ROS", "0", 1000, 0)
    assert [event["seq"] for event in page["events"]] == list(range(1, len(CATALOGUE) + len(FACTS) + 2))
    assert len({event["id"] for event in page["events"]}) == len(page["events"])


async def test_a_replay_from_kafka_alone_gives_the_same_figures_in_a_new_epoch(start: Callable[[], Analytics]) -> None:
    analytics = await _migrated(start)
    settings = analytics.platform.settings
    await publish(settings, *CATALOGUE, *FACTS)
    async with consuming(settings, *analytics.all):
        await eventually(lambda: analytics.shows(EXPECTED))
        await eventually(lambda: analytics.numbered(len(CATALOGUE) + len(FACTS)))
    asked = analytics.asked()
    live = await analytics.figures().funnel(asked, "day")
    old = await analytics.feed().page("RU-ROS", "0", 5, 0)
    await analytics.platform.mongo.drop()
    again = await _migrated(start)
    async with consuming(settings, *again.all):
        await eventually(lambda: again.shows(EXPECTED))
        await eventually(lambda: again.numbered(len(CATALOGUE) + len(FACTS)))
    assert await again.figures().funnel(asked, "day") == live
    with pytest.raises(EpochGone):
        await again.feed().page("RU-ROS", old["next"], 5, 0)


async def test_as_of_counts_what_had_happened_by_the_end_of_the_day(start: Callable[[], Analytics]) -> None:
    analytics = await _migrated(start)
    settings = analytics.platform.settings
    later = [enveloped(builders.registered(f"q{i}"), time=builders.at(f"2020-10-{i:02d}")) for i in (1, 2, 3)]
    await publish(settings, *CATALOGUE, *FACTS, *later)
    async with consuming(settings, *analytics.all):
        await eventually(lambda: analytics.shows(EXPECTED | {"registered": 6}))
    counts = {
        day: (await analytics.figures().funnel(analytics.asked(day), None))["registered"]
        for day in ("2020-09-13", "2020-09-14", "2020-10-01", "2020-10-02", "2020-12-31")
    }
    assert counts == {"2020-09-13": 0, "2020-09-14": 3, "2020-10-01": 4, "2020-10-02": 5, "2020-12-31": 6}
    evening = replace(analytics.asked(), now=datetime(2020, 10, 31, 22, 30, tzinfo=UTC))
    for asked in (evening, replace(evening, as_of="2999-12-31")):
        said = await analytics.figures().funnel(asked, None)
        assert (said["as_of"], said["known_at"]) == ("2020-11-01", "2020-11-01T01:30:00+03:00"), (
            "the region's own clock"
        )


async def test_a_fact_of_an_unknown_season_waits_for_the_catalogue(start: Callable[[], Analytics]) -> None:
    analytics = await _migrated(start)
    settings = analytics.platform.settings
    async with consuming(settings, *analytics.all):
        await publish(settings, *CATALOGUE[1:], *FACTS)
        await eventually(lambda: analytics.numbered(len(CATALOGUE) - 1 + len(FACTS)))
        await publish(settings, CATALOGUE[0])
        await eventually(lambda: analytics.shows(EXPECTED))


async def test_feed_ids_are_rekeyed_and_sensitive_fields_left_out(start: Callable[[], Analytics]) -> None:
    analytics = await _migrated(start)
    settings, pupil = analytics.platform.settings, "pupil-of-two-regions"  # no random id holds that by chance
    own = enveloped(builders.registered(pupil, disability=True))
    other = enveloped(builders.registered(pupil, season="2021", region="RU-TAM"), 2)
    seasons = [enveloped(builders.season(code)) for code in ("2020", "2021")]
    await publish(settings, *seasons, enveloped(builders.region("RU-TAM")), enveloped(builders.region()), own, other)
    async with consuming(settings, *analytics.all):
        await eventually(lambda: analytics.numbered(4))
    pages = {
        code: await analytics.feed(Scope((Grant("regional-operator", code),))).page(code, "0", 100, 0)
        for code in ("RU-ROS", "RU-TAM")
    }
    facts = {
        code: json.loads(next(e for e in page["events"] if e["type"].startswith("participant"))["data"])
        for code, page in pages.items()
    }
    assert "disability" not in facts["RU-ROS"]
    assert len({pupil, facts["RU-ROS"]["participant"], facts["RU-TAM"]["participant"]}) == 3
    assert pupil not in json.dumps(pages["RU-ROS"]["events"])


async def test_the_kafka_topic_of_a_region_holds_every_number_in_order(start: Callable[[], Analytics]) -> None:
    analytics = await _migrated(start)
    settings = analytics.platform.settings
    total = len(CATALOGUE) + len(FACTS)
    await publish(settings, *CATALOGUE, *FACTS)
    async with consuming(settings, *analytics.all):
        await eventually(lambda: analytics.numbered(total))
    publisher, lease = Publisher(settings.bootstrap), analytics.platform.lease("feed relay")
    relay = FeedRelay(analytics.platform.mongo, publisher, lease, settings)
    await relay.drain()
    records = await read_all(settings, settings.kafka_topic_prefix + region_topic("RU-ROS"))
    assert [int(dict(r.headers)["ce_seq"]) for r in records] == list(range(1, total + 1))
    assert {r.partition for r in records} == {0}
    page = await analytics.feed().page("RU-ROS", "0", 100, 0)
    assert [r.value.decode() for r in records] == [event["data"] for event in page["events"]]


async def test_nobody_reads_outside_the_own_scope(start: Callable[[], Analytics]) -> None:
    analytics = await _migrated(start)
    settings = analytics.platform.settings
    await publish(settings, *CATALOGUE, enveloped(builders.municipality("RU-ROS-002", "г. Азов")), *FACTS)
    await publish(settings, enveloped(builders.registered("p9", municipality="RU-ROS-002", school="RU-ROS-002-S01")))
    async with consuming(settings, *analytics.all):
        await eventually(lambda: analytics.shows(EXPECTED | {"registered": 4}))
    municipal = Scope((Grant("municipal-operator", "RU-ROS-002"),))
    narrowed = await analytics.figures(municipal).funnel(analytics.asked(), "municipality")
    assert [row["municipality"] for row in narrowed["rows"]] == ["RU-ROS-002"]
    assert narrowed["registered"] == 1
    assert narrowed["municipalities"] == [{"municipality": "RU-ROS-002", "name": "г. Азов"}]
    assert (await analytics.figures().funnel(analytics.asked(), None))["municipalities"] == []
    elsewhere = Scope((Grant("regional-operator", "RU-TAM"), Grant("municipal-operator", "RU-TAM-001")))
    with pytest.raises(Forbidden):
        await analytics.figures(elsewhere).funnel(analytics.asked(), None)
    for scope in (elsewhere, municipal):
        with pytest.raises(NotFound):
            await analytics.feed(scope).page("RU-ROS", str(Cursor(1, 0)), 10, 0)
