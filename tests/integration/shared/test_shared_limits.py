"""Limits that processes share by the real database: together they give the limit and a stated slack, no more."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from deploy.local.stack import Infrastructure
from deploy.programs.ports import free_port
from shared.base.quota import Quota, QuotaExceeded
from shared.http import open_answers
from shared.http.open_answers import FREE, OpenAnswers
from shared.http.permits import COLLECTION, Permits
from shared.runtime.service import PLATFORM_COLLECTIONS, Platform
from shared.storage.mongo import Mongo
from tests.drivers.consumers import eventually
from tests.drivers.notifications import Notifications
from tests.drivers.registration import Registration, registration
from tests.drivers.service import installed

PROCESSES = 4
QUOTA = Quota(200, 3_600)


@pytest_asyncio.fixture(loop_scope="session")
async def mongo(platform_of: Callable[..., Platform]) -> Mongo:
    made: Mongo = platform_of("registration").mongo
    await made.ensure(PLATFORM_COLLECTIONS)
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        yield service


async def given(permits: Permits, key: str, asked: int, pause: float = 0.0) -> int:
    count = 0
    for _ in range(asked):
        try:
            await permits.take(key)
        except QuotaExceeded:
            pass
        else:
            count += 1
        if pause:
            await asyncio.sleep(random.random() * pause)
    return count


@pytest.mark.parametrize("quota", [QUOTA, Quota(10, 3_600)])
async def test_processes_together_give_a_quota_and_two_chunks_each(mongo: Mongo, quota: Quota) -> None:
    """Each asks for the whole of it several times over, in several tasks at once."""
    processes = [Permits("together", quota, mongo) for _ in range(PROCESSES)]
    tasks = [given(process, "anna", quota.units // 2, 0.01) for process in processes for _ in range(4)]
    total = sum(await asyncio.gather(*tasks))
    assert quota.units <= total <= quota.units + 2 * quota.chunk * PROCESSES

    async def told() -> bool:
        return all(meter.untold < quota.chunk for process in processes for meter in process._meters.values())

    await eventually(told)
    late = Permits("together", quota, mongo)
    total += await given(late, "anna", quota.units)
    assert total <= quota.units + 2 * quota.chunk * (PROCESSES + 1)
    assert await given(late, "boris", 1) == 1


async def test_who_does_little_costs_the_database_nothing(mongo: Mongo) -> None:
    permits = Permits("little", Quota(100, 1), mongo)
    assert await given(permits, "anna", permits.quota.chunk - 1) == permits.quota.chunk - 1

    async def forgotten() -> bool:
        return not permits._meters

    await eventually(forgotten)
    assert await mongo[COLLECTION].count_documents({"_id": "little anna"}) == 0


async def test_over_a_longer_time_the_rate_is_that_of_the_quota(mongo: Mongo) -> None:
    quota = Quota(50, 1)
    processes = [Permits("rate", quota, mongo) for _ in range(PROCESSES)]
    begun, total = time.monotonic(), 0
    while time.monotonic() < begun + 4:
        total += sum(await asyncio.gather(*(given(process, "anna", 5, 0.005) for process in processes)))
    most = quota.units + 2 * quota.chunk * PROCESSES + quota.units * (time.monotonic() - begun)
    assert 3 * quota.units < total <= most


async def test_what_is_given_back_is_there_for_all_processes(mongo: Mongo) -> None:
    first, second = (Permits("back", Quota(10, 3_600), mongo) for _ in range(2))
    for _ in range(20):
        await first.take("anna")
        first.give_back("anna")
    assert await given(second, "anna", 20) == 10


async def test_without_the_database_each_process_keeps_the_quota_and_tells_it_afterwards(mongo: Mongo) -> None:
    away = Mongo(f"mongodb://127.0.0.1:{free_port()}/?replicaSet=none", "none")
    permits = Permits("away", Quota(20, 3_600), away)
    with capture_logs() as logs:
        begun = time.monotonic()
        assert await given(permits, "anna", 100) == 20
        assert time.monotonic() - begun < 5
    assert {log["log_level"] for log in logs} == {"warning"}
    away.close()
    permits._rows = mongo[COLLECTION]
    permits._alone_until = float("-inf")

    async def told() -> bool:
        return await mongo[COLLECTION].find_one({"_id": "away anna"}) is not None

    await eventually(told)
    assert await given(Permits("away", Quota(20, 3_600), mongo), "anna", 20) <= 2


async def test_answers_that_are_open_are_counted_over_processes(mongo: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_answers, "TELL_SECONDS", 0.2)
    processes = [OpenAnswers(mongo) for _ in range(PROCESSES)]
    async with AsyncExitStack() as stack:

        async def opened(process: OpenAnswers) -> int:
            try:
                await stack.enter_async_context(process.opened("anna", 10))
            except QuotaExceeded:
                return 0
            return 1

        total = sum(await asyncio.gather(*(opened(process) for process in processes * 25)))
        assert 1 < total <= 10 + FREE * PROCESSES

    async def forgotten() -> bool:
        return await mongo[open_answers.COLLECTION].count_documents({}) == 0

    await eventually(forgotten)


async def test_answers_of_a_process_that_died_are_forgotten(mongo: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_answers, "LEASE_SECONDS", 1)
    dead, alive = OpenAnswers(mongo), OpenAnswers(mongo)
    async with AsyncExitStack() as stack:
        for _ in range(4):
            await stack.enter_async_context(dead.opened("anna", 4))
        assert dead._telling is not None
        dead._telling.cancel()

        async def again() -> bool:
            async with AsyncExitStack() as mine:
                try:
                    for _ in range(3):
                        await mine.enter_async_context(alive.opened("anna", 4))
                except QuotaExceeded:
                    return False
                return True

        assert not await again()
        await eventually(again)


async def test_wrong_link_codes_are_stopped_after_a_handful_by_all_processes(running: Registration) -> None:
    async with running.replica() as other:
        calls = (running.redeem(f"XXXX-{n:04}", "stranger", base=(running.base, other)[n % 2]) for n in range(300))
        statuses = Counter(status for status, _ in await asyncio.gather(*calls))
        assert set(statuses) == {404, 429}
        assert 10 <= statuses[404] <= 10 + 2 * 2
        for base in (running.base, other):
            assert await running.redeem("XXXX-9999", "stranger", base=base) == (429, "quota-exceeded")
        assert (await running.redeem("XXXX-9999", "somebody else", base=other))[0] == 404


async def test_streams_of_an_account_are_limited(infrastructure: Infrastructure) -> None:
    async with installed(Notifications, infrastructure) as running, AsyncExitStack() as stack:
        headers = running.bearer("anna", [{"role": "guardian"}])
        url = f"{running.base}/notifications/stream"
        statuses = Counter[int]()
        for _ in range(25):
            answer = await stack.enter_async_context(running.http.get(url, headers=headers))
            statuses[answer.status] += 1
        assert statuses == {200: 20, 429: 5}
        other = running.bearer("boris", [{"role": "guardian"}])
        assert (await stack.enter_async_context(running.http.get(url, headers=other))).status == 200
        await stack.aclose()

        async def free() -> bool:
            async with running.http.get(url, headers=headers) as answer:
                return answer.status == 200

        await eventually(free)
