"""Whoever reads a topic, others' or its own after a restore, says of every event that it handles or ignores it."""

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
async def services() -> AsyncIterator[dict[str, Service]]:
    platforms = {name: Platform(name, SETTINGS) for name in SERVICES}
    yield {name: importlib.import_module(f"services.{name}.app").build(it) for name, it in platforms.items()}
    for platform in platforms.values():
        platform.close()


@pytest.fixture
def consumers(services: dict[str, Service]) -> dict[str, BatchConsumer]:
    workers = (some for service in services.values() for some in service.workers.values())
    return {consumer.group: consumer for some in workers for consumer in some}


def test_every_group_of_the_registry_is_there(consumers: dict[str, BatchConsumer]) -> None:
    assert consumers.keys() == topics.READS.keys()


def test_every_event_is_handled_or_ignored(consumers: dict[str, BatchConsumer]) -> None:
    for group, read in topics.READS.items():
        there = {event for topic in read for event in topic.events}
        said = consumers[group].events
        assert said.handled | said.ignored == there, f"{group}: not the events of its topics"
        assert not said.handled & said.ignored, f"{group}: both handled and ignored"


def test_every_event_of_its_own_is_restored_or_ignored(services: dict[str, Service]) -> None:
    """A database that was put back learns what the service had published since, from all of its topics."""
    for name, service in services.items():
        own = {event for topic in topics.TOPICS if topic.owner == name for event in topic.events}
        said = Events() if service.restorer is None else service.restorer.events
        assert said.handled | said.ignored == own, f"{name}: not the events that it owns"
        assert not said.handled & said.ignored, f"{name}: both restored and ignored"


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
