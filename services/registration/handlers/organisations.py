"""Use case: operators keep the register of organisations."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from services.registration.domain.organisations import Definition, Organisation, define
from services.registration.repository import Repository
from shared.base.errors import Conflict
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
    regions = await repository.regions_named(code)

    def decide(current: Organisation | None) -> Decision[Organisation]:
        if current is None and parent is not None and not who.has("national-operator"):
            must_be_own(code, parent.region, regions)
        return define(current, code, definition, parent, now)

    async def check(tx: Transaction) -> None:
        await repository.must_be_alone(code, tx)
        numbers = definition.model_dump(include={"inn", "ogrn"})
        must_be_only(numbers, await repository.sharing(code, numbers, tx), who)

    return await repository.organisations.update(code, decide, check)


def must_be_only(numbers: Mapping[str, str | None], others: Iterable[Organisation], who: Principal) -> None:
    """Raises Conflict where another organisation has one of the numbers; it is named where the caller reaches it."""
    for other in others:
        word = next(name for name, number in numbers.items() if number and getattr(other, name) == number)
        whose = other.id if who.scope.covers(*other.place) else "another organisation"
        raise Conflict.about(word, f"is {whose}'s", f"{word}-taken")
