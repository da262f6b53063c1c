"""A poll's transaction: its effects, dead letters, deferred events and offsets commit together or not at all."""

from collections.abc import Iterable, Mapping, Sequence

from shared.messaging.deferred import Deferred, Waiting
from shared.messaging.events import Handle
from shared.messaging.failures import TooManyInvalid
from shared.messaging.letters import dead_letter
from shared.messaging.lineage import mark_of
from shared.messaging.offsets import Move, StoredOffsets
from shared.messaging.poll import Poll, Position, Record, position_of
from shared.storage.mongo import Transaction
from shared.storage.outbox import Clock, Outbox


class Elsewhere(Exception):
    """The stored offsets are not where this poll begins."""


class SettledElsewhere(Exception):
    """Another worker has applied what waited here."""


class PollTransaction:
    """The steps of one group's transactions."""

    def __init__(
        self,
        handle: Handle,
        offsets: StoredOffsets,
        deferred: Deferred,
        outbox: Outbox,
        clock: Clock,
        invalid_limit: int,
    ) -> None:
        """`invalid_limit` is the number of unreadable records in a row beyond which something else must be wrong."""
        self._handle = handle
        self._offsets = offsets
        self._deferred = deferred
        self._outbox = outbox
        self._clock = clock
        self._invalid_limit = invalid_limit

    async def apply(self, poll: Poll, tx: Transaction) -> None:
        """One poll's transaction; its first operation moves the offsets, or finds that they are elsewhere."""
        if not await self._offsets.advance(await self._moves(poll), tx):
            raise Elsewhere
        await self._put_aside(poll.records_at(poll.invalid), poll.invalid, tx)
        await self._deferred.put(poll.records_at(poll.deferred), "overtaken", self._clock(), tx)
        if poll.received:
            await self._handle(poll.received, tx)

    async def apply_deferred(self, poll: Poll, waiting: Sequence[Waiting], tx: Transaction) -> None:
        """Applies what waited, and gives up what has waited in vain or is still wrong."""
        over = {w.position for w in waiting if self._deferred.is_over(w, self._clock())}
        refused = {**poll.invalid, **{p: why for p, why in poll.deferred.items() if p in over}}
        done = [w for w in waiting if w.position not in poll.deferred or w.position in over]
        if not await self._deferred.settle(done, refused, tx):
            raise SettledElsewhere
        in_vain = [w.record for w in done if w.kind == "overtaken" and w.position in refused]
        await self._put_aside(in_vain, refused, tx)
        if poll.received:
            await self._offsets.count_later(len(poll.received), tx)
            await self._handle(poll.received, tx)

    async def _put_aside(self, records: Iterable[Record], reasons: Mapping[Position, str], tx: Transaction) -> None:
        await self._outbox.put([dead_letter(self._offsets.group, r, reasons[position_of(r)]) for r in records], tx)

    async def _moves(self, poll: Poll) -> list[Move]:
        """Returns the poll's moves; raises TooManyInvalid where unreadable records in a row pass the limit."""
        before = await self._offsets.invalid_in_a_row(poll.spans) if poll.invalid else {}
        moves = []
        for partition, records in poll.by_partition().items():
            span, in_a_row = poll.spans[partition], before.get(partition, 0)
            for record in records if poll.invalid else ():
                in_a_row = in_a_row + 1 if position_of(record) in poll.invalid else 0
                if in_a_row > self._invalid_limit:
                    raise TooManyInvalid(
                        f"{self._offsets.group}: {in_a_row} unreadable records in a row in {partition.topic}:"
                        f"{partition.partition} up to offset {record.offset}"
                    )
            last = (records[-1].offset, mark_of(records[-1])) if records else None
            moves.append(Move(partition, span.first, span.next, in_a_row, last))
        return moves
