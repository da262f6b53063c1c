"""A copy of the catalogue: the seasons' rules for the fold, and the names that figures are shown with."""

from collections.abc import Sequence
from typing import Any

from pymongo import IndexModel, UpdateOne

from services.analytics.views import ViewsWriter
from shared.contracts.registration import OrganisationDefined
from shared.contracts.trials import CompetencyApproved, SeasonDefined
from shared.messaging.poll import Received
from shared.programme.stages import Rules
from shared.runtime.service import Indexes
from shared.storage.mongo import Document, Mongo, Transaction

COLLECTIONS = {
    OrganisationDefined: "organisations",
    SeasonDefined: "seasons",
    CompetencyApproved: "competencies",
}
INDEXES: Indexes = {
    "organisations": [IndexModel("kind")],
    "seasons": [],
    "competencies": [],
}


class Catalogue:
    """Keeps the newest definition of every object, by the sequence that set it."""

    def __init__(self, mongo: Mongo, views: ViewsWriter) -> None:
        self._mongo = mongo
        self._views = views

    async def apply(self, received: Sequence[Received], tx: Transaction) -> None:
        """One poll of the catalogue topics."""
        await self._change_rules([r for r in received if isinstance(r.event, SeasonDefined)], tx)
        for event_type, collection in COLLECTIONS.items():
            writes = [_newest(r) for r in received if isinstance(r.event, event_type)]
            if writes:
                await self._mongo[collection].bulk_write(writes, ordered=True, session=tx)

    async def _change_rules(self, defined: Sequence[Received], tx: Transaction) -> None:
        """Folds anew what was folded under other rules: facts may arrive before the last definition of their season,
        which trials accepts until the season is in use. A replay would know that definition first."""
        if not defined:
            return
        newest = {r.event.key: r for r in sorted(defined, key=lambda r: r.envelope.sequence)}
        known = self._mongo["seasons"].find({"_id": {"$in": list(newest)}}, session=tx)
        for season in await known.to_list(None):
            latest = newest[season["_id"]]
            old, new = Rules.of(season), Rules.of(vars(latest.event))
            if latest.envelope.sequence > season["sequence"] and new != old:
                await self._views.refold(season["_id"], old, new, latest.partition, tx)


def _newest(received: Received) -> UpdateOne:
    """Sets the definition unless a newer one is there; a pipeline, so that it is one operation with its condition."""
    event: Any = received.event
    document: Document = event.model_dump(mode="json") | {"sequence": received.envelope.sequence}
    older = {"$lt": [{"$ifNull": ["$sequence", ""]}, received.envelope.sequence]}
    fields = {name: {"$cond": [older, {"$literal": value}, f"${name}"]} for name, value in document.items()}
    return UpdateOne({"_id": event.key}, [{"$set": fields}], upsert=True)
