"""Reads of venues' applications: the region's operators see all of it, a venue its own without who decided."""

from services.trials.answers.applications import ApplicationPage, ApplicationView, told
from services.trials.collections import APPLICATIONS
from services.trials.domain.places.applications import Application
from services.trials.repository import Repository
from shared.base.errors import NotFound
from shared.http.paging import Filter, Listing, Paging
from shared.identity.grants import Scope
from shared.identity.principal import Principal
from shared.storage.mongo import Mongo

OF_REGION = Listing("applications", {"_id": str})
OF_VENUE = Listing("venue-applications", {"_id": str})


class ApplicationReads:
    """The lists of applications."""

    def __init__(self, mongo: Mongo, repository: Repository) -> None:
        self._rows = mongo[APPLICATIONS]
        self._repository = repository

    async def of_region(self, who: Principal, region: str, asked: Filter, paging: Paging) -> ApplicationPage:
        """Returns a page of a region's applications; raises Forbidden for whoever is not its operator."""
        who.scope.must_cover(region)
        narrowed = {**asked, "region": region}
        query = {field: value for field, value in narrowed.items() if value}
        rows, onward = await OF_REGION.page(self._rows, query, paging, narrowed)
        return ApplicationPage(items=[_shown(row, who) for row in rows], next=onward)

    async def of_venue(self, who: Principal, code: str, paging: Paging) -> ApplicationPage:
        """Returns a page of a venue's applications.

        Raises Forbidden outside the scope, or NotFound while the venue is in no registry, as where there is none.
        """
        seen = await self._owners_seen(who, code)
        query = {"venue": code, "organisation": {"$in": seen}}
        rows, onward = await OF_VENUE.page(self._rows, query, paging, {"venue": code})
        return ApplicationPage(items=[_shown(row, who) for row in rows], next=onward)

    async def _owners_seen(self, who: Principal, code: str) -> list[str]:
        """Returns the organisations for which somebody speaks among those that have a code or asked for it.

        Several may have asked, each for a season of its own, also of other regions.
        """
        venue = (await self._repository.venues.load([code])).get(code)
        found = self._rows.find({"venue": code}, {"organisation": 1, "region": 1})
        owners = {row["organisation"]: row["region"] async for row in found}
        hosts: dict[str, tuple[str, ...]] = {owner: (owner,) for owner in owners}
        if venue is not None:
            owners[venue.organisation], hosts[venue.organisation] = venue.region, venue.hosts
        seen = [owner for owner, region in owners.items() if who.scope.covers(region, hosts=hosts[owner])]
        if not seen and venue is not None:
            who.scope.must_cover(venue.region, hosts=venue.hosts)
        if not seen:
            raise NotFound.about("code", "no such venue, and none has applied")
        return seen


def shown(application: Application, who: Principal) -> ApplicationView:
    """Returns an application as somebody sees it: with who did what for the operators of its region alone."""
    operators = Scope(tuple(grant for grant in who.grants if grant.role.endswith("-operator")))
    return told(application, operators.covers(application.region))


def _shown(row: dict[str, object], who: Principal) -> ApplicationView:
    return shown(Application.model_validate(row | {"id": row["_id"]}), who)
