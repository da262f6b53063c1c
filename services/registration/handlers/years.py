"""Use cases: what is said of an organisation for one school year, a school's numbers and an operator's targets."""

from datetime import datetime

from services.registration.domain.organisations import Organisation, known_organisation
from services.registration.domain.school_years import SchoolYear, SchoolYearEntry, enter_year, year_id
from services.registration.domain.targets import Target, TargetEntry, set_target
from services.registration.repository import Repository
from shared.identity.principal import Principal
from shared.programme.moments import happened_at, zone


async def enter_school_year(
    repository: Repository, who: Principal, code: str, year: str, entry: SchoolYearEntry, now: datetime
) -> SchoolYear:
    """Enters a school's year; raises NotFound for an unknown school, Forbidden for who does not reach all of it."""
    school = await _known(repository, code)
    who.scope.must_cover_whole(*school.place)
    happened_at(entry.occurred_at, now, zone(school.utc_offset))
    return await repository.school_years.update(
        year_id(code, year), lambda known: enter_year(known, school, year, entry)
    )


async def set_year_target(
    repository: Repository, who: Principal, code: str, year: str, entry: TargetEntry, now: datetime
) -> Target:
    """Sets the target of a year; raises NotFound for an unknown organisation, Forbidden out of scope."""
    organisation = await _known(repository, code)
    who.scope.must_cover(organisation.region)
    return await repository.targets.update(
        year_id(code, year), lambda known: set_target(known, organisation, year, entry, now)
    )


async def _known(repository: Repository, code: str) -> Organisation:
    return known_organisation((await repository.organisations.load([code])).get(code), code, "code")
