"""Routes by which an organisation goes to another municipality, and by which it closes; operators decide."""

from fastapi import APIRouter

from services.registration.answers.organisations import CarriedView
from services.registration.api.parameters import InCode
from services.registration.domain.closings import ClosingRequest
from services.registration.domain.organisations import Organisation
from services.registration.domain.relocations import RelocationRequest
from services.registration.handlers import closings, relocations
from services.registration.handlers.carrying import Carried
from services.registration.reads import Reads
from services.registration.repository import Repository
from shared.http.authorisation import RegionOperator
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.storage.outbox import Clock


def routes(repository: Repository, reads: Reads, clock: Clock) -> APIRouter:
    """Returns the routes of what changes in the register with all its pupils."""
    router = router_of("registration")

    async def shown(organisation: Organisation, carried: Carried, organisations: int = 0) -> CarriedView:
        return CarriedView(
            organisation=await reads.organisations.named(organisation),
            organisations=organisations,
            pupils=carried.pupils,
            rekeyed=carried.rekeyed,
            done=carried.done,
        )

    @router.post(
        "/organisations/{code}/moves",
        responses=problems({404: ["organisation-unknown"], 409: ["organisation-closed", "too-many-relocations"]}),
    )
    async def relocate_organisation(who: RegionOperator, code: InCode, request: RelocationRequest) -> CarriedView:
        """Takes an organisation below a municipality to another one of its region from a day on, with all its pupils.

        Figures of days before stay. A call brings 5,000 pupils along at most, and says whether it is done: the same
        call again goes on, and changes nothing where all is so already.
        """
        organisation, carried = await relocations.relocate_organisation(repository, who, code, request, clock())
        return await shown(organisation, carried)

    @router.post(
        "/organisations/{code}/closing",
        responses=problems({404: ["organisation-unknown"], 409: ["organisation-closed", "organisation-in-use"]}),
    )
    async def close_organisation(who: RegionOperator, code: InCode, request: ClosingRequest) -> CarriedView:
        """Closes an organisation, and takes what is in it to the one that goes on in its place.

        Nothing is entered in it any more; names and figures of days before stay. Without another one it closes only
        once nobody is left in it. As with moves, the same call again goes on.
        """
        closed = await closings.close_organisation(repository, who, code, request, clock())
        return await shown(closed.organisation, closed.carried, closed.organisations)

    return router
