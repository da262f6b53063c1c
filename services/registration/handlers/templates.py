"""Use case: an operator defines the text that a region's families consent to in a season."""

from datetime import datetime

from services.registration.domain.organisations import known_organisation
from services.registration.domain.templates import Template, TemplateEntry
from services.registration.repository import Repository
from shared.base.errors import BadInput, NotKnownYet
from shared.identity.principal import Principal
from shared.programme.moments import happened_at, zone
from shared.storage.mongo import Transaction


async def define_template(
    repository: Repository, who: Principal, where: tuple[str, str], entry: TemplateEntry, now: datetime
) -> Template:
    """Defines a template; `where` is its season and region. The same again changes nothing.

    Raises NotFound for an unknown region, Forbidden out of scope, NotKnownYet for a season that is not defined,
    Conflict for a change of a template that was used.
    """
    season, code = where
    region = known_organisation((await repository.organisations.load([code])).get(code), code, "region")
    who.scope.must_cover(region.region)
    if region.kind != "region":
        raise BadInput.field("region", "is not a region")
    if season not in await repository.copies.seasons([season]):
        raise NotKnownYet.about("season", f"season {season} has not been defined", "season-unknown")
    since = happened_at(entry.occurred_at, now, zone(region.utc_offset))

    async def body(tx: Transaction) -> Template:
        return await repository.templates.define(season, code, entry, since, tx)

    return await repository.transact(body)
