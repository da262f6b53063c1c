"""Use cases: a school, or an operator above it, puts an account out of it, and readmits it."""

from datetime import datetime

from services.registration.domain.organisations import known_organisation
from services.registration.domain.staff import (
    MOST_EXCLUSIONS,
    Exclusion,
    ExclusionRequest,
    exclude,
    exclusion_id,
    must_stand_below,
    readmit,
    standing,
)
from services.registration.repository import Repository
from shared.base.errors import Conflict, Forbidden, NotFound
from shared.identity.principal import Principal
from shared.storage.decision import Done
from shared.storage.mongo import Transaction


async def exclude_staff(
    repository: Repository, who: Principal, request: ExclusionRequest, now: datetime
) -> Done[Exclusion]:
    """Puts an account out; one that is out already stays so.

    Raises NotFound for an unknown organisation, Forbidden for who does not reach all of it or stands lower than the
    account, Conflict for the own account and after too many.
    """

    async def body(tx: Transaction) -> Done[Exclusion]:
        found = (await repository.organisations.load([request.org], tx)).get(request.org)
        organisation = known_organisation(found, request.org, "org")
        who.scope.must_cover_whole(*organisation.place)
        seen = await repository.staff.seen(request.account, tx)
        must_stand_below(who, request.account, [presence.grant for presence in seen], organisation)
        known = await repository.staff.exclusion(exclusion_id(request.account, organisation.id), tx)
        if known is None and await repository.staff.exclusions(organisation.id, tx) >= MOST_EXCLUSIONS:
            raise Conflict(f"{MOST_EXCLUSIONS} accounts were put out of {request.org}", slug="too-many-exclusions")
        decision = exclude(known, request, organisation, standing(who.grants, organisation), now)
        await repository.staff.keep(decision, tx)
        return Done(decision.state, bool(decision.happened))

    return await repository.transact(body)


async def readmit_staff(repository: Repository, who: Principal, id: str, now: datetime) -> Done[Exclusion]:
    """Lets an account act again; raises NotFound outside the scope, Forbidden where it was put out from above."""

    async def body(tx: Transaction) -> Done[Exclusion]:
        known = await repository.staff.exclusion(id, tx)
        found = await repository.organisations.load([known.organisation] if known else [], tx)
        if known is None or known.organisation not in found:
            raise NotFound("no such exclusion in your scope")
        organisation = found[known.organisation]
        try:
            who.scope.must_cover_whole(*organisation.place)
        except Forbidden:
            raise NotFound("no such exclusion in your scope") from None
        decision = readmit(known, organisation, standing(who.grants, organisation), now)
        await repository.staff.keep(decision, tx)
        return Done(decision.state, bool(decision.happened))

    return await repository.transact(body)
