"""A service of one test: its own topics, groups and databases on the session's real servers."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.base.settings import Settings
from shared.runtime.migration import create_topics
from shared.runtime.service import Platform
from tests.drivers.service import own_settings


@pytest_asyncio.fixture(loop_scope="session")
async def settings(infrastructure: Infrastructure) -> AsyncIterator[Settings]:
    """Settings of an installation that nobody else uses; its topics exist."""
    own = own_settings(infrastructure, issuer="http://127.0.0.1:1/issuer")
    await create_topics(own)
    yield own


@pytest.fixture
def platform_of(settings: Settings) -> Iterator[Callable[..., Platform]]:
    """Makes the platform of a service, with settings changed where the test says so."""
    made: list[Platform] = []

    def make(service: str, **changed: Any) -> Platform:
        made.append(Platform(service, settings.model_copy(update=changed)))
        return made[-1]

    yield make
    for platform in made:
        platform.close()
