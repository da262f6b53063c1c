"""Merged pupils on real servers: counted once wherever their entries lie, by however many workers, and in a replay."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Any

import pytest
import pytest_asyncio
from aiokafka.partitioner import DefaultPartitioner

from services.analytics.collections import CELLS, GUARDIANS, PUPILS
from services.analytics.consumers import CATALOGUE as CATALOGUES
from services.analytics.consumers import FACTS, VIEWS
from services.analytics.copies import Copies
from services.analytics.documents import leaves, pupil_document, pupil_of
from services.analytics.projection import Projection
from shared.base.settings import Settings
from shared.contracts.event import Envelope
from shared.contracts.registration import ParticipantMerged
from shared.messaging import kafka
from shared.runtime.service import Platform
from shared.storage.mongo import Mongo
from tests.builders import events as builders
from tests.builders.entries import DAYS, SEASON, Entries
from tests.builders.events import enveloped
from tests.builders.recount import Counted, recount
from tests.drivers.analytics import Analytics, Body, overlapping, polled
from tests.drivers.consumers import consuming, eventually, publish
from tests.integration.shared.test_process import environment_of, process

HARDER = builders.season(diagnostics=("readiness", "interests"), trials_required=3)
CATALOGUE = [enveloped(HARDER), enveloped(builders.season("camp")), enveloped(builders.region())]
SURVIVOR, DUPLICATE = (
    enveloped(builders.merged("p1", "p2", "survivor"), 2),
    enveloped(builders.merged("p2", "p1", "duplicate"), 2),
)
REGISTERED = [enveloped(builders.registered(p)) for p in ("p1", "p2", "p3")]


class Fold:
    """The writers of the figures on one database."""

    def __init__(self, analytics: Analytics) -> None:
        self.mongo = analytics.platform.mongo
        self.writer = Projection(self.mongo, analytics.views[-1].offsets.group)
        self.catalogue = Copies(self.mongo, self.writer)

    async def define(self, *events: Envelope) -> None:
        """One poll of the catalogue."""
        await self.mongo.transact(lambda tx: self.catalogue.apply(polled(*events), tx))

    def poll(self, *facts: Envelope, partition: int = 0) -> Body:
        """What one poll of facts does in its transaction."""
        return lambda tx: self.writer.apply(polled(*facts, partition=partition), tx)

    async def learn(self, *facts: Envelope, partition: int = 0) -> None:
        """One poll of facts."""
        await self.mongo.transact(lambda tx: self.writer.apply(polled(*facts, partition=partition), tx))

    async def registered(self) -> int:
        """How many pupils are registered."""
        shown = await figures(self.mongo, DAYS[-1])
        return sum(n for row, n in shown.items() if row[0] == "funnel" and row[3] == "registered")


@pytest_asyncio.fixture
async def fold(platform_of: Callable[..., Platform]) -> Fold:
    analytics = Analytics(platform_of("analytics"))
    await analytics.migrate()
    fold = Fold(analytics)
    await fold.define(*CATALOGUE)
    return fold


async def figures(mongo: Mongo, day: str) -> Counted:
    """What the stored cells of season 2020 add up to at the end of a day."""
    found: Counted = Counter()
    async for packed in mongo[CELLS].find({"season": "2020"}):
        for path, n in leaves(packed.get("n", {})):
            if path[-1] <= day:
                found[packed["table"], packed["region"], packed["place"], *path[:-1]] += n
    return +found


async def same_as_a_recount(mongo: Mongo, told: Sequence[Envelope]) -> None:
    """Fails unless the cells say on every day what the facts do."""
    for day in DAYS:
        assert await figures(mongo, day) == recount(told, day), day


def interleaved(facts: Sequence[Envelope], rng: Random) -> Iterator[Envelope]:
    """The facts in another order, but of one topic and pupil in theirs."""
    queues: dict[tuple[str, str], list[Envelope]] = defaultdict(list)
    for fact in facts:
        queues[fact.event.topic, fact.event.key].append(fact)
    turns = [key for key, queue in queues.items() for _ in queue]
    rng.shuffle(turns)
    yield from (queues[key].pop(0) for key in turns)


@pytest.mark.parametrize("known", [REGISTERED, []])
@pytest.mark.parametrize("words", [(SURVIVOR, DUPLICATE), (DUPLICATE, SURVIVOR)])
async def test_two_workers_that_hear_the_two_words_of_a_merging(
    fold: Fold, known: list[Envelope], words: tuple[Envelope, Envelope]
) -> None:
    await fold.learn(*known)
    assert await overlapping(fold.mongo, fold.poll(words[0]), fold.poll(words[1], partition=1)) > 1
    await fold.learn(*REGISTERED)
    assert await fold.registered() == 2


@pytest.mark.parametrize("word_first", [False, True])
async def test_a_step_of_a_pupil_while_another_says_that_they_are_one(fold: Fold, word_first: bool) -> None:
    """Also of one whose row is not there yet, and who has said nothing so far."""
    await fold.learn(REGISTERED[0], DUPLICATE)
    word, step = fold.poll(SURVIVOR), fold.poll(REGISTERED[1], partition=1)
    assert await overlapping(fold.mongo, *((word, step) if word_first else (step, word))) > 1
    assert await fold.registered() == 1


async def test_steps_of_two_duplicates_of_one_pupil_meet(fold: Fold) -> None:
    """Neither names the other: they meet at their survivor."""
    words = (
        enveloped(builders.merged("p1", "p3", "survivor"), 3),
        enveloped(builders.merged("p3", "p1", "duplicate"), 2),
    )
    await fold.learn(*REGISTERED, SURVIVOR, DUPLICATE, *words)
    steps = [fold.poll(enveloped(builders.attended(p, "s1")), partition=n) for n, p in enumerate(("p2", "p3"))]
    assert await overlapping(fold.mongo, *steps) > 1
    demand = [n for row, n in (await figures(fold.mongo, DAYS[-1])).items() if row[0] == "demand"]
    assert demand == [1]


@pytest.mark.parametrize("seed", range(3))
async def test_terms_that_change_count_a_merged_pupil_once(fold: Fold, seed: int) -> None:
    rng = Random(seed)
    entries = Entries(rng, [f"p{n}" for n in range(8)])
    for version in range(4):
        facts = list(interleaved(entries.happen(60), rng))
        for n in range(0, len(facts), 7):
            await fold.learn(*facts[n : n + 7], partition=rng.randrange(2))
        await fold.define(enveloped(HARDER if version % 2 else SEASON, version + 2))
    await fold.define(enveloped(SEASON, 9))
    assert entries.survivors
    await same_as_a_recount(fold.mongo, entries.told)


@pytest.mark.parametrize("heard", [[SURVIVOR], [DUPLICATE], [SURVIVOR, DUPLICATE]])
async def test_terms_that_change_while_the_words_of_a_merging_are_heard(fold: Fold, heard: list[Envelope]) -> None:
    steps = [enveloped(builders.diagnosed(p, name)) for p in ("p1", "p2") for name in HARDER.diagnostics]
    steps += [enveloped(build(p)) for p in ("p1", "p2") for build in (builders.attended, builders.recommended)]
    told = [*REGISTERED, *steps, *heard]
    await fold.learn(*told)
    await fold.define(enveloped(SEASON, 2))
    await same_as_a_recount(fold.mongo, told)


async def test_who_was_never_merged_costs_one_read_a_poll(fold: Fold) -> None:
    await fold.learn(*REGISTERED, SURVIVOR, DUPLICATE)
    database = fold.mongo[PUPILS].database
    await database.command("profile", 2)
    await fold.learn(enveloped(builders.diagnosed("p3")), enveloped(builders.registered("p4")))
    await database.command("profile", 0)
    reads = await fold.mongo["system.profile"].find({"command.find": PUPILS}).to_list(None)
    assert len(reads) == 1
    written = fold.mongo["system.profile"].find(
        {"ns": f"{database.name}.{PUPILS}", "op": {"$in": ["update", "insert"]}}
    )
    assert len(await written.to_list(None)) == 2


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker process of analytics, whose log is read away."""
    async with process(environment_of(settings), "analytics", "worker") as child:
        assert child.stdout is not None
        drain = asyncio.create_task(child.stdout.read())
        try:
            yield child
        finally:
            drain.cancel()


async def everything_is_applied(mongo: Mongo, settings: Settings) -> bool:
    """Whether the groups of the figures have reached the end of every topic."""
    prefix, reached = settings.kafka_topic_prefix, []
    for group, names in ((VIEWS, FACTS), ("analytics.catalogue", CATALOGUES)):
        topics = [prefix + name for name in names]
        stored = mongo["offsets"].find({"group": prefix + group, "topic": {"$in": topics}})
        ends = await kafka.end_offsets(settings.bootstrap, topics)
        reached.append(sum([row["next"] async for row in stored]) == sum(ends.values()))
    return all(reached)


async def stored(mongo: Mongo) -> dict[str, Any]:
    """All that was folded, in an order of its own; how often rows of merged pupils were met is no part of it."""
    pupils = {row["_id"]: pupil_of(row) async for row in mongo[PUPILS].find({})}
    return {
        "pupils": {id: pupil for id, pupil in pupils.items() if pupil_document(id, pupil)["seasons"] or pupil.others},
        "guardians": {row["_id"]: row async for row in mongo[GUARDIANS].find({})},
        "cells": {day: await figures(mongo, day) for day in DAYS},
    }


@pytest.mark.timeout(300)
async def test_two_workers_with_the_two_partitions_of_pairs_that_are_killed_under_load(
    platform_of: Callable[..., Platform],
) -> None:
    rng, analytics = Random("pairs"), Analytics(platform_of("analytics"))
    settings, mongo = analytics.platform.settings, analytics.platform.mongo
    entries = Entries(rng, [f"p{n}" for n in range(40)], guardians=100_000)  # workers never meet at one of these
    await analytics.migrate()
    await publish(settings, *CATALOGUE)
    async with AsyncExitStack() as running:
        workers = [await running.enter_async_context(working(settings)) for _ in range(2)]
        for version, definition in enumerate((HARDER, SEASON, HARDER, SEASON), 2):
            await publish(settings, enveloped(definition, version))
            for turn in range(12):
                await publish(settings, *interleaved(entries.happen(80), rng))
                if turn == 8 and definition is SEASON:  # its partitions wait for its session
                    workers.pop(0).kill()
                    workers.append(await running.enter_async_context(working(settings)))
                await asyncio.sleep(rng.random() / 5)
            await eventually(lambda: everything_is_applied(mongo, settings))
    partition = DefaultPartitioner()
    pairs = {(fact.event.key, fact.event.other) for fact in entries.told if isinstance(fact.event, ParticipantMerged)}
    apart = [pair for pair in pairs if len({partition(id.encode(), [0, 1], [0, 1]) for id in pair}) == 2]
    assert len(apart) > 10
    assert entries.survivors
    await same_as_a_recount(mongo, entries.told)
    live = await stored(mongo)
    await mongo.drop()
    await analytics.migrate()
    async with consuming(settings, *Analytics(analytics.platform).views):
        await eventually(lambda: everything_is_applied(mongo, settings))
    assert await stored(mongo) == live
