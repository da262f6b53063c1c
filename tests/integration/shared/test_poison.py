"""Poison for every consumer group: its neighbours are applied, and it is put aside once, with bytes and reason."""

import importlib
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from shared.base.settings import Settings
from shared.contracts import topics, wire
from shared.contracts.event import Envelope
from shared.contracts.topics import GROUPS
from shared.messaging import kafka
from shared.runtime.service import Platform
from tests.builders import events as builders
from tests.builders.events import enveloped
from tests.builders.poison import POISON, with_newer_field
from tests.drivers.consumers import consuming, eventually, publish, read_all, relay_once
from tests.drivers.effects import EFFECTS, MUNICIPALITIES, Effect, Worker

Sent = tuple[bytes | None, Sequence[tuple[str, bytes | None]]]


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
