"""Erased pupils on real Kafka and MongoDB: nobody acts for them, and the act is told once what was cleared."""

from collections.abc import AsyncIterator

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.trials.collections import NEEDS, PARTICIPANTS
from shared.contracts.registration import AccountLinked
from shared.contracts.trials import PathErased
from shared.http.audit import ACTORS
from tests.builders.events import PLACE, erased
from tests.drivers.consumers import eventually
from tests.drivers.trials import Trials, trials_service


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def test_an_erased_pupil_s_own_account_is_in_no_entry_of_the_audit_log(trials: Trials) -> None:
    await trials.enrol("er3")
    mine = trials.account("erased-self")
    await trials.publish(AccountLinked(**{**PLACE, "participant": "er3", "account": mine}))
    await trials.know({"_id": "er3", "accounts.account": mine}, 1, PARTICIPANTS)
    await trials.must("GET", "/participants/er3/path?season=2020", role="pupil", org="erased-self")
    await trials.know({"_id": mine}, 1, ACTORS)
    actor = await trials.mongo[ACTORS].find_one({"_id": mine})
    await trials.publish(erased("er3", account=mine))
    await trials.know({"_id": "er3", "erased": True}, 1, PARTICIPANTS)
    await trials.know({"_id": mine}, 0, ACTORS)

    async def told() -> bool:
        found = [e.event for e in await trials.published("trials.events.v1") if isinstance(e.event, PathErased)]
        return [event.rows for event in found if event.key == "er3"] == [
            {"attempts": 0, "drafts": 0, "repeats": 0, "reviews": 0, NEEDS: 0, "waiting": 0, PARTICIPANTS: 1, ACTORS: 1}
        ]

    await eventually(told)
    assert actor is not None
    await trials.mongo[ACTORS].insert_one(actor)  # as a backup does that is put back
    await trials.publish(erased("er3", account=mine))
    await trials.know({"_id": mine}, 0, ACTORS)
    assert await told(), "the act was answered once"
