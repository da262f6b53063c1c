"""Use case: the national operator enters the regions of the standard into the register."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from services.registration.domain.definitions import Definition
from services.registration.handlers.organisations import define_organisation
from services.registration.regions import REGIONS, StandardRegion
from services.registration.repository import Repository
from shared.base.errors import BadInput, Conflict, FieldError
from shared.base.models import Count, Input
from shared.contracts.codes import OrganisationCode
from shared.identity.principal import Principal
from shared.programme.moments import Moment, happened_at, zone

MOST_REGIONS = 100


class RegionsRequest(Input):
    """The regions that are to be entered."""

    codes: Annotated[tuple[OrganisationCode, ...], Count(0, MOST_REGIONS)] = ()
    """Codes of ISO 3166-2:RU, for instance `RU-ROS`; all where it is left out."""
    occurred_at: Moment | None = None


@dataclass(slots=True)
class RegionsEntered:
    """The fates of the regions that were asked for, by code."""

    entered: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)


async def enter_regions(
    repository: Repository, who: Principal, request: RegionsRequest, now: datetime
) -> RegionsEntered:
    """Enters the regions that are missing, each in a transaction; one that is there stays as it is.

    Raises BadInput for a code that the standard does not list, and for a time to come.
    """
    wanted = _wanted(request)
    happened_at(request.occurred_at, now, zone("+00:00"))
    known = await repository.organisations.load(region.code for region in wanted)
    result = RegionsEntered()
    for region in wanted:
        there = known.get(region.code)
        if there is None and await _is_entered(repository, who, region, request, now):
            result.entered.append(region.code)
        elif there is not None and there.kind == "region":
            result.known.append(region.code)
        else:
            result.taken.append(region.code)
    return result


async def _is_entered(
    repository: Repository, who: Principal, region: StandardRegion, request: RegionsRequest, now: datetime
) -> bool:
    """Enters one region; False where its code, or one that differs by case alone, is another organisation's."""
    definition = Definition(
        kind="region", name=region.name, utc_offset=region.utc_offset, occurred_at=request.occurred_at
    )
    try:
        await define_organisation(repository, who, region.code, definition, now)
    except Conflict:
        return False
    return True


def _wanted(request: RegionsRequest) -> list[StandardRegion]:
    standard = {region.code: region for region in REGIONS}
    unknown = [
        FieldError(f"codes/{index}", "is no region of ISO 3166-2:RU")
        for index, code in enumerate(request.codes)
        if code not in standard
    ]
    if unknown:
        raise BadInput.of(unknown)
    return [standard[code] for code in dict.fromkeys(request.codes)] or list(REGIONS)
