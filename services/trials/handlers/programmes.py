"""Use case: the owner of a trial programme defines it: an organisation that has venues, or a regional operator."""

from datetime import datetime

from services.trials.domain.path.caller import known_zone
from services.trials.domain.places import programmes
from services.trials.domain.places.programmes import Programme, ProgrammeEntry
from services.trials.repository import Repository
from shared.base.errors import BadInput, NotKnownYet
from shared.identity.principal import Principal
from shared.programme.moments import happened_at
from shared.programme.organisations import Organisation
from shared.storage.decision import Decision
from shared.storage.namesakes import must_be_own


async def define(repository: Repository, code: str, entry: ProgrammeEntry, who: Principal, now: datetime) -> Programme:
    """Defines a programme, or changes it.

    Raises NotKnownYet before its organisation is known here, Conflict where that is closed or another one owns the
    programme, BadInput for a competency that is not approved, and for a new code in another region's name.
    """
    owner = (await repository.copies.organisations([entry.organisation])).get(entry.organisation)
    if owner is None:
        raise NotKnownYet.about("organisation", "this organisation is not known here yet", "organisation-unknown")
    who.scope.must_cover(owner.region, hosts=_hosts(owner))
    owner.must_be_open("organisation")
    if owner.kind == "municipality":
        raise BadInput.field("organisation", "a municipality has no programmes: name a region or an organisation")
    if not await repository.competencies.load([entry.competency]):
        raise BadInput.field("competency", "not an approved competency")
    local = known_zone(await repository.copies.register.clocks([owner.region]), owner.region, owner.municipality)
    time = happened_at(entry.occurred_at, now, local)
    regions = [other.id for other in await repository.copies.namesakes(code) if other.kind == "region"]

    def decide(known: Programme | None) -> Decision[Programme]:
        if known is None and not who.has("national-operator"):
            must_be_own(code, owner.region, regions)
        return programmes.define(known, code, entry, owner, time)

    return await repository.programmes.update(code, decide, repository.alone("programmes", code))


def _hosts(owner: Organisation) -> tuple[str, ...]:
    """The code in which a grant of a venue speaks for the owner; nobody's but an operator's does for a region."""
    return () if owner.municipality is None or owner.kind == "municipality" else (owner.id,)
