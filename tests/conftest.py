"""What every test may ask for."""

from collections.abc import AsyncIterator

import hypothesis
import pytest
import pytest_asyncio

from deploy.local import stack
from deploy.local.folder import data_folder
from deploy.local.stack import Infrastructure
from deploy.programs.server import NoInfrastructure

# No deadline: how long an example takes says more about the machine's other work than about ours.
hypothesis.settings.register_profile("bilet", deadline=None, max_examples=60)
hypothesis.settings.load_profile("bilet")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def infrastructure() -> AsyncIterator[Infrastructure]:
    """One real Kafka and MongoDB for the whole session; KAFKA_BOOTSTRAP_SERVERS and MONGO_URL are honoured."""
    try:
        with data_folder(keep=None) as data:
            async with stack.infrastructure(data, print) as running:
                yield running
    except NoInfrastructure as none:
        pytest.exit(str(none), returncode=2)
