"""The broker: topics that exist as the registry says, a producer that recovers, and end offsets."""

from collections.abc import Container, Iterable, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka import TopicPartition as TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from shared.base.errors import Unavailable

FOR_EVER = "-1"
RECORD_BYTES = 2 * 1024 * 1024
"""What a producer may send. A dead letter is a record, of 1 MiB at most by the broker's own bound, with what is said of
it: so only the topics of dead letters need as much."""


async def ensure_topics(
    bootstrap: Sequence[str], topics: Mapping[str, int], replication: int = 1, large: Container[str] = ()
) -> None:
    """Creates each missing topic with its number of partitions: kept for ever, stamped by the broker's clock.

    Those in `large` take records of `RECORD_BYTES`, the others what the broker takes by default.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=list(bootstrap))
    await admin.start()
    try:
        present = set(await admin.list_topics())
        wanted = [
            NewTopic(
                name,
                partitions,
                replication,
                topic_configs={
                    "cleanup.policy": "delete",
                    "retention.ms": FOR_EVER,
                    "retention.bytes": FOR_EVER,
                    # One copy may be away; an acknowledgement means that all others have the record.
                    "min.insync.replicas": str(max(1, replication - 1)),
                    "message.timestamp.type": "LogAppendTime",
                }
                | ({"max.message.bytes": str(RECORD_BYTES)} if name in large else {}),
            )
            for name, partitions in topics.items()
            if name not in present
        ]
        if wanted:
            answer = await admin.create_topics(wanted)
            for name, code, *_ in answer.topic_errors:
                error = for_code(code)
                if code and error is not TopicAlreadyExistsError:
                    raise error(f"topic {name}")
    finally:
        await admin.close()


def producer(bootstrap: Sequence[str]) -> AIOKafkaProducer:
    """An idempotent producer, tuned for a relay's batches."""
    return AIOKafkaProducer(
        bootstrap_servers=list(bootstrap),
        acks="all",
        enable_idempotence=True,
        linger_ms=5,
        max_batch_size=131_072,
        max_request_size=RECORD_BYTES,
        request_timeout_ms=30_000,
    )


async def partitions(bootstrap: Sequence[str], topics: Iterable[str]) -> list[TopicPartition]:
    """The partitions of those topics that exist."""
    admin = AIOKafkaAdminClient(bootstrap_servers=list(bootstrap))
    await admin.start()
    try:
        described = await admin.describe_topics(sorted(set(topics) & set(await admin.list_topics())))
    finally:
        await admin.close()
    return [TopicPartition(topic["topic"], p["partition"]) for topic in described for p in topic["partitions"]]


async def end_offsets(
    bootstrap: Sequence[str], topics: Iterable[str], *, read_committed: bool = True
) -> dict[TopicPartition, int]:
    """The offset up to which each partition of `topics` can be read, or has been written; a missing topic has none.

    They differ while a transaction is open.
    """
    existing = await partitions(bootstrap, topics)
    if not existing:  # aiokafka's consumer cannot be stopped before it has asked anything
        return {}
    consumer = AIOKafkaConsumer(
        bootstrap_servers=list(bootstrap),
        enable_auto_commit=False,
        isolation_level="read_committed" if read_committed else "read_uncommitted",
    )
    await consumer.start()
    try:
        return dict(await consumer.end_offsets(existing))
    finally:
        await consumer.stop()


async def ping(bootstrap: Sequence[str]) -> None:
    """Returns when the cluster answers; raises Unavailable otherwise."""
    admin = AIOKafkaAdminClient(bootstrap_servers=list(bootstrap), request_timeout_ms=3_000)
    try:
        await admin.start()
        await admin.close()
    except KafkaError as error:
        raise Unavailable(f"Kafka does not answer: {type(error).__name__}") from error
