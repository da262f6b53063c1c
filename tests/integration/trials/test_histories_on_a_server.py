"""Any history of commands to registration and trials, as in the unit tests, on databases of a real server.

The other ones are searched for faults by the thousand on databases in memory; here the same commands and the same model
show that the server does as those do, with its own transactions, keys and orders.
"""

import asyncio
import uuid
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from deploy.local.stack import Infrastructure
from services.registration.app import COLLECTIONS as REGISTERED
from services.trials.collections import COLLECTIONS as TRIED
from shared.storage.collections import Collections
from shared.storage.mongo import Mongo
from tests.drivers.any_history import AnyHistory
from tests.drivers.furnished import BEGIN, Kind, furnish
from tests.drivers.together import Together

EXAMPLES = max(3, settings().max_examples // 20)
SERVICES: Mapping[str, Collections] = {"registration": REGISTERED, "trials": TRIED}


@pytest.fixture
def names(infrastructure: Infrastructure) -> Iterator[list[str]]:
    """The databases of both services, with their collections; they are gone in the end."""
    unique = f"h{uuid.uuid4().hex[:8]}"
    named = [f"{unique}_{service}" for service in SERVICES]

    async def each(is_begun: bool) -> None:
        for name, collections in zip(named, SERVICES.values(), strict=True):
            mongo = Mongo(infrastructure.mongo_url, name)
            await (mongo.ensure(collections) if is_begun else mongo.drop())
            mongo.close()

    asyncio.run(each(is_begun=True))
    yield named
    asyncio.run(each(is_begun=False))


def test_a_history_on_a_server_is_as_sound_as_one_in_memory(infrastructure: Infrastructure, names: list[str]) -> None:
    class OnServer(AnyHistory):
        def made(self, kind: Kind) -> Together:
            """Both services, on databases that the history before has left empty."""
            self.kept = [Mongo(infrastructure.mongo_url, name) for name in names]
            both = Together(BEGIN, *self.kept)
            both.run(self._empty())
            furnish(both, kind)
            return both

        async def _empty(self) -> None:
            for mongo, collections in zip(self.kept, SERVICES.values(), strict=True):
                await asyncio.gather(*(mongo[name].delete_many({}) for name in collections))

        def teardown(self) -> None:
            """Ends the connections too."""
            super().teardown()
            for mongo in self.kept:
                mongo.close()

    how = settings(
        max_examples=EXAMPLES, stateful_step_count=40, phases=[Phase.generate], database=None, print_blob=True
    )
    run_state_machine_as_test(OnServer, settings=how)
