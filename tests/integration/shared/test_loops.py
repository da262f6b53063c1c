"""Loops over a real MongoDB that is there, is away, and comes back: nothing is lost, nothing twice, and why is told."""

import asyncio
from collections.abc import Callable

import pytest
from typing_extensions import override

from shared.runtime.service import Platform
from shared.storage.loops import WriteBehind
from shared.storage.mongo import Mongo


class Notes(WriteBehind):
    """Numbers that are written a while later."""

    name = "notes"
    pause_seconds = 0.01

    def __init__(self, mongo: Mongo) -> None:
        super().__init__("notes wait")
        self.mongo = mongo
        self.noted: list[int] = []

    @override
    async def step(self) -> None:
        batch = list(self.noted)
        if batch:
            await self.mongo["notes"].insert_many([{"_id": number} for number in batch])
            del self.noted[: len(batch)]


@pytest.fixture
def notes(platform_of: Callable[..., Platform]) -> Notes:
    return Notes(platform_of("registration").mongo)


async def written(notes: Notes) -> list[int]:
    return sorted([row["_id"] async for row in notes.mongo["notes"].find({})])


async def _until_all_is_written(notes: Notes) -> None:
    async with asyncio.timeout(20):
        while notes.noted:
            await asyncio.sleep(0.01)


async def test_what_was_noted_is_written_a_while_later(notes: Notes) -> None:
    running = asyncio.create_task(notes.run())
    for number in range(3):
        notes.noted.append(number)
        await _until_all_is_written(notes)
    running.cancel()
    await asyncio.wait([running])
    assert await written(notes) == [0, 1, 2]


async def test_what_waits_at_the_end_is_written_then(notes: Notes) -> None:
    notes.pause_seconds = 600.0
    notes.noted.append(1)
    running = asyncio.create_task(notes.run())
    await _until_all_is_written(notes)
    notes.noted.append(2)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await written(notes) == [1, 2]


async def test_two_who_ask_at_once_write_each_once(notes: Notes) -> None:
    notes.noted += range(100)
    await asyncio.gather(notes.flush(), notes.turn(), notes.flush())
    assert await written(notes) == list(range(100))


async def test_while_the_database_is_away_it_waits_says_why_and_goes_on(
    notes: Notes, platform_of: Callable[..., Platform]
) -> None:
    there, away = notes.mongo, platform_of("registration").mongo
    away.close()
    notes.mongo = away
    notes.noted.append(1)
    assert notes.waiting is None
    await notes.flush()
    assert notes.waiting is not None
    assert notes.waiting[0].startswith("notes: ")
    assert notes.noted == [1]
    notes.mongo = there
    await notes.flush()
    assert (notes.waiting, notes.noted, await written(notes)) == (None, [], [1])
