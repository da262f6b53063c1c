"""A service's database that was put back from a backup is brought up to the service's own topics before it is used."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Protocol

from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError

from shared.base.errors import Unavailable
from shared.base.settings import Settings
from shared.base.telemetry import logger
from shared.contracts.event import Envelope
from shared.messaging.events import Events
from shared.messaging.failures import ConsumerStopped
from shared.messaging.lease import Lease
from shared.messaging.log import Logs
from shared.messaging.own_topics import Beyond, Chunk, Numbered, beyond, chunks, numbered
from shared.messaging.poll import text_of
from shared.messaging.published import Marks
from shared.messaging.record_batches import UnreadableBatch
from shared.storage.losses import Loss, Losses
from shared.storage.mongo import Mongo, Transaction
from shared.storage.outbox import Outbox

PIECE = 25
"""Events of one transaction, which has to end within the server's limit on its life: an erasure has many steps."""


class Restorer(Protocol):
    """The part of it that each service has: what its own events say of its own state. It publishes nothing anew."""

    events: Events
    """Its word about every event of the service's own topics; an ignored one changes nothing but the sequence."""

    async def sequences(self, subjects: Collection[str], tx: Transaction) -> Mapping[str, int]:
        """Returns the sequence of the last event of each subject that the state knows; none for an unknown one."""

    async def apply(self, events: Sequence[Envelope], tx: Transaction) -> Sequence[Loss]:
        """Brings the state to where it was after events that it does not know, in order by subject; tells the losses.

        Every sequence goes on behind the last of them.
        """

    async def settle(self) -> None:
        """Does what follows once all of the topics are known, before anything else is done; it may be done again."""


class Restoration:
    """The comparison of a database with its service's topics at a process's start; ADR 24 says why."""

    def __init__(self, mongo: Mongo, outbox: Outbox, settings: Settings, lease: Lease, restorer: Restorer) -> None:
        self._mongo, self._outbox, self._lease, self._restorer = mongo, outbox, lease, restorer
        self._bootstrap = settings.bootstrap
        self._marks, self._losses = Marks(mongo), Losses(mongo)
        self._found = self._lost = 0
        self.is_reading = False
        self.done = False
        """True once the database is known to know all that was published out of it."""

    async def run(self) -> None:
        """Returns when it does; raises Unavailable where another process sees to it, or something does not answer."""
        logs = Logs(self._bootstrap)
        try:
            partitions = await logs.partitions(self._outbox.topics)
            if missing := set(self._outbox.topics) - {partition.topic for partition in partitions}:
                raise Unavailable(f"topics are missing, run `bilet migrate`: {', '.join(sorted(missing))}")
            part = await beyond(logs, self._outbox.topics, await self._marks.read(partitions))
            await self._marks.lower(part.beyond_ends)
            if part or not await self._marks.is_settled():
                await self._alone(logs, part)
        except (KafkaError, PyMongoError, OSError) as error:
            raise Unavailable(f"the service's own topics cannot be read: {type(error).__name__}") from error
        except UnreadableBatch as batch:
            raise Unavailable(f"the service's own topics cannot be read: {batch.reason}") from batch
        finally:
            await logs.close()
        self.done = True

    async def _alone(self, logs: Logs, part: Beyond) -> None:
        """Reads what lies beyond the marks, one process at a time; whoever comes second finds nothing there."""
        await self._hold()
        self.is_reading = True
        try:
            waiting = await self._outbox.waiting()
            async for chunk in chunks(logs, part):
                await self._hold()
                await self._take(chunk, waiting)
            if not await self._marks.is_settled():
                await self._restorer.settle()
                await self._marks.settle()
                logger.warning("database was behind its own topics", events=self._found, losses=self._lost)
        finally:
            self.is_reading = False
            await self._lease.release()

    async def _hold(self) -> None:
        if not await self._lease.acquire() and not await self._lease.acquire():  # the first seeds a row that is new
            raise Unavailable("another process reads the service's own topics")

    async def _take(self, chunk: Chunk, waiting: Mapping[str, str]) -> None:
        """Applies what the state does not know of a chunk, and forgets the rows that it shows to have been sent."""
        found = numbered(chunk.records, f"/{self._outbox.service}")
        unknown = await self._mongo.transact(partial(self._unknown, found))
        for begin in range(0, len(unknown), PIECE):
            await self._hold()
            await self._apply(unknown[begin : begin + PIECE])
        sent = {id: waiting[id] for one in found if (id := f"{one.subject}:{one.sequence:010d}") in waiting}

        async def pass_by(tx: Transaction) -> None:
            await self._outbox.withdraw(sent, tx)
            await self._marks.put(chunk.partition, chunk.next, tx)

        await self._mongo.transact(pass_by)

    async def _unknown(self, found: Sequence[Numbered], tx: Transaction) -> list[Numbered]:
        """The records of which the state does not know the event, each once."""
        known = dict(await self._restorer.sequences({one.subject for one in found}, tx))
        unknown = []
        for one in found:
            if one.sequence > known.get(one.subject, 0):
                known[one.subject] = one.sequence
                unknown.append(one)
        return unknown

    async def _apply(self, records: Sequence[Numbered]) -> None:
        """Applies events in a transaction; whoever is broken off before the mark has moved passes them then."""

        async def body(tx: Transaction) -> tuple[int, int]:
            events = [event for one in await self._unknown(records, tx) if (event := one.read()) is not None]
            if not events:
                return 0, 0
            losses = await self._restorer.apply(events, tx)
            await self._losses.add(losses, tx)
            await self._marks.leave_unsettled(tx)
            return len(events), len(losses)

        try:
            found, lost = await self._mongo.transact(body)
        except PyMongoError:
            raise
        except Exception as error:
            first = records[0].record
            where = text_of((first.topic, first.partition, first.offset))
            raise ConsumerStopped(f"restoring fails at {where} or soon after: {type(error).__name__}") from error
        self._found += found
        self._lost += lost
