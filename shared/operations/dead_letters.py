"""Dead letters: the records that a group could not read, as they were put aside."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, ConsumerRecord

from shared.base.settings import Settings
from shared.contracts import topics
from shared.messaging import kafka
from shared.messaging.letters import POSITION, REASON


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record as it was read: by which group, where, when it was put aside, and why it could not be used."""

    group: str
    position: str
    """`topic:partition:offset`"""
    put_aside: datetime
    reason: str
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


async def dead_letters(settings: Settings, groups: Collection[str]) -> AsyncIterator[DeadLetter]:
    """Reads every dead letter of these groups, group by group, oldest first, of each position the newest.

    A relay may repeat one, and of a topic that was made anew another record may have been put aside there.
    """
    names = {topics.dead_letters(settings.kafka_topic_prefix + group): group for group in groups}
    ends = {partition: end for partition, end in (await kafka.end_offsets(settings.bootstrap, names)).items() if end}
    if not ends:
        return  # aiokafka's consumer fails to stop where it has had nothing to fetch
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        for partition, first in sorted((await consumer.beginning_offsets(list(ends))).items()):
            consumer.assign([partition])
            consumer.seek(partition, first)
            newest: dict[str, DeadLetter] = {}
            while await consumer.position(partition) < ends[partition]:
                for record in (await consumer.getmany(timeout_ms=1_000)).get(partition, []):
                    letter = _letter(names[partition.topic], record)
                    newest[letter.position] = letter
            for letter in newest.values():
                yield letter
    finally:
        await consumer.stop()


def _letter(group: str, record: ConsumerRecord) -> DeadLetter:
    headers = dict(record.headers)
    return DeadLetter(
        group=group,
        position=(headers.get(POSITION) or b"").decode(),
        put_aside=datetime.fromtimestamp(record.timestamp / 1000, UTC),
        reason=(headers.get(REASON) or b"").decode(),
        value=record.value,
        headers=list(record.headers),
    )
