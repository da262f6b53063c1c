"""What the owners' topics hold: every event at least once, and what the whole of it must have led to."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, ConsumerRecord

from shared.base.settings import Settings
from shared.contracts import topics
from shared.messaging import kafka

FACTS = (topics.REGISTRATION_EVENTS, topics.TRIALS_EVENTS)


@dataclass(frozen=True)
class History:
    """Distinct events of the owners' topics."""

    types: Mapping[str, str]
    """Event id → type."""
    pupils: Mapping[str, str]
    """Event id → participant, of the facts."""
    repeated: int
    """Records beyond the first of their event."""

    @property
    def by_type(self) -> Mapping[str, int]:
        """How many distinct events of each type there are."""
        return Counter(self.types.values())

    @property
    def facts(self) -> Mapping[str, set[str]]:
        """Participant → ids of the facts that happened to them."""
        found: dict[str, set[str]] = defaultdict(set)
        for event, participant in self.pupils.items():
            found[participant].add(event)
        return found


async def history(settings: Settings) -> History:
    """Reads every owner's topic from its beginning; fails where one id stands for two different records."""
    prefix = settings.kafka_topic_prefix
    facts = {prefix + topic.name for topic in FACTS}
    ends = await kafka.end_offsets(settings.bootstrap, [prefix + topic.name for topic in topics.TOPICS])
    seen: dict[str, tuple[str, bytes]] = {}
    pupils: dict[str, str] = {}
    records = 0
    for record in await _all(settings.bootstrap, ends):
        headers = {name: content.decode() for name, content in record.headers}
        event, content = headers["ce_id"], (headers["ce_type"], record.value)
        assert seen.setdefault(event, content) == content, f"two different records of {event}"
        if record.topic in facts:
            pupils[event] = json.loads(record.value)["participant"]
        records += 1
    return History({event: type_ for event, (type_, _) in seen.items()}, pupils, records - len(seen))


async def _all(
    bootstrap: Sequence[str], ends: Mapping[kafka.TopicPartition, int]
) -> list[ConsumerRecord[bytes, bytes]]:
    """Every record below the ends."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=list(bootstrap), enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        consumer.assign(list(ends))
        await consumer.seek_to_beginning(*ends)
        found = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for batch in (await consumer.getmany(timeout_ms=1000)).values():
                found += batch
        return found
    finally:
        await consumer.stop()
