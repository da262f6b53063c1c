"""What a broker may do to a topic under a worker: made anew, emptied, spoilt on the disk, written by other clients."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import for_code
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from shared.base.settings import Settings
from shared.contracts import wire
from shared.contracts.event import Envelope
from tests.builders.events import enveloped, registered

PARTITIONS = 2


class Bytes(str):
    """A header's name that is no UTF-8 on the wire."""

    def encode(self, *_: object) -> bytes:
        """The bytes that no text has."""
        return b"\xff\xfename"


async def make_anew(settings: Settings, topic: str, partitions: int = PARTITIONS) -> None:
    """Deletes a topic and creates one of the same name; returns when it can be written to."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([topic])
        configs = {"message.timestamp.type": "LogAppendTime"}
        while True:  # the deletion goes on behind the answer
            answer = await admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=configs)])
            if not any(code for _, code, *_ in answer.topic_errors):
                return
            await asyncio.sleep(0.1)
    finally:
        await admin.close()


async def delete_records(settings: Settings, partition: TopicPartition, before: int) -> None:
    """Makes a log begin at an offset, as its retention would."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await admin.start()
    try:
        await admin.delete_records({partition: RecordsToDelete(before_offset=before)})
    finally:
        await admin.close()


async def publish_in_transaction(settings: Settings, envelopes: Iterable[Envelope], *, abort: bool = False) -> None:
    """Sends events to the first partition as a transactional producer does, and commits them or takes them back."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.bootstrap, transactional_id=settings.kafka_topic_prefix)
    async with producer:
        await producer.begin_transaction()
        for e in envelopes:
            topic = settings.kafka_topic_prefix + e.event.topic
            await producer.send_and_wait(topic, wire.value(e), b"k", partition=0, headers=wire.headers(e))
        await (producer.abort_transaction() if abort else producer.commit_transaction())


async def publish_packed(settings: Settings, codec: str, envelopes: Sequence[Envelope]) -> None:
    """Sends events to the first partition as a client with compression does."""
    async with AIOKafkaProducer(bootstrap_servers=settings.bootstrap, compression_type=codec, linger_ms=50) as producer:
        sent = [
            await producer.send(
                settings.kafka_topic_prefix + e.event.topic, wire.value(e), b"k", partition=0, headers=wire.headers(e)
            )
            for e in envelopes
        ]
        await asyncio.gather(*sent)


async def publish_with_odd_header(settings: Settings, envelopes: Sequence[Envelope], odd: int) -> None:
    """Sends events to the first partition in one batch; a header of number `odd` has a name that is no UTF-8."""
    batch = _DefaultRecordBatchBuilderPy(2, 0, 0, -1, -1, -1, 1 << 20)
    for number, e in enumerate(envelopes):
        headers = [*wire.headers(e), *([(Bytes("name"), b"x")] if number == odd else [])]
        batch.append(number, 1_600_000_000_000, b"k", wire.value(e), headers)
    topic = settings.kafka_topic_prefix + envelopes[0].event.topic
    await _produce(settings, TopicPartition(topic, 0), bytes(batch.build()))


async def _produce(settings: Settings, partition: TopicPartition, batch: bytes) -> None:
    client = AIOKafkaClient(bootstrap_servers=settings.bootstrap)
    await client.bootstrap()
    try:
        await client.add_topic(partition.topic)
        leader = client.cluster.leader_for_partition(partition)
        request = ProduceRequest(None, -1, 10_000, [(partition.topic, [(partition.partition, batch)])])
        answer = await client.send(leader, request)
        ((_, ((_, code, *_),)),) = answer.topics
        if code:
            raise for_code(code)
    finally:
        await client.close()


@asynccontextmanager
async def open_transaction(settings: Settings, topic: str) -> AsyncIterator[None]:
    """A client writes a record to the first partition and keeps its transaction open while the body runs."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.bootstrap, transactional_id=settings.kafka_topic_prefix)
    async with producer:
        await producer.begin_transaction()
        await producer.send_and_wait(topic, b"{", b"k", partition=0)
        try:
            yield
        finally:
            await producer.abort_transaction()


def spoil_on_disk(data: Path, partition: TopicPartition, needle: bytes) -> int:
    """Changes a byte of a record on the broker's disk, so that its batch's checksum is wrong; returns where it is."""
    (log,) = data.rglob(f"{partition.topic}-{partition.partition}/00000000000000000000.log")
    content = bytearray(log.read_bytes())
    place = content.index(needle)
    content[place] ^= 0xFF
    with log.open("r+b") as file:
        file.write(content)
    return place


def mend_on_disk(data: Path, partition: TopicPartition, place: int) -> None:
    """Changes the byte back, as a broker does that takes the log from a copy."""
    (log,) = data.rglob(f"{partition.topic}-{partition.partition}/00000000000000000000.log")
    content = bytearray(log.read_bytes())
    content[place] ^= 0xFF
    with log.open("r+b") as file:
        file.write(content)


def others(n: int) -> list[Envelope]:
    """Pupils whom no other log has."""
    return [enveloped(registered(f"new{i:04d}")) for i in range(n)]


async def grow(settings: Settings, topic: str, partitions: int) -> None:
    """A topic gets more partitions; returns when a client is told of all of them."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await admin.start()
    try:
        await admin.create_partitions({topic: NewPartitions(partitions)})
        async with asyncio.timeout(30):  # a broker answers before it knows of them itself
            while len((await admin.describe_topics([topic]))[0]["partitions"]) < partitions:
                await asyncio.sleep(0.05)
    finally:
        await admin.close()
