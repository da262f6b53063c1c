"""Routes of candidates for a merge: entries that may be one pupil, and pairs of which staff say that they are two."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from services.registration.answers.duplicates import CandidatePage, DismissalDone, DismissalView
from services.registration.domain.dismissals import DismissalRequest
from services.registration.handlers import dismissals as handlers
from services.registration.reads import Reads
from services.registration.repository import Repository
from shared.contracts.codes import OrganisationCode
from shared.http.authorisation import RegionOperator
from shared.http.openapi import problems
from shared.http.paging import Paged
from shared.http.routes import router_of
from shared.programme.texts import Id
from shared.storage.outbox import Clock

Of = Annotated[OrganisationCode | None, Query(description="of this region; without it of the nation")]
Dismissed = Annotated[bool, Query(description="true for pairs that were dismissed instead of the others")]
DismissalId = Annotated[Id, Path(description="Id of the dismissal.")]
CONFLICTS = ["merged-already", "no-candidates", "too-many-dismissals"]


def routes(repository: Repository, reads: Reads, clock: Clock) -> APIRouter:
    """Returns the routes of candidates."""
    router = router_of("registration")

    @router.get("/duplicates")
    async def duplicates(
        who: RegionOperator, paging: Paged, region: Of = None, dismissed: Dismissed = False
    ) -> CandidatePage:
        """Entries that may be one pupil, by name and birth date; whether they are is for staff to say.

        Without a region they are looked for across regions, for the national operator. Pairs of which an operator has
        said that they are two are left out, unless it is they who are asked for.
        """
        return await reads.duplicates(who).page(region, dismissed, paging)

    @router.post("/duplicates/dismissals", responses=problems({404: ["not-found"], 409: CONFLICTS}))
    async def dismiss(who: RegionOperator, request: DismissalRequest) -> DismissalDone:
        """Says of two candidates that they are two children: they are listed no more.

        Said again, it is the same. They can still be merged, which takes it back, and it goes with the erasure of
        either. Of entries in two regions the national operator says it.
        """
        done = await handlers.dismiss_candidates(repository, who, request, clock())
        return DismissalDone(**DismissalView.of(done.value).model_dump(), new=done.new)

    @router.delete("/duplicates/dismissals/{dismissal}", responses=problems({404: ["not-found"]}))
    async def take_back_dismissal(who: RegionOperator, dismissal: DismissalId) -> DismissalView:
        """Takes it back that two entries are two: they are listed again."""
        return DismissalView.of(await handlers.take_back_dismissal(repository, who, dismissal))

    return router
