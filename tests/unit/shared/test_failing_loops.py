"""A loop that fails is begun again, and is told of by the probes for as long as it does not run well."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from shared.base.settings import Settings
from shared.runtime import parts
from shared.runtime.parts import Parts
from shared.runtime.service import Platform


class Failing:
    """A loop whose first runs fail."""

    name = "own"

    def __init__(self, failures: int) -> None:
        self.beat = time.monotonic()
        self.left = failures

    @property
    def waiting(self) -> tuple[str, float] | None:
        return None

    async def run(self) -> None:
        if self.left:
            self.left -= 1
            raise RuntimeError("a fault of ours")
        await asyncio.Event().wait()


@pytest_asyncio.fixture
async def platform() -> AsyncIterator[Platform]:
    nowhere = Settings(
        kafka_bootstrap_servers="127.0.0.1:9",
        mongo_url="mongodb://127.0.0.1:9",
        master_key=bytes(32),
        oidc_issuer="http://127.0.0.1:9",
    )
    made = Platform("trials", nowhere)
    yield made
    made.close()


@pytest_asyncio.fixture
async def kept(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Parts, Failing]]:
    """A process that keeps a loop which fails once; 10 ms of it are enough to tell that it runs."""
    monkeypatch.setattr(parts, "WAITED_SECONDS", 0.0)
    monkeypatch.setattr(parts, "WELL_SECONDS", 0.01)
    loop = Failing(1)
    running = Parts(platform, [], [loop])
    running._reached.set()
    keeping = asyncio.create_task(running._keep(loop, lambda: False))
    yield running, loop
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


async def test_a_loop_that_runs_again_is_not_told_of_for_ever(kept: tuple[Parts, Failing]) -> None:
    running, loop = kept
    async with asyncio.timeout(10):
        while not running.waiting():
            await asyncio.sleep(0)
        assert loop.left == 0
        assert running.waiting()[0].startswith("own: RuntimeError")
        while running.waiting():
            await asyncio.sleep(0.01)
