"""The journal on a real database: what a worker has in hand is what is stored, whatever happens to it and to others."""

import asyncio
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest
import pytest_asyncio

from services.analytics import journal
from services.analytics.collections import CELLS, GUARDIANS, HEADS, MERGED, PAGES
from services.analytics.facts import Pupil, learn
from services.analytics.journal import Held
from services.analytics.projection import Projection
from services.analytics.runs import MOST_RUNS, States
from shared.contracts.event import Envelope
from shared.messaging.failures import ConsumerStopped
from shared.runtime.service import Platform
from shared.storage.mongo import Document, Mongo, Transaction
from tests.builders import events as builders
from tests.builders.entries import SEASON, Entries
from tests.builders.events import enveloped
from tests.drivers.analytics import Analytics, Fold, home, polled
from tests.drivers.figures import interleaved, known_pupils, same_as_a_recount

CATALOGUE = [enveloped(SEASON), enveloped(builders.season("camp")), enveloped(builders.region())]
FOLDED = (HEADS, PAGES, MERGED, CELLS, GUARDIANS)


class Dies(Exception):
    """A worker's end before its transaction is committed."""


class Workers:
    """Some workers of the figures on one database, of whom any may get any poll."""

    def __init__(self, fold: Fold, n: int = 3) -> None:
        self.mongo, self.told = fold.mongo, list[Envelope]()
        self._group = fold.analytics.views[-1].offsets.group
        self.all = [self.fresh() for _ in range(n)]

    def fresh(self) -> Projection:
        """A worker that has just started."""
        return Projection(self.mongo, self._group)

    async def dies(self, worker: Projection, *facts: Envelope) -> None:
        """The worker applies a poll, and nothing of it is committed."""

        async def body(tx: Transaction) -> None:
            await worker.apply(polled(*facts), tx)
            raise Dies

        with pytest.raises(Dies):
            await self.mongo.transact(body)

    async def applies(self, worker: Projection, *facts: Envelope) -> None:
        """The worker applies a poll that will come again."""
        await self.mongo.transact(lambda tx: worker.apply(polled(*facts), tx))

    async def learn(self, worker: Projection, *facts: Envelope) -> None:
        """The worker applies a poll."""
        await self.applies(worker, *facts)
        self.told += facts

    async def live(self, rng: Random, polls: int) -> None:
        """Polls come to workers that die, start anew, meet, and take partitions over from each other."""
        entries = Entries(rng, [f"p{n}" for n in range(12)])
        for _ in range(polls):
            facts = list(interleaved(entries.happen(8), rng))
            worker, number = rng.choice(self.all), rng.randrange(len(self.all))
            match rng.choice(("dies", "starts", "meets", "repeats", "works")):
                case "dies":
                    await self.dies(worker, *facts)
                    await self.learn(self.all[number], *facts)
                case "starts":
                    self.all[number] = self.fresh()
                    await self.learn(self.all[number], *facts)
                case "meets":
                    of = [[f for f in facts if home(f.event.key) == partition] for partition in (0, 1)]
                    await asyncio.gather(self.learn(worker, *of[0]), self.learn(self.all[number], *of[1]))
                case "repeats":
                    await self.applies(worker, *facts)
                    await self.learn(worker, *facts)
                case _:
                    await self.learn(worker, *facts)


@pytest_asyncio.fixture
async def workers(platform_of: Callable[..., Platform]) -> Workers:
    analytics = Analytics(platform_of("analytics"))
    await analytics.migrate()
    fold = Fold(analytics)
    await fold.define(*CATALOGUE)
    return Workers(fold)


async def _is_exact(workers: Workers) -> None:
    """Fails unless states and figures are what was told."""
    pupils: dict[str, Pupil] = {}
    for fact in workers.told:
        learn(pupils.setdefault(fact.event.key, Pupil()), fact)
    assert await known_pupils(workers.mongo) == pupils
    await same_as_a_recount(workers.mongo, workers.told)


@pytest.mark.parametrize("seed", range(3))
async def test_workers_that_die_start_meet_and_take_over_lose_and_double_nothing(workers: Workers, seed: int) -> None:
    await workers.live(Random(seed), polls=40)
    await _is_exact(workers)


def _trusts_itself(patch: pytest.MonkeyPatch) -> None:
    """Takes in what it writes before it is committed, and asks nobody whether it was."""

    def offer(held: Held, _: str, changed: States) -> None:
        held.states.update(changed)

    patch.setattr(Held, "offer", offer)
    patch.setattr(Held, "stands_at", lambda held, turn: True)


async def test_a_worker_that_does_not_ask_for_the_turn_is_found_out(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    _trusts_itself(monkeypatch)
    await workers.live(Random(0), polls=40)
    with pytest.raises(AssertionError):
        await _is_exact(workers)


async def test_what_another_worker_applies_reaches_the_one_that_holds_the_partition(workers: Workers) -> None:
    """A letter that was sent in again may be applied by any worker."""
    holder, other, _ = workers.all
    await workers.learn(holder, enveloped(builders.registered("p1")))
    await workers.learn(other, enveloped(builders.diagnosed("p1", SEASON.diagnostics[0])))
    await workers.learn(holder, enveloped(builders.diagnosed("p1", SEASON.diagnostics[1])))
    await _is_exact(workers)


async def _stored(mongo: Mongo) -> Mapping[str, list[Document]]:
    return {name: await mongo[name].find({}).to_list(None) for name in FOLDED}


async def test_a_database_that_was_put_back_is_gone_on_from(workers: Workers) -> None:
    worker, first, second = workers.all[0], enveloped(builders.registered("p1")), enveloped(builders.registered("p2"))
    await workers.learn(worker, first)
    backup = await _stored(workers.mongo)
    later = enveloped(builders.diagnosed("p1"))
    await workers.applies(worker, second, later)
    for name, rows in backup.items():
        await workers.mongo[name].delete_many({})
        if rows:
            await workers.mongo[name].insert_many(rows)
    await workers.learn(worker, second, later)
    await _is_exact(workers)


async def test_runs_become_one_and_leave_no_page_behind(workers: Workers) -> None:
    worker, ids = workers.all[0], [f"p{n}" for n in range(0, 8, 2)]
    await workers.learn(worker, *(enveloped(builders.registered(id)) for id in ids))
    for number in range(MOST_RUNS + 4):
        pupil = ids[number % len(ids)]
        await workers.learn(worker, enveloped(builders.diagnosed(pupil, attempt=f"{pupil}-{number}"), number + 2))
    (head,) = await workers.mongo[HEADS].find({}).to_list(None)
    assert len(head["runs"]) < MOST_RUNS
    stored = {page["_id"] async for page in workers.mongo[PAGES].find({})}
    assert stored == {f"{turn}:{n}" for turn, pages, _ in head["runs"] for n in range(pages)}
    await _is_exact(workers)
    await workers.learn(workers.fresh(), enveloped(builders.moved("p0"), 90))
    await _is_exact(workers)


async def test_a_page_that_is_missing_ends_the_group_and_is_named(workers: Workers) -> None:
    await workers.learn(workers.all[0], enveloped(builders.registered("p1")))
    page = await workers.mongo[PAGES].find_one_and_delete({})
    assert page is not None
    with pytest.raises(ConsumerStopped, match=page["_id"]):
        await workers.learn(workers.fresh(), enveloped(builders.diagnosed("p1")))


async def test_a_partition_that_nobody_tells_of_leaves_memory(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = workers.all[0]
    held: dict[int, Any] = worker._journal._held
    await workers.learn(worker, *(enveloped(builders.registered(f"p{n}")) for n in (1, 2)))
    assert held.keys() == {home("p1"), home("p2")}
    monkeypatch.setattr(journal, "IDLE_SECONDS", 0.0)
    await workers.learn(worker, enveloped(builders.diagnosed("p1")))
    monkeypatch.undo()
    assert held.keys() <= {home("p1")}
    await workers.learn(worker, enveloped(builders.diagnosed("p2")))
    await _is_exact(workers)
