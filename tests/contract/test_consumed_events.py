"""Every consumer says of every event of its topics that it handles it, or that it ignores it."""

import importlib
from collections.abc import AsyncIterator, Sequence
from typing import cast

import pytest

from shared.base.settings import Settings
from shared.contracts import topics
from shared.contracts.topics import SERVICES
from shared.messaging.consumer import BatchConsumer
from shared.messaging.events import Events
from shared.messaging.poll import Received
from shared.runtime.service import Platform, Service
from shared.storage.mongo import Transaction
from tests.builders.events import enveloped, guardian_linked, registered

SETTINGS = Settings(
    kafka_bootstrap_servers="127.0.0.1:9",
    mongo_url="mongodb://127.0.0.1:9/?replicaSet=none",
    master_key=bytes(32),
    oidc_issuer="http://127.0.0.1:9/issuer",
)


@pytest.fixture
async def consumers() -> AsyncIterator[dict[str, BatchConsumer]]:
    found: dict[str, BatchConsumer] = {}
    platforms = []
    for name in SERVICES:
        platform = Platform(name, SETTINGS)
        platforms.append(platform)
        service: Service = importlib.import_module(f"services.{name}.app").build(platform)
        found |= {consumer.group: consumer for some in service.workers.values() for consumer in some}
    yield found
    for platform in platforms:
        platform.close()


def test_every_group_of_the_registry_is_there(consumers: dict[str, BatchConsumer]) -> None:
    assert consumers.keys() == topics.READS.keys()


def test_every_event_is_handled_or_ignored(consumers: dict[str, BatchConsumer]) -> None:
    for group, read in topics.READS.items():
        there = {event for topic in read for event in topic.events}
        said = consumers[group].events
        assert said.handled | said.ignored == there, f"{group}: not the events of its topics"
        assert not said.handled & said.ignored, f"{group}: both handled and ignored"


async def test_events_that_are_ignored_are_handed_to_nobody() -> None:
    given: list[list[str]] = []

    async def handle(received: Sequence[Received], _: Transaction) -> None:
        given.append([record.envelope.id for record in received])

    told, passed = enveloped(registered()), enveloped(guardian_linked(), 2)
    records = [Received(told, "facts", 0, 0), Received(passed, "facts", 0, 1)]
    events = Events.of([type(told.event)], ignored=[type(passed.event)])
    await events.of_those(handle)(records, cast(Transaction, None))
    await events.of_those(handle)(records[1:], cast(Transaction, None))
    assert given == [[told.id]]
