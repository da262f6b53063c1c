"""Copies of the catalogue: the seasons' rules for the fold, and the names that figures are shown with."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pymongo import UpdateOne

from services.analytics.collections import COMPETENCIES, GIVEN, ORGANISATIONS, SEASONS
from services.analytics.enrolments import Terms
from services.analytics.facts import recorded_at
from services.analytics.projection import Projection
from shared.contracts.event import Event
from shared.contracts.organisations import OrganisationDefined
from shared.contracts.quotas import QuotaMoved
from shared.contracts.revisions import SeasonCorrected
from shared.contracts.trials import SeasonClosed, SeasonDefined
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
        await self._give([r for r in received if isinstance(r.event, QuotaMoved)], tx)
        for event_type, collection in KEPT.items():
            defined = [r.envelope for r in received if isinstance(r.event, event_type)]
            writes = [newest(e.event.key, e.event.model_dump(mode="json"), e.sequence) for e in defined]
            if writes:
                await self._mongo[collection].bulk_write(writes, ordered=True, session=tx)
        for r in received:
            if isinstance(r.event, SeasonClosed | SeasonCorrected):
                await self._limit(r, tx)

    async def _give(self, moved: Sequence[Received], tx: Transaction) -> None:
        """Keeps the entries of the ledger of quotas; one that is told again is there already."""
        writes = [
            UpdateOne(
                {"_id": r.event.entry},
                {
                    "$setOnInsert": {
                        **r.event.model_dump(include={"season", "region", "giver", "organisation", "amount"}),
                        "venue": r.event.venue or "",
                        "day": r.envelope.day.isoformat(),
                    }
                },
                upsert=True,
            )
            for r in moved
        ]
        if writes:
            await self._mongo[GIVEN].bulk_write(writes, ordered=False, session=tx)

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
            old = Terms.of(season)
            new = replace(Terms.of(vars(latest.event)), limit=old.limit)
            if latest.envelope.sequence > season["sequence"] and new != old:
                await self._projection.refold(season["_id"], old, new, latest.partition, tx)

    async def _limit(self, told: Received, tx: Transaction) -> None:
        """Lets a season stand as it was told by its closing, or with the corrections told by a revision.

        Each has its number, the closing none; a replay says nothing new. A closing that was put aside, and is heard
        behind a revision, was before it.
        """
        season = await self._mongo[SEASONS].find_one({"_id": told.event.key}, session=tx)
        if season is None:
            return
        number = told.event.revision if isinstance(told.event, SeasonCorrected) else 0
        recorded, known = recorded_at(told.envelope), season.get("revision", -1)
        closed: str = season.get("closed", recorded)
        if number == 0:
            closed = min(closed, recorded)
        elif number <= known:
            return
        revised = max(recorded, season.get("revised", closed))
        limited = {"closed": closed, "revised": revised, "revision": max(number, known)}
        if limited.items() <= season.items():
            return
        await self._mongo[SEASONS].update_one({"_id": told.event.key}, {"$set": limited}, session=tx)
        old, new = Terms.of(season), Terms.of(season | limited)
        await self._projection.refold(told.event.key, old, new, told.partition, tx)
