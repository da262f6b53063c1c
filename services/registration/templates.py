"""Templates of consents in the database, by season, region and version."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from services.registration.collections import CONSENT_TEMPLATES
from services.registration.copies.store import Copies
from services.registration.domain.participants import Participant
from services.registration.domain.templates import NO_TEMPLATES, Template, TemplateEntry, Templates, define
from shared.contracts.registration import ConsentGiven
from shared.identity.acting import acting, changed
from shared.storage.decision import Decision
from shared.storage.mongo import Document, Mongo, Transaction


class TemplateRows:
    """All that were defined; their texts are read by themselves."""

    def __init__(self, mongo: Mongo, copies: Copies) -> None:
        self._rows = mongo[CONSENT_TEMPLATES]
        self._copies = copies

    async def of(self, seasons: Iterable[str], regions: Iterable[str], tx: Transaction) -> Templates:
        """Returns the templates of regions in seasons."""
        codes = list(dict.fromkeys(seasons))
        query = {"season": {"$in": codes}, "region": {"$in": list(dict.fromkeys(regions))}}
        rows = await self._rows.find(query, {"text": 0}, session=tx).to_list(None)
        if not rows:
            return NO_TEMPLATES
        known = await self._copies.seasons(codes)
        return Templates(map(Template.of, rows), {code: season.closes for code, season in known.items()})

    async def define(
        self, season: str, region: str, entry: TemplateEntry, since: datetime, tx: Transaction
    ) -> Template:
        """Stores a template of a season and a region as an entry has it; raises Conflict as the decision does."""
        where = {"season": season, "region": region}
        row = await self._rows.find_one({**where, "version": entry.version}, session=tx)
        versions = await self._rows.count_documents(where, session=tx)
        known = Template.of(row) if row else None
        template = define(known, entry, (season, region), since, versions)
        if template != known:
            query = {"_id": template_id(template)}
            document = {**query, **template.model_dump(), **changed(acting())}
            await self._rows.replace_one(query, document, upsert=True, session=tx)
        return template

    async def mark_used(self, decisions: Iterable[Decision[Participant]], tx: Transaction) -> None:
        """Makes the templates of consents immutable that decisions have given."""
        given: dict[str, set[str]] = defaultdict(set)
        for decision in decisions:
            for fact in decision.happened:
                if isinstance(fact.event, ConsentGiven) and fact.event.template is not None:
                    given[fact.event.region].add(fact.event.template)
        for region, digests in given.items():
            query: Document = {"region": region, "digest": {"$in": sorted(digests)}, "used": False}
            await self._rows.update_many(query, {"$set": {"used": True}}, session=tx)


def template_id(template: Template) -> str:
    """Returns the id of a template's row."""
    return f"{template.season}/{template.region}/{template.version}"
