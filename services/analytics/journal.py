"""The journal of pupils' states, a log of pages for each partition, and the copy of it that a worker has in hand.

The head of a partition says which pages there are and names the turn of whoever wrote last. A transaction reads the
head, and writes another turn with its page. So what is in hand is what is stored if it stands at the head's turn, which
every transaction asks anew: nothing has to be told of commits that failed or were never answered, of other workers, of
partitions that come and go, or of a database that was put back. What does not stand there is read again.
"""

import time
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from pymongo import DeleteMany, InsertOne, UpdateOne

from services.analytics.collections import HEADS, PAGES
from services.analytics.runs import Run, States, kept, pages
from shared.messaging.failures import ConsumerStopped
from shared.storage.mongo import Document, Mongo, Transaction

OFFERS = 4
"""So many of the last transactions are kept in mind whose end is not known; that of another one costs reading."""
IDLE_SECONDS = 600.0
"""A partition of which nothing was heard for so long is most likely another worker's by now."""


class Held:
    """One partition's states at a turn, and what transactions would make of them that may have been committed."""

    def __init__(self, turn: str, states: dict[str, bytes]) -> None:
        self.turn = turn
        self.states = states
        self.met = time.monotonic()
        self._offered: dict[str, States] = {}

    def offer(self, turn: str, changed: States) -> None:
        """Keeps in mind what the states are once a turn has been committed."""
        self._offered[turn] = changed
        for forgotten in list(self._offered)[:-OFFERS]:
            del self._offered[forgotten]

    def stands_at(self, turn: str) -> bool:
        """Tells that the states are those of a turn that was committed, taking in what was offered for it."""
        if turn in self._offered:
            self.states.update(self._offered[turn])
            self.turn = turn
            self._offered.clear()  # whatever else was offered has lost against it
        return self.turn == turn


@dataclass(frozen=True, slots=True)
class Opened:
    """One partition as a transaction sees it."""

    held: Held
    runs: Sequence[Run]

    def state(self, participant: str) -> bytes | None:
        """Returns a pupil's state, None of whom nothing is known."""
        return self.held.states.get(participant)


class Journal:
    """The states of pupils by partition, read and written by transactions."""

    def __init__(self, mongo: Mongo) -> None:
        self._heads, self._pages = mongo[HEADS], mongo[PAGES]
        self._held: dict[int, Held] = {}

    async def open(self, partitions: Collection[int], tx: Transaction) -> Mapping[int, Opened]:
        """Returns the partitions as the transaction sees them: out of hand where that is what is stored."""
        found = self._heads.find({"_id": {"$in": list(partitions)}}, session=tx)
        heads = {head["_id"]: head async for head in found}
        opened = {partition: await self._opened(partition, heads.get(partition), tx) for partition in partitions}
        self._let_go()
        return opened

    async def write(self, changed: Mapping[int, States], opened: Mapping[int, Opened], tx: Transaction) -> None:
        """Writes the changed states of partitions; two transactions that write one partition conflict."""
        new: list[InsertOne[Document]] = []
        gone: list[str] = []
        heads: list[UpdateOne] = []
        for partition, states in changed.items():
            turn, runs = f"{partition}:{uuid4().hex}", opened[partition].runs
            opened[partition].held.offer(turn, states)
            old = runs[kept(runs, _size(states)) :]
            whole = {**await self._read(old, tx), **states} if old else states
            written = [{"ids": list(page), "states": list(page.values())} for page in pages(whole)]
            run = Run(turn, len(written), _size(whole))
            new += [InsertOne({"_id": id, **page}) for id, page in zip(run.ids(), written, strict=True)]
            gone += _ids(old)
            head = {"turn": turn, "runs": [*runs[: len(runs) - len(old)], run]}
            heads.append(UpdateOne({"_id": partition}, {"$set": head}, upsert=True))
        if heads:
            await self._heads.bulk_write(heads, ordered=False, session=tx)
            removed = [DeleteMany({"_id": {"$in": gone}})] if gone else []
            await self._pages.bulk_write([*new, *removed], ordered=False, session=tx)

    async def everything(self, tx: Transaction) -> AsyncIterator[States]:
        """Yields the states of one partition after the other, as they are stored."""
        for head in await self._heads.find({}, session=tx).to_list(None):
            yield await self._read(_runs(head), tx)

    async def _opened(self, partition: int, head: Document | None, tx: Transaction) -> Opened:
        turn, runs = (head["turn"], _runs(head)) if head else ("", [])
        held = self._held.get(partition)
        if held is None or not held.stands_at(turn):
            held = self._held[partition] = Held(turn, await self._read(runs, tx))
        held.met = time.monotonic()
        return Opened(held, runs)

    async def _read(self, runs: Iterable[Run], tx: Transaction) -> dict[str, bytes]:
        """Returns the newest state of each pupil; raises ConsumerStopped where a page is missing."""
        ids = _ids(runs)
        found = {page["_id"]: page async for page in self._pages.find({"_id": {"$in": ids}}, session=tx)}
        states: dict[str, bytes] = {}
        for id in ids:
            if id not in found:
                raise ConsumerStopped(f"page {id} of the journal is missing: the figures have to be built anew")
            states.update(zip(found[id]["ids"], found[id]["states"], strict=True))
        return states

    def _let_go(self) -> None:
        """Forgets partitions of which nothing was heard for long."""
        long_ago = time.monotonic() - IDLE_SECONDS
        for partition in [partition for partition, held in self._held.items() if held.met < long_ago]:
            del self._held[partition]


def _runs(head: Document) -> list[Run]:
    return [Run(*run) for run in head["runs"]]


def _ids(runs: Iterable[Run]) -> list[str]:
    return [id for run in runs for id in run.ids()]


def _size(states: States) -> int:
    return sum(map(len, states.values()))
