"""Copies of the catalogue: the seasons' rules for the fold, and the names that figures are shown with."""

from collections.abc import Sequence
from typing import Any

from pymongo import UpdateOne

from services.analytics.collections import COMPETENCIES, ORGANISATIONS, SEASONS
from services.analytics.projection import Projection
from shared.contracts.registration import OrganisationDefined
from shared.contracts.trials import CompetencyApproved, SeasonDefined
from shared.messaging.poll import Received
from shared.programme.stages import Rules
from shared.storage.mongo import Document, Mongo, Transaction

KEPT = {OrganisationDefined: ORGANISATIONS, SeasonDefined: SEASONS, CompetencyApproved: COMPETENCIES}
"""The events that define an object, and the collection of its newest definition."""


class Copies:
    """Keeps the newest definition of every object, by the sequence that set it."""

    def __init__(self, mongo: Mongo, projection: Projection) -> None:
        self._mongo = mongo
        self._projection = projection

    async def apply(self, received: Sequence[Received], tx: Transaction) -> None:
        """Applies one poll of the catalogue topics."""
        await self._change_rules([r for r in received if isinstance(r.event, SeasonDefined)], tx)
        for event_type, collection in KEPT.items():
            writes = [_newest(r) for r in received if isinstance(r.event, event_type)]
            if writes:
                await self._mongo[collection].bulk_write(writes, ordered=True, session=tx)

    async def _change_rules(self, defined: Sequence[Received], tx: Transaction) -> None:
        """Folds anew what was folded under other rules: facts may arrive before the last definition of their season,
        which trials accepts until the season is in use. A replay would know that definition first."""
        if not defined:
            return
        newest = {r.event.key: r for r in sorted(defined, key=lambda r: r.envelope.sequence)}
        known = self._mongo[SEASONS].find({"_id": {"$in": list(newest)}}, session=tx)
        for season in await known.to_list(None):
            latest = newest[season["_id"]]
            old, new = Rules.of(season), Rules.of(vars(latest.event))
            if latest.envelope.sequence > season["sequence"] and new != old:
                await self._projection.refold(season["_id"], old, new, latest.partition, tx)


def _newest(received: Received) -> UpdateOne:
    """Sets the definition unless a newer one is there; a pipeline, so that it is one operation with its condition."""
    event: Any = received.event
    document: Document = event.model_dump(mode="json") | {"sequence": received.envelope.sequence}
    older = {"$lt": [{"$ifNull": ["$sequence", ""]}, received.envelope.sequence]}
    fields = {name: {"$cond": [older, {"$literal": value}, f"${name}"]} for name, value in document.items()}
    return UpdateOne({"_id": event.key}, [{"$set": fields}], upsert=True)
