"""What every fault test may ask for."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from rich.console import Console, RenderableType

from deploy.local.stack import Infrastructure
from tests.chaos.installation import Installation

Show = Callable[[RenderableType], None]


@pytest_asyncio.fixture(loop_scope="session")
async def installation(infrastructure: Infrastructure, tmp_path: Path) -> AsyncIterator[Installation]:
    """A system of this test's own, not started yet."""
    yield Installation.new(infrastructure, tmp_path)


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Show:
    """Prints what was measured, also when the test passes."""

    def shown(what: RenderableType) -> None:
        with capsys.disabled():
            Console(width=110).print(what, highlight=False)

    return shown


@pytest.fixture
def seed(show: Show) -> int:
    """Of every random choice of a fault test: CHAOS_SEED, or a new one; printed."""
    chosen = int(os.environ.get("CHAOS_SEED") or int.from_bytes(os.urandom(4)))
    show(f"\nCHAOS_SEED={chosen}")
    return chosen
