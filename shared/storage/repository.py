"""Aggregates and their outbox, committed together: the only way in which a service writes what it owns."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Generic, TypeVar

from pymongo import InsertOne, ReplaceOne, UpdateOne

from shared.base.side_thread import aside
from shared.contracts.event import Envelope
from shared.identity.acting import acting, changed
from shared.storage.decision import Aggregate, Decision
from shared.storage.mongo import Document, Mongo, Transaction, by_ids
from shared.storage.outbox import Outbox

S = TypeVar("S", bound=Aggregate)


class Repository(Generic[S]):
    """One collection of aggregates. State is read inside the transaction that writes it, so two writers conflict."""

    def __init__(self, mongo: Mongo, outbox: Outbox, collection: str, model: type[S]) -> None:
        self._mongo = mongo
        self._outbox = outbox
        self._states = mongo[collection]
        self._model = model

    async def load(self, ids: Iterable[str], tx: Transaction | None = None) -> dict[str, S]:
        """The aggregates that exist among `ids`."""
        documents = await by_ids(self._states, ids, tx)
        return await aside(lambda: {d["_id"]: self._state(d) for d in documents}, len(documents))

    async def save(self, decisions: Sequence[Decision[S]], tx: Transaction) -> None:
        """Stores the states of decisions that changed something, with who did it, and puts events into the outbox.

        Raises BulkWriteError where a new aggregate is there already, LookupError where a known one is not.
        """
        made = [decision for decision in decisions if decision.made]
        if made:
            writes, envelopes = await aside(partial(self._written, made), len(made))
            written = await self._states.bulk_write(writes, ordered=False, session=tx)
            if written.inserted_count + written.matched_count < len(writes):
                raise LookupError(f"{self._states.name}: an aggregate that was read is not there")
            await self._outbox.add(envelopes, tx)

    async def restore(self, states: Sequence[S], tx: Transaction) -> None:
        """Stores states as events of before have told them, with the sequences of these; nothing is published.

        Who did it is in no event, and is what the last write of each says.
        """
        if states:
            rows = map(self._document, states)
            writes = [UpdateOne({"_id": row["_id"]}, {"$set": row}, upsert=True) for row in rows]
            await self._states.bulk_write(writes, session=tx)

    def _written(
        self, decisions: Sequence[Decision[S]]
    ) -> tuple[list[InsertOne[Document] | ReplaceOne[Document]], list[Envelope]]:
        """The write of each decision, and the events of all."""
        writes: list[InsertOne[Document] | ReplaceOne[Document]] = []
        envelopes: list[Envelope] = []
        for decision in decisions:
            numbered = self._outbox.number(decision.state.sequence, decision.happened)
            sequence = decision.state.sequence + len(numbered)
            writes.append(self._write(decision.state, changed(decision.by or acting()) | {"sequence": sequence}))
            envelopes += numbered
        return writes, envelopes

    def _write(self, state: S, kept: Document) -> InsertOne[Document] | ReplaceOne[Document]:
        """An upsert would cost a second look-up, and hide that two writers hold the same aggregate for new."""
        document = self._document(state) | kept
        return ReplaceOne({"_id": state.id}, document) if state.sequence else InsertOne(document)

    async def update(
        self,
        id: str,
        decide: Callable[[S | None], Decision[S]],
        check: Callable[[Transaction], Awaitable[None]] | None = None,
    ) -> S:
        """Loads one aggregate, decides, stores; `decide` is pure, since it runs again after a write conflict.

        `check` looks at what else is stored, in the same transaction, and raises where the aggregate may not be.
        """

        async def body(tx: Transaction) -> S:
            if check is not None:
                await check(tx)
            decision = decide((await self.load([id], tx)).get(id))
            await self.save([decision], tx)
            return decision.state

        return await self._mongo.transact(body)

    async def update_many(
        self, ids: Iterable[str], decide: Callable[[Mapping[str, S]], Sequence[Decision[S]]]
    ) -> Sequence[Decision[S]]:
        """As `update` for a batch: one transaction, one read, one bulk write."""
        wanted = list(ids)

        async def body(tx: Transaction) -> Sequence[Decision[S]]:
            decisions = decide(await self.load(wanted, tx))
            await self.save(decisions, tx)
            return decisions

        return await self._mongo.transact(body)

    def _state(self, document: Document) -> S:
        return self._model.model_validate({**document, "id": document["_id"]})

    def _document(self, state: S) -> Document:
        document = state.model_dump(exclude={"id"})
        document["_id"] = state.id
        return document
