"""What every test may ask for."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import hypothesis
import pytest
import pytest_asyncio
from xdist.remote import Producer

from deploy.local import stack
from deploy.local.folder import data_folder
from deploy.local.stack import Infrastructure
from deploy.programs.server import NoInfrastructure
from shared.base.settings import Settings
from shared.runtime.migration import create_topics
from shared.runtime.service import Platform
from tests.drivers.scheduling import BySystem
from tests.drivers.service import own_settings

# No deadline: how long an example takes says more about the machine's other work than about ours.
hypothesis.settings.register_profile("bilet", deadline=None, max_examples=60)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=1_000)
hypothesis.settings.load_profile("bilet")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> BySystem:
    """Hands files to processes, those that share a system to one process."""
    return BySystem(config, log)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def infrastructure() -> AsyncIterator[Infrastructure]:
    """One real Kafka and MongoDB for the whole session; KAFKA_BOOTSTRAP_SERVERS and MONGO_URL are honoured."""
    try:
        with data_folder(keep=None) as data:
            async with stack.infrastructure(data, print) as running:
                yield running
    except NoInfrastructure as none:
        pytest.exit(str(none), returncode=2)


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
