"""What a publisher says of rows: each is acknowledged only with all of its key before it."""

import asyncio
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaTimeoutError, MessageSizeTooLargeError
from aiokafka.structs import RecordMetadata

from shared.messaging.relay import Publisher
from shared.storage.outbox import Row


class Broker:
    """A producer that is told which values cannot be sent, and which are not acknowledged."""

    def __init__(self, *, unsent: bytes, lost: bytes) -> None:
        self.unsent, self.lost = unsent, lost
        self.stopped = False

    async def send(self, _: str, value: bytes, key: bytes, headers: Any) -> asyncio.Future[Any]:
        if value == self.unsent:
            raise MessageSizeTooLargeError
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if value == self.lost:
            answer.set_exception(KafkaTimeoutError())
        else:
            answer.set_result(RecordMetadata("t", 0, TopicPartition("t", 0), 7, 0, 0, 0))
        return answer

    async def stop(self) -> None:
        self.stopped = True


async def test_a_row_behind_one_of_its_key_that_was_lost_is_sent_again_too() -> None:
    publisher, broker = Publisher([]), Broker(unsent=b"b1", lost=b"a2")
    publisher._producer = broker
    rows = [Row(f"{key}{n}", "t", key.encode(), f"{key}{n}".encode(), []) for n in (1, 2, 3) for key in "abc"]
    told = dict(zip([row.id for row in rows], await publisher.publish(rows), strict=True))
    assert [id for id, acknowledged in told.items() if acknowledged] == ["a1", "c1", "c2", "c3"]
    assert broker.stopped
    assert publisher._producer is None, "the next rows are sent by a producer that is made anew"
