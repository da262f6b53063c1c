"""A region's numbered log: numbers are given inside the transaction, so their order is the order of commits."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from pymongo import InsertOne, ReplaceOne

from services.analytics.collections import FEED, FEED_CATALOGUE, FEED_FENCE, FEED_HEADS
from services.analytics.feed.pseudonyms import Pseudonyms
from shared.contracts import wire
from shared.contracts.event import Envelope
from shared.messaging.poll import Received
from shared.storage.mongo import WHOLE, Document, Mongo, Transaction
from shared.storage.outbox import Clock


def record_id(region: str, epoch: int, seq: int) -> str:
    """Returns the `_id` of a feed record: sorts by number within a region's epoch."""
    return f"{region}:{epoch}:{seq:012d}"


class Numbering:
    """Numbers events into the logs of their regions. Heads are hot documents: one worker is faster than two."""

    def __init__(self, mongo: Mongo, master_key: bytes, clock: Clock) -> None:
        self._heads = mongo[FEED_HEADS]
        self._records = mongo[FEED]
        self._national = mongo[FEED_CATALOGUE]
        self._fence = mongo[FEED_FENCE]
        self._master_key = master_key
        self._clock = clock
        self._pseudonyms: dict[tuple[str, int], Pseudonyms] = {}

    async def apply(self, received: Sequence[Received], tx: Transaction) -> None:
        """Numbers one poll of facts or of the catalogue: every event that no feed of its region holds yet."""
        envelopes = [r.envelope for r in received]
        await self._remember([e for e in envelopes if not _regions(e)], tx)
        heads = {head["_id"]: head async for head in self._heads.find({}, session=tx)}
        queues = await self._open({region for e in envelopes for region in _regions(e)} - heads.keys(), heads, tx)
        for envelope in envelopes:
            for region in _regions(envelope) or list(heads):
                queues[region].append(envelope)
        await self._number(queues, heads, tx)

    async def _remember(self, national: Iterable[Envelope], tx: Transaction) -> None:
        """Keeps what belongs to no region, for regions that appear later."""
        writes = [
            ReplaceOne({"_id": e.id}, {"_id": e.id, "headers": wire.headers(e), "value": wire.value(e)}, upsert=True)
            for e in national
        ]
        if writes:
            await self._meet(tx)
            await self._national.bulk_write(writes, ordered=False, session=tx)

    async def _open(self, regions: set[str], heads: dict[str, Document], tx: Transaction) -> dict[str, list[Envelope]]:
        """Opens the logs of new regions; returns the events that come first in each, the national catalogue.

        An epoch is the instant of its opening in milliseconds, so that a log that is opened anew never repeats an old
        one's. Of logs that are opened together each has its own: none takes another's cursors.
        """
        queues: dict[str, list[Envelope]] = defaultdict(list)
        if regions:
            await self._meet(tx)
            stored = await self._national.find({}, session=tx).sort("_id", 1).to_list(None)
            catalogue = [wire.read(row["headers"], row["value"]) for row in stored]
            epoch = int(self._clock().timestamp() * 1000)
            for place, region in enumerate(sorted(regions)):
                heads[region] = {"_id": region, "epoch": epoch + place, "last": 0}
                queues[region] = list(catalogue)
        return queues

    async def _meet(self, tx: Transaction) -> None:
        """Lets what is national and the opening of a region conflict where they overlap.

        The one reads the heads and writes the catalogue, the other reads the catalogue and writes a head: without a
        document that both write, both would commit and the new log would lack the event for ever.
        """
        await self._fence.update_one({"_id": "national"}, {"$inc": {"met": 1}}, upsert=True, session=tx)

    async def _number(self, queues: dict[str, list[Envelope]], heads: dict[str, Document], tx: Transaction) -> None:
        known = await self._known({e.id for queue in queues.values() for e in queue}, heads, tx)
        records: list[InsertOne[Document]] = []
        moved: list[InsertOne[Document] | ReplaceOne[Document]] = []
        for region, queue in queues.items():
            head = heads[region]
            fresh = {e.id: e for e in queue if (e.id, region) not in known}
            for seq, envelope in enumerate(fresh.values(), head["last"] + 1):
                records.append(InsertOne(self._record(region, head["epoch"], seq, envelope)))
            if fresh:
                grown = head | {"last": head["last"] + len(fresh)}
                moved.append(ReplaceOne({"_id": region}, grown) if head["last"] else InsertOne(grown))
        if moved:
            await self._heads.bulk_write(moved, ordered=False, session=tx)
            await self._records.bulk_write(records, ordered=False, session=tx)

    async def _known(self, events: set[str], heads: dict[str, Document], tx: Transaction) -> set[tuple[str, str]]:
        """Returns the events that the current epochs hold already: `(event, region)`; a log without a head has none."""
        epochs = {region: head["epoch"] for region, head in heads.items()}
        rows = self._records.find(
            {"event": {"$in": list(events)}},
            {"event": 1, "region": 1, "epoch": 1, "_id": 0},
            batch_size=WHOLE,
            session=tx,
        )
        return {(r["event"], r["region"]) async for r in rows if r["epoch"] == epochs.get(r["region"])}

    def _record(self, region: str, epoch: int, seq: int, envelope: Envelope) -> Document:
        pseudonyms = self._pseudonyms.get((region, epoch))
        if pseudonyms is None:
            pseudonyms = self._pseudonyms[region, epoch] = Pseudonyms(self._master_key, region, epoch)
        return {
            "_id": record_id(region, epoch, seq),
            "region": region,
            "epoch": epoch,
            "seq": seq,
            "event": envelope.id,
            **pseudonyms.record(envelope),
        }


def _regions(envelope: Envelope) -> list[str]:
    """Returns the regions that an event belongs to, a move or a merging to all it names; none for what is national."""
    event = envelope.event
    named = [getattr(event, name, None) for name in ("region", "from_region", "to_region", "other_region")]
    return sorted({region for region in named if isinstance(region, str)})
