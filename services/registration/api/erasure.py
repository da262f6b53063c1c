"""Routes of erasure, and of the acts that prove it."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from services.registration.answers.acts import ActPage, ActView, Erased
from services.registration.domain.erasure import State
from services.registration.handlers.erasure import Erasing, erase_pupil
from services.registration.reads import Reads
from services.registration.repository import Repository
from shared.http.authorisation import Operator
from shared.http.openapi import problems
from shared.http.paging import Paged
from shared.http.routes import router_of
from shared.identity.acting import about, acting
from shared.programme.texts import Id
from shared.storage.decision import NewId
from shared.storage.outbox import Clock

In = Annotated[State | None, Query(description="those in one state alone; default all")]
Number = Annotated[Id, Path(description="Number of the act.")]


def routes(repository: Repository, reads: Reads, clock: Clock, new_id: NewId) -> APIRouter:
    """Returns the routes of erasure."""
    router = router_of("registration")

    @router.delete("/participants/{participant}", responses=problems({404: ["not-found"]}))
    async def erase(who: Operator, participant: Id) -> Erased:
        """Erases a pupil for good, and guardians who have no other one; the act says what was destroyed where.

        Nobody can take it back. Sent again, it answers with the same act, as far as it has come.
        """
        now = clock()
        act = await erase_pupil(repository, who, participant, Erasing(now, new_id, by=acting()))
        about([participant])
        return Erased(act=ActView.of(act, now))

    @router.get("/acts")
    async def list_acts(who: Operator, paging: Paged, state: In = None) -> ActPage:
        """The acts of destruction of all places in the caller's scope; an open one waits for a service."""
        return await reads.acts(who).page(state, paging)

    @router.get("/acts/{number}", responses=problems({404: ["not-found"]}))
    async def read_act(who: Operator, number: Number) -> ActView:
        """One act of destruction."""
        return await reads.acts(who).one(number)

    return router
