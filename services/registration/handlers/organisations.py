"""Use case: operators keep the register of organisations."""

from datetime import datetime

from services.registration.domain.definitions import Definition, define, must_be_only
from services.registration.domain.organisations import Organisation
from services.registration.repository import Repository
from shared.identity.principal import Principal
from shared.storage.decision import Decision
from shared.storage.mongo import Transaction
from shared.storage.namesakes import must_be_own


async def define_organisation(
    repository: Repository, who: Principal, code: str, definition: Definition, now: datetime
) -> Organisation:
    """Enters or changes an organisation: a region by the national operator, all else by the region's.

    A code is taken for good, so that a region's operator enters none in another region's name.
    """
    parent = None
    if definition.kind == "region":
        who.limited_to("national-operator")
    else:
        parent = (await repository.organisations.load([definition.parent])).get(definition.parent)
        if parent is not None:
            who.scope.must_cover(parent.region)
    regions = await repository.register.regions_named(code)

    def decide(current: Organisation | None) -> Decision[Organisation]:
        if current is None and parent is not None and not who.has("national-operator"):
            must_be_own(code, parent.region, regions)
        return define(current, code, definition, parent, now)

    async def check(tx: Transaction) -> None:
        await repository.register.must_be_alone(code, tx)
        numbers = definition.model_dump(include={"inn", "ogrn"})
        must_be_only(numbers, await repository.register.sharing(code, numbers, tx), who)

    return await repository.organisations.update(code, decide, check)
