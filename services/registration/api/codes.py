"""Routes of one-time codes: staff see them again, issue them anew and revoke them."""

from fastapi import APIRouter

from services.registration.answers.codes import CodesView
from services.registration.api.parameters import Owner
from services.registration.handlers import codes
from services.registration.reads import Reads
from services.registration.repository import Repository
from shared.http.authorisation import SchoolStaff
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.programme.texts import Id
from shared.storage.outbox import Clock


def routes(repository: Repository, reads: Reads, clock: Clock) -> APIRouter:
    """Returns the routes of codes."""
    router = router_of("registration")

    @router.get("/participants/{participant}/codes", responses=problems({404: ["not-found"]}))
    async def show_codes(who: SchoolStaff, participant: Id) -> CodesView:
        """The one-time codes of a pupil, to be handed out again."""
        return await reads.within(who).codes(participant, repository.codes, clock())

    @router.post(
        "/participants/{participant}/codes/{owner}",
        responses=problems({404: ["not-found"], 409: ["code-redeemed", "too-many-codes"]}),
    )
    async def issue_code(who: SchoolStaff, participant: Id, owner: Owner) -> CodesView:
        """Issues the code of a guardian or of the pupil anew; the one before is useless from then on."""
        await codes.issue(repository, who, participant, owner, clock())
        return await reads.within(who).codes(participant, repository.codes, clock())

    @router.delete("/participants/{participant}/codes/{owner}", responses=problems({404: ["not-found"]}))
    async def revoke_code(who: SchoolStaff, participant: Id, owner: Owner) -> CodesView:
        """Revokes the code of a guardian or of the pupil; a cabinet that it has opened stays open."""
        await codes.revoke(repository, who, participant, owner)
        return await reads.within(who).codes(participant, repository.codes, clock())

    return router
