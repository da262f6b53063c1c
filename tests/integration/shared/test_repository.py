"""Aggregates on a real database: a new one is inserted, a known one replaced, and two writers never overwrite."""

import asyncio
from collections.abc import Callable

import pytest
import pytest_asyncio
from pymongo.errors import BulkWriteError

from shared.runtime.service import PLATFORM_COLLECTIONS, Platform
from shared.storage.collections import Kept
from shared.storage.decision import Aggregate, Decision, Happened
from shared.storage.mongo import Transaction
from shared.storage.repository import Repository
from tests.builders.events import at, registered


class Pupil(Aggregate):
    seasons: tuple[str, ...] = ()


def entered(pupil: Pupil, season: str) -> Decision[Pupil]:
    """The pupil enters one more season."""
    event = registered(pupil.id, season)
    return Decision(
        pupil.model_copy(update={"seasons": (*pupil.seasons, season)}), (Happened(event, at("2020-09-14")),)
    )


class Pupils:
    """One collection of them."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.repository: Repository[Pupil] = platform.repository("pupils", Pupil)

    async def save(self, *decisions: Decision[Pupil]) -> None:
        await self.platform.mongo.transact(lambda tx: self.repository.save(decisions, tx))

    async def stored(self) -> dict[str, tuple[int, tuple[str, ...]]]:
        found = await self.repository.load(["new", "known", "other"])
        return {id: (pupil.sequence, pupil.seasons) for id, pupil in sorted(found.items())}

    async def events(self) -> list[str]:
        return sorted(row.id for waiting in await self.platform.outbox.pending(100) for row in waiting.rows)


@pytest_asyncio.fixture(loop_scope="session")
async def pupils(platform_of: Callable[..., Platform]) -> Pupils:
    made = Pupils(platform_of("registration"))
    await made.platform.mongo.ensure({**PLATFORM_COLLECTIONS, "pupils": Kept()})
    return made


async def test_new_and_known_aggregates_are_saved_together(pupils: Pupils) -> None:
    await pupils.save(entered(Pupil(id="known"), "2019"))
    known = (await pupils.repository.load(["known"]))["known"]
    await pupils.save(entered(Pupil(id="new"), "2020"), Decision(Pupil(id="other")), entered(known, "2020"))
    assert await pupils.stored() == {"known": (2, ("2019", "2020")), "new": (1, ("2020",))}
    assert await pupils.events() == ["known:0000000001", "known:0000000002", "new:0000000001"]


async def test_two_writers_that_hold_it_for_new_follow_each_other(pupils: Pupils) -> None:
    loaded, overtaken = asyncio.Event(), asyncio.Event()

    async def slowly(tx: Transaction) -> None:
        pupil = (await pupils.repository.load(["new"], tx)).get("new", Pupil(id="new"))
        loaded.set()
        await overtaken.wait()
        await pupils.repository.save([entered(pupil, "2020")], tx)

    slow = asyncio.create_task(pupils.platform.mongo.transact(slowly))
    await loaded.wait()
    await pupils.save(entered(Pupil(id="new"), "2019"))
    overtaken.set()
    await slow
    assert await pupils.stored() == {"new": (2, ("2019", "2020"))}
    assert await pupils.events() == ["new:0000000001", "new:0000000002"]


async def test_a_new_one_that_is_there_is_an_error(pupils: Pupils) -> None:
    await pupils.save(entered(Pupil(id="known"), "2019"))
    with pytest.raises(BulkWriteError):
        await pupils.save(entered(Pupil(id="new"), "2020"), entered(Pupil(id="known"), "2020"))
    assert await pupils.stored() == {"known": (1, ("2019",))}
    assert await pupils.events() == ["known:0000000001"]


async def test_a_known_one_that_is_not_there_is_an_error(pupils: Pupils) -> None:
    with pytest.raises(LookupError):
        await pupils.save(entered(Pupil(id="new"), "2020"), entered(Pupil(id="known", sequence=3), "2020"))
    assert (await pupils.stored(), await pupils.events()) == ({}, [])
