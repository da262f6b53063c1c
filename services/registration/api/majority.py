"""Route of what a pupil says about the time from the 18th birthday on."""

from typing import Annotated

from fastapi import APIRouter, Path

from services.registration.domain.majority import Keeping
from services.registration.handlers import majority as handlers
from services.registration.repository import Repository
from shared.base.models import Answer
from shared.http.authorisation import admit
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.programme.texts import Id
from shared.storage.outbox import Clock

Pupil = Annotated[Principal, admit("pupil")]
InGuardian = Annotated[Id, Path(description="Id of the guardian.")]


class Kept(Answer):
    """The pupil's word about a guardian's cabinet."""

    participant: str
    """Id of the pupil."""
    guardian: str
    """Id of the guardian."""
    kept: bool
    """True where the cabinet stays from the pupil's 18th birthday on."""


def routes(repository: Repository, clock: Clock) -> APIRouter:
    """Returns the route by which a pupil keeps guardians' cabinets."""
    router = router_of("registration")

    @router.put("/participants/{participant}/guardians/{owner}/keeping", responses=problems({404: ["not-found"]}))
    async def keep_guardian(who: Pupil, participant: Id, owner: InGuardian, keeping: Keeping) -> Kept:
        """Says whether a guardian's cabinet stays from the pupil's 18th birthday on; the pupil alone says it.

        One that is not kept ends on that day, or at once where it has passed. One that has ended is opened again by a
        code that the school issues anew.
        """
        await handlers.keep_guardian(repository, who, participant, owner, keeping.kept, clock())
        about([participant])
        return Kept(participant=participant, guardian=owner, kept=keeping.kept)

    return router
