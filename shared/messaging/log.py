"""A partition's log below the group's consumer: its bounds, and the bytes of its records."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.fetcher import READ_COMMITTED, READ_UNCOMMITTED
from aiokafka.errors import KafkaError, LeaderNotAvailableError, for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest

from shared.messaging.poll import Record
from shared.messaging.record_batches import Fetched, read

EARLIEST, LATEST = -2, -1
"""What a request for offsets calls the two ends of a log."""
FETCH_BYTES = 1_048_576
WAIT_MS = 100
PREFERRED_REPLICA = 11
"""From this version on, an answer names a replica to read from between the aborted transactions and the records."""


class Bounds(NamedTuple):
    """The first offset that a log still has, and the one that its next record gets.

    What an open transaction keeps from being read lies below that.
    """

    begin: int
    end: int


class Logs:
    """A connection of its own to the broker; it is opened by the first question, and again after a failure."""

    def __init__(self, bootstrap: Sequence[str]) -> None:
        self._bootstrap = list(bootstrap)
        self._client: AIOKafkaClient | None = None
        self._opening = asyncio.Lock()

    async def bounds(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, Bounds]:
        """Both ends of each log; raises KafkaError, also for a topic that is not there."""
        wanted = list(partitions)
        begins = await self._offsets(wanted, EARLIEST)
        ends = await self._offsets(wanted, LATEST)
        return {partition: Bounds(begins[partition], ends[partition]) for partition in wanted}

    async def missing(self, partitions: Iterable[TopicPartition]) -> list[TopicPartition]:
        """Returns those that are not there although their topic is, with fewer partitions."""
        wanted, client = list(partitions), await self._opened()
        for topic in {partition.topic for partition in wanted}:
            await client.add_topic(topic)
        await client.force_metadata_update()
        there = {p.topic: client.cluster.partitions_for_topic(p.topic) for p in wanted}
        return [p for p in wanted if (numbers := there[p.topic]) and p.partition not in numbers]

    async def partitions(self, topics: Iterable[str]) -> list[TopicPartition]:
        """Returns the partitions of those topics that exist, topic by topic as they are named."""
        wanted, client = list(topics), await self._opened()
        for topic in wanted:
            await client.add_topic(topic)
        await client.force_metadata_update()
        return [
            TopicPartition(topic, number)
            for topic in wanted
            for number in sorted(client.cluster.partitions_for_topic(topic) or ())
        ]

    async def fetch(self, partition: TopicPartition, offset: int, most: int = FETCH_BYTES) -> Fetched:
        """The batches from the one on that holds `offset`, about `most` bytes; raises KafkaError."""
        asked = [(partition.topic, [(partition.partition, offset, most)])]
        request = FetchRequest(WAIT_MS, 1, most, READ_COMMITTED, asked)
        answer = await self._ask(await self._leader(partition), request)
        ((_, ((_, code, *rest),)),) = answer.topics
        _must_be_well(code, partition)
        *_, aborted, _, data = rest if answer.API_VERSION >= PREFERRED_REPLICA else [*rest[:-1], None, rest[-1]]
        return Fetched(partition, offset, bytes(data or b""), aborted or ())

    async def record(self, partition: TopicPartition, offset: int) -> Record | None:
        """The record at an offset; None where the log has none there. Raises KafkaError or UnreadableBatch."""
        piece = read(await self.fetch(partition, offset, most=1), most=1)
        return next((record for record in piece.records if record.offset == offset), None)

    async def close(self) -> None:
        """Ends the connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _offsets(self, partitions: Sequence[TopicPartition], which: int) -> dict[TopicPartition, int]:
        asked: dict[int, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
        for partition in partitions:
            asked[await self._leader(partition)][partition.topic].append((partition.partition, which))
        found: dict[TopicPartition, int] = {}
        for leader, topics in asked.items():
            answer = await self._ask(leader, OffsetRequest(-1, READ_UNCOMMITTED, list(topics.items())))
            for topic, rows in answer.topics:
                for number, code, *_, offset in rows:
                    _must_be_well(code, TopicPartition(topic, number))
                    found[TopicPartition(topic, number)] = offset
        return found

    async def _leader(self, partition: TopicPartition) -> int:
        client = await self._opened()
        await client.add_topic(partition.topic)
        leader = client.cluster.leader_for_partition(partition)
        if leader is None or leader < 0:
            await self.close()
            raise LeaderNotAvailableError(f"{partition.topic}:{partition.partition}")
        return int(leader)

    async def _ask(self, leader: int, request: Any) -> Any:
        client = await self._opened()
        try:
            return await client.send(leader, request)
        except KafkaError:
            await self.close()
            raise

    async def _opened(self) -> AIOKafkaClient:
        async with self._opening:
            if self._client is None:
                client = AIOKafkaClient(bootstrap_servers=self._bootstrap, request_timeout_ms=10_000)
                try:
                    await client.bootstrap()
                except BaseException:
                    await client.close()
                    raise
                self._client = client
            return self._client


def _must_be_well(code: int, partition: TopicPartition) -> None:
    if code:
        raise for_code(code)(f"{partition.topic}:{partition.partition}")
