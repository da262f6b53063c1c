"""Pupils whom an older release stored, brought to the one name of their classes with the figures that they count in."""

from services.analytics.consumers import VIEWS
from services.analytics.documents import SPELLED, pupil_of
from services.analytics.views import UNSPELLED, ViewsWriter
from shared.mongo import Document, Mongo
from shared.settings import Settings

CHUNK = 1_000
AT_ONCE = 50
"""Pupils in one transaction, since it waits for every poll under way."""


async def respell(mongo: Mongo, settings: Settings) -> list[str]:
    """Folds anew those whose class was spelled in another way, and marks all; figures are those of a replay."""
    writer = ViewsWriter(mongo, settings.kafka_topic_prefix + VIEWS)
    while rows := await _unspelled(mongo):
        ids = [row["_id"] for row in rows]
        changed = [row["_id"] for row in rows if pupil_of(row).respell()]
        for start in range(0, len(changed), AT_ONCE):
            await _refold(mongo, writer, set(changed[start : start + AT_ONCE]))
        await mongo["pupils"].update_many({"_id": {"$in": ids}, **UNSPELLED}, {"$set": SPELLED})
    return []


async def _unspelled(mongo: Mongo) -> list[Document]:
    rows: list[Document] = await mongo["pupils"].find(UNSPELLED).hint("unspelled").limit(CHUNK).to_list(CHUNK)
    return rows


async def _refold(mongo: Mongo, writer: ViewsWriter, participants: set[str]) -> None:
    await mongo.transact(lambda tx: writer.respell(participants, tx))
