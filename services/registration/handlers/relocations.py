"""Use case: an operator takes an organisation to another municipality from a day on, with all its pupils."""

from datetime import datetime

from services.registration.domain.organisations import Organisation, known_organisation
from services.registration.domain.relocations import RelocationRequest, relocate
from services.registration.handlers.carrying import Carried, carry
from services.registration.repository import Repository
from shared.identity.principal import Principal
from shared.storage.mongo import Transaction


async def relocate_organisation(
    repository: Repository, who: Principal, code: str, request: RelocationRequest, now: datetime
) -> tuple[Organisation, Carried]:
    """Takes an organisation to a municipality, and brings its pupils along; the same again goes on where it ended.

    Raises NotFound for one that is not in the register, Forbidden outside the scope.
    """

    async def body(tx: Transaction) -> Organisation:
        found = await repository.organisations.load([code, request.parent], tx)
        organisation = known_organisation(found.get(code), code, "code")
        who.scope.must_cover(organisation.region)
        decision = relocate(organisation, found.get(request.parent), request, now)
        await repository.organisations.save([decision], tx)
        return decision.state

    organisation = await repository.transact(body)
    return organisation, await carry(repository, code, now)
