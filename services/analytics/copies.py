"""Copies of the catalogue: the seasons' rules for the fold, and the names that figures are shown with."""

from collections.abc import Mapping, Sequence

from services.analytics.collections import COMPETENCIES, ORGANISATIONS, SEASONS
from services.analytics.enrolments import Terms
from services.analytics.projection import Projection
from shared.contracts.event import Event
from shared.contracts.organisations import OrganisationDefined
from shared.contracts.trials import SeasonDefined
from shared.contracts.venues import CompetencyApproved
from shared.messaging.poll import Received
from shared.storage.copies import newest
from shared.storage.exclusions import Exclusions
from shared.storage.mongo import Mongo, Transaction

KEPT: Mapping[type[Event], str] = {
    OrganisationDefined: ORGANISATIONS,
    SeasonDefined: SEASONS,
    CompetencyApproved: COMPETENCIES,
}
"""The events that define an object, and the collection of its newest definition."""


class Copies:
    """Keeps the newest definition of every object, by the sequence that set it."""

    def __init__(self, mongo: Mongo, projection: Projection) -> None:
        self._mongo = mongo
        self._projection = projection
        self._exclusions = Exclusions(mongo)

    async def apply(self, received: Sequence[Received], tx: Transaction) -> None:
        """Applies one poll of the catalogue topics."""
        await self._exclusions.learn((r.envelope for r in received), tx)
        await self._change_terms([r for r in received if isinstance(r.event, SeasonDefined)], tx)
        for event_type, collection in KEPT.items():
            defined = [r.envelope for r in received if isinstance(r.event, event_type)]
            writes = [newest(e.event.key, e.event.model_dump(mode="json"), e.sequence) for e in defined]
            if writes:
                await self._mongo[collection].bulk_write(writes, ordered=True, session=tx)

    async def _change_terms(self, defined: Sequence[Received], tx: Transaction) -> None:
        """Folds anew what was folded under other terms.

        Facts may arrive before the last definition of their season, which trials accepts until the season is in use. A
        replay would know that definition first.
        """
        if not defined:
            return
        last = {r.event.key: r for r in sorted(defined, key=lambda r: r.envelope.sequence)}
        known = self._mongo[SEASONS].find({"_id": {"$in": list(last)}}, session=tx)
        for season in await known.to_list(None):
            latest = last[season["_id"]]
            old, new = Terms.of(season), Terms.of(vars(latest.event))
            if latest.envelope.sequence > season["sequence"] and new != old:
                await self._projection.refold(season["_id"], old, new, latest.partition, tx)
