"""Poison for every consumer group: its neighbours are applied, and it is put aside once, with bytes and reason."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from services.analytics.collections import PUPILS
from services.analytics.consumers import VIEWS
from services.trials.collections import PARTICIPANTS
from shared.base.settings import Settings
from shared.contracts import topics, wire
from shared.contracts.erasure import Cleared
from shared.contracts.event import Envelope, Event
from shared.contracts.topics import GROUPS
from shared.messaging import kafka
from shared.messaging.consumer import BatchConsumer
from shared.runtime.service import Platform
from tests.builders import events as builders
from tests.builders.events import enveloped
from tests.builders.poison import POISON, with_newer_field
from tests.drivers.consumers import consuming, eventually, publish, read_all, relay_once

Sent = tuple[bytes | None, Sequence[tuple[str, bytes | None]]]
MUNICIPALITIES = [f"RU-ROS-{number:03}" for number in range(len(POISON) + 2)]


@dataclass(frozen=True)
class Effect:
    """What a group does with one event: a document of its service's database, known by one of its fields."""

    of: Callable[[str], Event]
    collection: str
    document: Callable[[Envelope], str]
    field: str = "_id"
    waits_for_season: bool = False
    """Whether the event waits for its season's rules."""

    async def applied(self, platform: Platform) -> list[str]:
        """The documents there are."""
        found = await platform.mongo[self.collection].find({}).to_list(None)
        return sorted(row[self.field] for row in found)

    def expected(self, envelopes: Sequence[Envelope]) -> list[str]:
        """The documents that the events make."""
        return sorted(map(self.document, envelopes))


def _key(envelope: Envelope) -> str:
    return envelope.event.key


def _subject(envelope: Envelope) -> str:
    return envelope.subject


def _act(envelope: Envelope) -> str:
    assert isinstance(envelope.event, Cleared)
    return envelope.event.act


def _id(envelope: Envelope) -> str:
    return envelope.id


EFFECTS: Mapping[str, Effect] = {
    "registration.rules": Effect(builders.season, "rules", _key),
    "registration.steps": Effect(builders.diagnosed, "steps", _subject),
    "registration.erasures": Effect(builders.family_erased, "acts", _act),
    "trials.organisations": Effect(builders.municipality, "organisations", _key),
    "trials.participants.2": Effect(builders.registered, PARTICIPANTS, _key),
    "notifications.catalogue": Effect(builders.competency, "catalogue", _subject),
    "notifications.inbox": Effect(builders.registered, "notices", _id),
    "analytics.catalogue": Effect(builders.municipality, "organisations", _key),
    VIEWS: Effect(builders.registered, PUPILS, _key, waits_for_season=True),
    "analytics.feed": Effect(builders.registered, "feed", _id, "event"),
    "analytics.feed-catalogue": Effect(builders.municipality, "feed", _id, "event"),
}


class Worker:
    """The process of one group, as its service wires it, with the consumers that run beside it."""

    def __init__(self, platform: Platform, group: str) -> None:
        self.platform = platform
        self.name = platform.settings.kafka_topic_prefix + group
        service = importlib.import_module(f"services.{platform.service}.app").build(platform)
        roles: Mapping[str, Sequence[BatchConsumer]] = service.workers
        self.consumers = next(role for role in roles.values() if self.name in {c.group for c in role})

    @property
    def polls(self) -> float:
        """How many polls of the group are committed."""
        name, labels = "bilet_consumer_poll_seconds_count", {"group": self.name}
        return self.platform.metrics.registry.get_sample_value(name, labels) or 0.0


def _bad(good: Sequence[Envelope]) -> list[Sent]:
    return [poison.spoil(envelope) for poison, envelope in zip(POISON.values(), good, strict=True)]


async def _send(settings: Settings, topic: str, records: Sequence[Sent]) -> None:
    """All to one partition, before anything reads: the first poll holds them all."""
    async with kafka.producer(settings.bootstrap) as producer:
        for sent in [await producer.send(topic, v, b"k", partition=0, headers=list(h)) for v, h in records]:
            await sent


async def _applied(worker: Worker, effect: Effect, good: Sequence[Envelope]) -> None:
    """Reads until every good record has had its effect, and publishes what was put aside."""

    async def done() -> bool:
        return await effect.applied(worker.platform) == effect.expected(good)

    async with consuming(worker.platform.settings, *worker.consumers):
        await eventually(done)
    await relay_once(worker.platform)


def _letter(record: ConsumerRecord[Any, Any]) -> tuple[str, bytes | None, list[tuple[str, bytes | None]]]:
    """Position, and value and headers as they were."""
    *headers, (position, where), (reason, _) = record.headers
    assert (position, reason) == ("dlq_position", "dlq_reason")
    return where.decode(), record.value, headers


@pytest.mark.parametrize("group", GROUPS)
async def test_poison_is_put_aside_once_and_its_neighbours_are_applied(
    group: str, platform_of: Callable[..., Platform]
) -> None:
    effect = EFFECTS[group]
    *good, newer, later = [enveloped(effect.of(code)) for code in MUNICIPALITIES]
    worker = Worker(platform_of(GROUPS[group]), group)
    settings, topic = worker.platform.settings, worker.platform.settings.kafka_topic_prefix + newer.event.topic
    await worker.platform.mongo.ensure(importlib.import_module(f"services.{GROUPS[group]}.app").COLLECTIONS)
    if effect.waits_for_season:
        await publish(settings, enveloped(builders.season()))
    bad, fine = _bad(good), [(wire.value(e), wire.headers(e)) for e in good]
    records = [*chain(*zip(bad, fine, strict=True)), (with_newer_field(newer), wire.headers(newer))]
    await _send(settings, topic, records)

    await _applied(worker, effect, [*good, newer])
    assert worker.polls == 1
    await publish(settings, later, partition=0)
    await _applied(Worker(platform_of(GROUPS[group]), group), effect, [*good, newer, later])

    letters = await read_all(settings, topics.dead_letters(worker.name))
    assert [_letter(r) for r in letters] == [(f"{topic}:0:{2 * i}", v, h) for i, (v, h) in enumerate(bad)]
    reasons = [dict(r.headers)["dlq_reason"].decode() for r in letters]
    assert [p.reason in reason for p, reason in zip(POISON.values(), reasons, strict=True)] == [True] * len(POISON)
