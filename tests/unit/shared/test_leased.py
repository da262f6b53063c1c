"""A leased loop: it stops only when nothing waits, closes after a failure, and makes no step without the lease."""

import asyncio
from collections.abc import Iterable

import pytest
from aiokafka.errors import KafkaConnectionError
from pymongo.errors import AutoReconnect, InvalidOperation

from shared.messaging.lease import Lease
from shared.messaging.leased import LeasedLoop


class OwnLease(Lease):
    """A lease whose answers are told beforehand; ours once they are used up."""

    def __init__(self, *answers: bool) -> None:
        self.answers = [*answers]
        self.released = False

    async def acquire(self) -> bool:
        return self.answers.pop(0) if self.answers else True

    async def release(self) -> None:
        self.released = True


class Counted(LeasedLoop):
    """Has a number of things to do, one a step, and fails before some."""

    name = "counted"

    def __init__(self, lease: Lease, things: int, failures: Iterable[Exception] = ()) -> None:
        super().__init__(lease)
        self.left = things
        self.failures = [*failures]
        self.closed = 0

    async def step(self) -> int:
        if self.failures:
            raise self.failures.pop()
        self.left -= 1
        return 1

    async def waits(self) -> bool:
        return self.left > 0

    async def close(self) -> None:
        self.closed += 1


async def test_it_drains_what_waits_and_gives_the_lease_back() -> None:
    lease = OwnLease()
    loop = Counted(lease, 3)
    await loop.drain()
    assert (loop.left, loop.closed, lease.released) == (0, 1, True)


@pytest.mark.parametrize("failure", [KafkaConnectionError(), AutoReconnect("no primary"), ConnectionResetError()])
async def test_it_waits_out_what_does_not_answer(failure: Exception) -> None:
    loop = Counted(OwnLease(), 1, [failure])
    await loop.drain()
    assert (loop.left, loop.closed) == (0, 2)


async def test_another_failure_ends_it_and_still_gives_the_lease_back() -> None:
    lease = OwnLease()
    loop = Counted(lease, 1, [KeyError("a bug")])
    with pytest.raises(KeyError):
        await loop.run()
    assert (loop.closed, lease.released) == (1, True)


async def test_without_the_lease_it_stands_by() -> None:
    loop = Counted(OwnLease(False), 1)
    draining = asyncio.create_task(loop.drain())
    await asyncio.sleep(0.05)
    assert loop.left == 1
    await draining
    assert loop.left == 0


class Stubborn(Counted):
    """Has work that it cannot do, for some steps."""

    def __init__(self, steps: int) -> None:
        super().__init__(OwnLease(), steps)

    async def step(self) -> int:
        self.left -= 1
        self.held = "nobody takes it" if self.left else None
        return 0


async def test_a_loop_that_cannot_do_its_work_waits_and_says_why_until_it_can() -> None:
    loop = Stubborn(2)
    assert loop.waiting is None
    await loop._turn()
    assert loop.waiting is not None
    assert loop.waiting[0] == "counted: nobody takes it"
    await loop._turn()
    assert loop.waiting is None


async def test_an_end_that_nobody_answers_is_no_failure_of_the_loop() -> None:
    """What had given up was taken for failed, and begun again on closed connections for ever."""

    class Gone(OwnLease):
        async def release(self) -> None:
            raise InvalidOperation("Cannot use MongoClient after close")

    loop = Counted(Gone(), 1)
    running = asyncio.create_task(loop.run())
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
