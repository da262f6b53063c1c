"""Group commit: who shares a transaction, in which order, and that one command's failure is nobody else's."""

import asyncio
from collections.abc import Sequence

import pytest
from pymongo.errors import ConnectionFailure

from shared.base.errors import NotFound, ServiceError
from shared.storage.group_commit import GroupCommit


class Runs:
    """Remembers the groups; a group waits at the gate until it is opened."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.gate = asyncio.Event()

    async def __call__(self, commands: Sequence[int]) -> list[int | ServiceError]:
        self.groups.append(list(commands))
        await self.gate.wait()
        if 13 in commands:
            raise ValueError("a transaction that cannot be")
        if 99 in commands:
            raise ConnectionFailure("nobody there")
        if 7 in commands:
            return []
        return [NotFound("negative") if c < 0 else 10 * c for c in commands]


async def submitted(group_commit: GroupCommit[int, int], *commands: int) -> list[asyncio.Task[int]]:
    """Commands on their way, each in a task that has begun to wait."""
    tasks = [asyncio.create_task(group_commit.submit(command)) for command in commands]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_the_first_goes_at_once_and_those_that_come_meanwhile_share_the_next() -> None:
    runs = Runs()
    group_commit = GroupCommit(runs, weigh=lambda _: 1)
    first = await submitted(group_commit, 1)
    rest = await submitted(group_commit, 2, 3, 4)
    assert runs.groups == [[1]]
    runs.gate.set()
    assert await asyncio.gather(*first, *rest) == [10, 20, 30, 40]
    assert runs.groups == [[1], [2, 3, 4]]


async def test_a_group_weighs_no_more_than_the_bound_and_a_heavier_command_goes_alone() -> None:
    runs = Runs()
    runs.gate.set()
    group_commit = GroupCommit(runs, weigh=lambda command: command, most=5)
    await asyncio.gather(*(group_commit.submit(command) for command in (2, 3, 9, 4, 1, 1)))
    assert runs.groups == [[2, 3], [9], [4, 1], [1]]


async def test_a_refusal_is_its_own_commands_alone() -> None:
    runs = Runs()
    runs.gate.set()
    group_commit = GroupCommit(runs, weigh=lambda _: 1)
    outcomes = await asyncio.gather(*(group_commit.submit(c) for c in (1, -1, 2)), return_exceptions=True)
    assert (outcomes[0], type(outcomes[1]), outcomes[2]) == (10, NotFound, 20)
    assert runs.groups == [[1, -1, 2]]


async def test_a_command_that_breaks_its_transaction_does_not_break_its_neighbours() -> None:
    runs = Runs()
    runs.gate.set()
    group_commit = GroupCommit(runs, weigh=lambda _: 1)
    outcomes = await asyncio.gather(*(group_commit.submit(c) for c in (1, 13, 2)), return_exceptions=True)
    assert (outcomes[0], type(outcomes[1]), outcomes[2]) == (10, ValueError, 20)
    assert runs.groups == [[1, 13, 2], [1], [13], [2]]


async def test_nobody_is_left_without_an_outcome() -> None:
    runs = Runs()
    runs.gate.set()
    group_commit = GroupCommit(runs, weigh=lambda _: 1)
    waiting = asyncio.gather(*(group_commit.submit(c) for c in (1, 7)), return_exceptions=True)
    kept, lost = await asyncio.wait_for(waiting, 5)
    assert (kept, type(lost)) == (10, ValueError)


async def test_a_database_that_is_not_there_is_told_to_all_at_once() -> None:
    runs = Runs()
    runs.gate.set()
    group_commit = GroupCommit(runs, weigh=lambda _: 1)
    outcomes = await asyncio.gather(*(group_commit.submit(c) for c in (1, 99, 2)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ConnectionFailure] * 3
    assert runs.groups == [[1, 99, 2]]


async def test_whoever_leaves_does_not_disturb_the_others_and_the_next_command_finds_it_ready() -> None:
    runs = Runs()
    group_commit = GroupCommit(runs, weigh=lambda _: 1)
    leaving, staying = await submitted(group_commit, 1, 2)
    leaving.cancel()
    runs.gate.set()
    assert await staying == 20
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert await group_commit.submit(3) == 30
