"""The region that a file is about."""

from services.registration.domain.organisations import Organisation, known_organisation
from services.registration.repository import Repository
from shared.base.errors import BadInput
from shared.identity.principal import Principal


async def covered_region(repository: Repository, who: Principal, code: str) -> Organisation:
    """Returns a region within a principal's scope, named by the word `code`.

    Raises NotFound for one that is unknown, Forbidden outside the scope, BadInput for another kind of organisation.
    """
    found = (await repository.organisations.load([code])).get(code)
    region = known_organisation(found, code, "code")
    who.scope.must_cover(region.region)
    if region.kind != "region":
        raise BadInput.field("code", "is not a region's")
    return region
