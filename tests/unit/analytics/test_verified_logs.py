"""The topics as a verification reads them: as fast as it may, from their first record on, with all faults named."""

from collections.abc import Sequence
from typing import Any, cast

import pytest
from aiokafka import ConsumerRecord, TopicPartition

from services.analytics.verification import logs
from services.analytics.verification.command import options
from services.analytics.verification.logs import Histories, Pace, Read
from shared.contracts import wire
from shared.messaging.failures import RecordsLost
from shared.messaging.log import Bounds, Logs
from shared.messaging.record_batches import Piece, UnreadableBatch
from tests.builders.events import enveloped, registered

PARTITION = TopicPartition("registration.events.v1", 0)
FACT = enveloped(registered())


def record(offset: int, value: bytes | None) -> Any:
    """A record of the partition."""
    headers = tuple(wire.headers(FACT))
    return ConsumerRecord(PARTITION.topic, 0, offset, 0, 0, b"p1", value, None, -1, -1, headers)


class Log:
    """A log in memory: one piece at each offset, and a batch that nobody can read."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds

    async def bounds(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, Bounds]:
        return dict.fromkeys(partitions, self._bounds)

    async def fetch(self, partition: TopicPartition, offset: int) -> int:
        return offset


def piece(at: Any, most: int) -> Piece:
    """Two records, then a batch of two that cannot be read, then two more of which one is no event."""
    if at == 2:
        raise UnreadableBatch(2, 4, "its checksum is wrong")
    first = wire.value(FACT) if at == 0 else None
    return Piece([record(at, first), record(at + 1, wire.value(FACT))], at + 2)


async def read(bounds: Bounds, end: int, pace: Pace) -> list[Read]:
    """Every record below an offset."""
    return [one async for one in Histories(cast(Logs, Log(bounds)), pace).records("views", PARTITION, end)]


async def test_what_cannot_be_read_is_named_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "read", piece)
    pace = Pace(print)
    assert await read(Bounds(0, 9), 5, pace) == [
        Read(0, FACT),
        Read(1, FACT),
        Read(2, None, "up to offset 3: its checksum is wrong"),
        Read(4, None, "no value"),
    ]
    assert pace.records == 3


@pytest.mark.parametrize("bounds", [Bounds(3, 9), Bounds(0, 4)])
async def test_a_log_that_does_not_hold_all_that_was_handled_proves_nothing(bounds: Bounds) -> None:
    with pytest.raises(RecordsLost):
        await read(bounds, 5, Pace(print))


async def test_it_reads_no_faster_than_it_may_and_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(logs, "SAY_SECONDS", 0.0)
    pace = Pace(said.append, rate=500, of=100)
    for _ in range(2):
        await pace.go(50)
    assert pace.seconds >= 0.2
    assert said[1].startswith("100 of 100 records, ")
    assert said[1].endswith(" a second, 0 s left")


def test_the_process_of_its_own_understands_the_same_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert vars(options(["--rate", "20", "--json"])) == {"rate": 20, "json": True}
    for rate in ("0", "-1", "1.5", "x"):
        with pytest.raises(SystemExit):
            options([f"--rate={rate}"])
        assert "is not a whole number above 0" in capsys.readouterr().err
