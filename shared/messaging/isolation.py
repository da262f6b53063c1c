"""The fault of a poll, found by trying its records apart: what theirs is at is put aside, ours ends the consumer."""

import asyncio
from collections.abc import Callable, Container, Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pymongo import ReturnDocument

from shared.messaging.events import Handle
from shared.messaging.failures import ConsumerStopped, FactOvertaken, GroupEnds, TooManyInvalid
from shared.messaging.faults import content_fault, is_transient
from shared.messaging.poll import Poll, Position, Received, text_of
from shared.messaging.poll_transaction import Elsewhere, SettledElsewhere
from shared.storage.mongo import Mongo, Transaction
from shared.storage.outbox import Clock

Apply = Callable[[Poll, Transaction], Coroutine[Any, Any, None]]
"""The steps of a poll's transaction."""
COLLECTION = "content_faults"
WITHIN = timedelta(minutes=10)
MOST = 100
"""So many records of a group may be put aside by applying them within that time; more, and it is we who are wrong."""
PAUSE_SECONDS = 1.0
"""While the database does not answer."""


class _Rehearsed(Exception):
    """Ends a transaction that was only tried."""


class Isolation:
    """Finds which records a poll fails at."""

    def __init__(self, mongo: Mongo, group: str, handle: Handle, clock: Clock) -> None:
        self._mongo = mongo
        self._counts = mongo[COLLECTION]
        self._group = group
        self._handle = handle
        self._clock = clock

    async def tried(self, poll: Poll, apply: Apply, again: Container[Position] = ()) -> Mapping[Position, str]:
        """Applies a poll, or returns the records that it fails at as `faults` does, which raises where it is ours.

        Raises what says nothing of the records: failures of the group, servers that do not answer.
        """
        try:
            await self._mongo.transact(lambda tx: apply(poll, tx))
        except (Elsewhere, FactOvertaken, GroupEnds, SettledElsewhere):
            raise
        except Exception as error:
            if is_transient(error):
                raise
            return await self.faults(poll, error, again)
        return {}

    async def faults(self, poll: Poll, error: Exception, again: Container[Position] = ()) -> dict[Position, str]:
        """The records whose content cannot be applied, each with the reason.

        Raises ConsumerStopped where a record raises anything else, or no record does by itself; TooManyInvalid where
        too many have been put aside of late. Those in `again` are refused whatever they raise, and not counted: an
        operator's trial of old letters does not end a group, which would try them at every start.
        """
        found = await self._at_fault(poll.received)
        reasons = {position: content_fault(alone) for position, alone in found.items()}
        unknown = [position for position, why in reasons.items() if why is None and position in again]
        reasons |= {position: f"an error of our own, {type(found[position]).__name__}" for position in unknown}
        ours = next((position for position, why in reasons.items() if why is None), None)
        if ours is not None:
            raise ConsumerStopped(f"{self._group} fails at {text_of(ours)}: {type(found[ours]).__name__}") from found[
                ours
            ]
        if not reasons:
            raise ConsumerStopped(f"{self._group} fails at a poll, {_range(poll)}: {type(error).__name__}") from error
        new = [position for position in reasons if position not in again]
        if new:
            await self._count(len(new), max(new))
        return {position: f"it cannot be applied: {why}" for position, why in reasons.items()}

    async def _at_fault(self, received: Sequence[Received]) -> dict[Position, Exception]:
        """Returns the error of each record that raises alone; of records that go through together, none does."""
        error = await self._rehearse(received) if received else None
        if error is None:
            return {}
        if len(received) == 1:
            return {received[0].position: error}
        half = len(received) // 2
        return await self._at_fault(received[:half]) | await self._at_fault(received[half:])

    async def _rehearse(self, received: Sequence[Received]) -> Exception | None:
        """Applies them in a transaction of which nothing stays, and returns the error."""

        async def body(tx: Transaction) -> None:
            await self._handle(received, tx)
            raise _Rehearsed

        while True:
            try:
                await self._mongo.transact(body)
            except (_Rehearsed, FactOvertaken):
                return None
            except GroupEnds:
                raise
            except Exception as error:
                if not is_transient(error):
                    return error
            await asyncio.sleep(PAUSE_SECONDS)

    async def _count(self, faults: int, last: Position) -> None:
        now = self._clock()
        change = {"$push": {"at": {"$each": [now] * faults, "$slice": -MOST - 1}}}
        row = await self._counts.find_one_and_update(
            {"_id": self._group}, change, upsert=True, return_document=ReturnDocument.AFTER
        )
        assert row is not None
        recent = sum(at > now - WITHIN for at in row["at"])
        if recent > MOST:
            raise TooManyInvalid(
                f"{self._group}: more than {MOST} records within {WITHIN.total_seconds() / 60:.0f} minutes cannot be "
                f"applied, the last at {text_of(last)}"
            )


def _range(poll: Poll) -> str:
    return ", ".join(f"{p.topic}:{p.partition}:{s.first} to {s.next - 1}" for p, s in poll.spans.items())
