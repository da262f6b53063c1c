"""The fold on a real database: guardians distinct in every scope, workers that meet, rules that change late."""

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import TopicPartition

from services.analytics.collections import CELLS, GUARDIANS
from services.analytics.figures.rows import Dimension
from shared.base.errors import Forbidden
from shared.identity.grants import Grant, Scope
from shared.messaging.offsets import Move
from shared.runtime.service import Platform
from shared.storage.mongo import Transaction
from tests.builders import events as builders
from tests.builders.events import at, enveloped
from tests.builders.families import Register, key_of
from tests.drivers.analytics import OPERATOR, Analytics, Fold, overlapping, polled
from tests.drivers.consumers import consuming, eventually, publish

MUNICIPALITIES = ("RU-ROS-001", "RU-ROS-002", "RU-ROS-003")
DAYS = ("2020-09-01", "2020-09-02", "2020-09-20", "2020-10-05")
EASIER = builders.season(diagnostics=("readiness",), trials_required=1)
PLACE = TopicPartition("registration.events.v1", 0)


@pytest_asyncio.fixture
async def fold(platform_of: Callable[..., Platform]) -> Fold:
    analytics = Analytics(platform_of("analytics"))
    await analytics.migrate()
    fold = Fold(analytics)
    await fold.define(
        enveloped(builders.season()),
        enveloped(builders.region()),
        *(enveloped(builders.municipality(code)) for code in MUNICIPALITIES),
    )
    return fold


def _municipal(*codes: str) -> Scope:
    return Scope(tuple(Grant("municipal-operator", code) for code in codes))


@pytest.mark.parametrize("seed", range(3))
async def test_guardians_are_distinct_whatever_is_asked(fold: Fold, seed: int) -> None:
    rng = Random(seed)
    register = Register(rng, DAYS, MUNICIPALITIES)
    for _ in range(14):
        await fold.learn(*register.facts(rng.randrange(1, 12)))
    scopes = [(OPERATOR, MUNICIPALITIES)] + [(_municipal(*MUNICIPALITIES[:n]), MUNICIPALITIES[:n]) for n in (1, 2)]
    dimensions: tuple[Dimension, ...] = ("municipality", "school", "class", "grade", "day")
    for scope, municipalities in scopes:
        for as_of in (None, *DAYS):
            for by in dimensions:
                expected = register.guardians(municipalities, as_of or DAYS[-1], by)
                answer = await fold.funnel(scope, by, as_of)
                assert answer["guardians"] == len(expected[None])
                rows = {key_of(by, row): row["guardians"] for row in answer["rows"]}
                assert rows == {key: len(expected.get(key, ())) for key in rows}, (scope, as_of, by)
                assert rows.keys() >= expected.keys() - {None}


async def test_two_workers_that_meet_at_one_guardian(fold: Fold) -> None:
    def child(pupil: str, partition: int, **place: Any) -> Callable[[Transaction], Awaitable[None]]:
        facts = enveloped(builders.registered(pupil, **place)), enveloped(builders.guardian_linked(pupil, **place))
        return lambda tx: fold.writer.apply(polled(*facts, partition=partition), tx)

    elsewhere = {"municipality": "RU-ROS-002", "school": "RU-ROS-002-S01"}
    assert await overlapping(fold.mongo, child("p1", 0), child("p2", 1, **elsewhere)) > 1
    assert await overlapping(fold.mongo, child("p3", 2), child("p4", 3)) > 1  # the guardian is known by now
    answer = await fold.funnel(by="municipality")
    assert (answer["registered"], answer["guardians"]) == (4, 1)
    assert [row["guardians"] for row in answer["rows"]] == [1, 1]
    assert await fold.mongo[GUARDIANS].count_documents({}) == 1


@pytest.mark.parametrize("definition_first", [False, True])
async def test_a_poll_under_way_while_the_rules_change(fold: Fold, definition_first: bool) -> None:
    offsets = fold.analytics.views[-1].offsets
    await offsets.read([PLACE])
    await fold.learn(enveloped(builders.registered("p1")), enveloped(builders.diagnosed("p1")))

    async def facts(tx: Transaction) -> None:
        assert await offsets.advance([Move(PLACE, 0, 2)], tx)
        news = enveloped(builders.registered("p2")), enveloped(builders.diagnosed("p2"))
        await fold.writer.apply(polled(*news), tx)

    async def definition(tx: Transaction) -> None:
        await fold.catalogue.apply(polled(enveloped(EASIER, 2), partition=1), tx)  # other documents of cells

    bodies = (definition, facts) if definition_first else (facts, definition)
    assert await overlapping(fold.mongo, *bodies) > 1
    assert (await fold.funnel())["tested"] == 2


@pytest.mark.parametrize("others", [[], [PLACE]])
async def test_a_partition_that_is_first_seen_while_the_rules_change(fold: Fold, others: list[TopicPartition]) -> None:
    offsets, new = fold.analytics.views[-1].offsets, TopicPartition(PLACE.topic, 5)
    await offsets.read(others)
    await fold.learn(enveloped(builders.registered("p1")), enveloped(builders.diagnosed("p1")))

    async def facts(tx: Transaction) -> None:
        assert await offsets.advance([Move(new, 0, 2)], tx)
        news = enveloped(builders.registered("p2")), enveloped(builders.diagnosed("p2"))
        await fold.writer.apply(polled(*news, partition=5), tx)

    attempts = 0

    async def definition(tx: Transaction) -> None:
        nonlocal attempts
        attempts += 1
        await fold.mongo["seasons"].find_one({}, session=tx)  # the snapshot
        if attempts == 1:
            await offsets.read([new])
            await fold.mongo.transact(facts)
        await fold.catalogue.apply(polled(enveloped(EASIER, 2), partition=1), tx)

    await fold.mongo.transact(definition)
    assert attempts > 1
    assert (await fold.funnel())["tested"] == 2


async def test_polls_do_not_write_the_fence(fold: Fold) -> None:
    """It would be one document that all workers contend for."""
    offsets = fold.analytics.views[-1].offsets
    await offsets.read([PLACE])
    before = await fold.mongo["offset_fences"].find({}).to_list(None)
    assert await fold.mongo.transact(lambda tx: offsets.advance([Move(PLACE, 0, 1)], tx))
    await fold.learn(enveloped(builders.registered("p1")))
    await offsets.read([PLACE])
    assert await fold.mongo["offset_fences"].find({}).to_list(None) == before != []


async def test_days_of_guardians_alone_have_rows(fold: Fold) -> None:
    pupils = [enveloped(builders.registered(p), time=at("2020-09-01")) for p in ("p1", "p2")]
    links = [enveloped(builders.guardian_linked("p1", "g1"), 2, time=at("2020-09-05"))]
    await fold.learn(*pupils, *links, enveloped(builders.guardian_linked("p2", "g2"), 2, time=at("2020-09-06")))
    rows = (await fold.funnel(by="day"))["rows"]
    shown = [(row["day"], row["registered"], row["guardians"]) for row in rows]
    assert shown == [("2020-09-01", 2, 0), ("2020-09-05", 0, 1), ("2020-09-06", 0, 1)]


async def test_a_region_under_the_code_of_a_municipality_is_not_its_operator(fold: Fold) -> None:
    with pytest.raises(Forbidden):
        await fold.funnel(Scope((Grant("regional-operator", MUNICIPALITIES[0]),)))


async def test_a_place_of_one_code_in_two_regions_is_counted_in_each(fold: Fold) -> None:
    """What another region says of a place takes no pupil away, whichever comes first."""
    await fold.learn(enveloped(builders.registered("p0", region="RU-XXX")))
    await fold.learn(enveloped(builders.registered("p1")), enveloped(builders.guardian_linked("p1"), 2))
    assert [(row["municipality"], row["registered"]) for row in (await fold.funnel(by="municipality"))["rows"]] == [
        ("RU-ROS-001", 1)
    ]
    assert [row["guardians"] for row in (await fold.funnel(by="school"))["rows"]] == [1]


async def test_an_older_definition_changes_no_figure(fold: Fold) -> None:
    await fold.learn(enveloped(builders.registered("p1")), enveloped(builders.diagnosed("p1")))
    await fold.define(enveloped(EASIER, 3))
    await fold.define(enveloped(builders.season(), 2))
    assert (await fold.funnel())["tested"] == 1


async def test_rules_that_change_after_the_first_fact(platform_of: Callable[..., Platform]) -> None:
    """Trials accepts a definition until it knows the first pupil: analytics may know that pupil already."""
    live, replay = Analytics(platform_of("analytics")), Analytics(platform_of("analytics"))
    settings, asked = live.platform.settings, live.asked()
    first, later = ([enveloped(builders.registered(p)), enveloped(builders.diagnosed(p))] for p in ("p1", "p2"))
    await live.migrate()
    await publish(settings, enveloped(builders.season()), enveloped(builders.region()), *first)
    async with consuming(settings, *live.views):
        await eventually(lambda: live.shows({"participated": 1, "tested": 0}))
        await publish(settings, enveloped(EASIER, 2))
        await eventually(lambda: live.shows({"tested": 1}))
        await publish(settings, *later)
        await eventually(lambda: live.shows({"tested": 2}))
    seen = await live.figures().funnel(asked, "day")
    await live.platform.mongo.drop()
    await replay.migrate()
    async with consuming(settings, *replay.views):
        await eventually(lambda: replay.shows({"tested": 2}))
    assert await replay.figures().funnel(asked, "day") == seen


async def test_cells_are_packed_by_the_partition_whose_records_cause_them(fold: Fold) -> None:
    """So two workers never write one document; only their sum has a meaning."""
    for partition in (0, 3):
        await fold.learn(enveloped(builders.registered(f"p{partition}")), partition=partition)
    packed = fold.mongo[CELLS].find({"table": "funnel"})
    assert sorted([(row["partition"], row["_id"].rpartition("|")[2]) async for row in packed]) == [(0, "0"), (3, "3")]
    assert (await fold.funnel())["registered"] == 2


async def test_an_older_definition_takes_no_newer_name_away(fold: Fold) -> None:
    told = [(2, "Азовский район"), (1, "Азовский уезд")]
    for sequence, name in told:
        await fold.define(enveloped(builders.municipality(name=name), sequence))
    row = await fold.mongo["organisations"].find_one({"_id": "RU-ROS-001"})
    assert row is not None
    assert (row["name"], row["sequence"]) == ("Азовский район", "0000000002")


async def test_a_poll_writes_one_document_of_cells_a_place(fold: Fold) -> None:
    """Under the lowest of its own partitions, which no other worker writes under."""
    facts = [
        *polled(enveloped(builders.registered("p1")), partition=5),
        *polled(enveloped(builders.registered("p2")), partition=3),
    ]
    await fold.mongo.transact(lambda tx: fold.writer.apply(facts, tx))
    cells = await fold.mongo[CELLS].find({}).to_list(None)
    assert {row["partition"] for row in cells} == {3}
    assert (await fold.funnel())["registered"] == 2


async def test_a_season_that_ends_earlier_counts_guardians_where_the_pupil_was_by_then(fold: Fold) -> None:
    neighbour = {**builders.PLACE, "municipality": "RU-ROS-002", "school": "RU-ROS-002-S01"}
    await fold.learn(
        enveloped(builders.registered("p1"), 1, at("2020-09-01")),
        enveloped(builders.guardian_linked("p1"), 2, at("2020-09-05")),
        enveloped(builders.moved("p1", to=neighbour), 3, at("2020-12-01")),
    )
    await fold.define(enveloped(builders.season(closes="2020-10-31"), 2))
    rows = {
        row["municipality"]: (row["registered"], row["guardians"])
        for row in (await fold.funnel(by="municipality"))["rows"]
    }
    assert rows == {"RU-ROS-001": (1, 1)}
    await fold.learn(enveloped(builders.guardian_unlinked("p1"), 4, at("2020-10-01")))
    assert (await fold.funnel())["guardians"] == 0
