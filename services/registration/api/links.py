"""Routes of links: an own account is linked to a pupil by a one-time code, and unlinked."""

from fastapi import APIRouter, Request

from services.registration.api.parameters import Owner
from services.registration.handlers import links as handlers
from services.registration.repository import Repository
from shared.base.models import Answer, Input
from shared.http import batch
from shared.http.authorisation import Family, StaffOrFamily
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.http.throttles import guess
from shared.identity.acting import about
from shared.programme.texts import Id, LinkCode
from shared.storage.outbox import Clock


class LinkRequest(Input):
    """A one-time code as it was handed out; case, spaces, dashes and characters that look alike do not matter."""

    code: LinkCode
    """The code that the school handed out, for a guardian or for the pupil."""


class Unlinked(Answer):
    """The cabinet that is closed."""

    participant: str
    """Id of the pupil."""
    owner: str
    """Id of the guardian whose cabinet it was; `self` for the pupil's own."""


class Link(Answer):
    """The pupil to whom the account is linked, and the guardian for a guardian's code alone."""

    participant: str
    """Id of the pupil to whom the account is linked now."""
    guardian: str | None
    """Id of the guardian whose cabinet the account is; null for a pupil's own."""


def routes(repository: Repository, clock: Clock) -> APIRouter:
    """Returns the routes by which accounts are linked and unlinked."""
    router = router_of("registration")
    waiting = handlers.queue(repository)

    @router.post(
        "/links",
        responses=problems(
            {
                403: ["wrong-code-kind"],
                404: ["code-unknown"],
                409: ["code-expired", "code-redeemed", "guardian-linked-elsewhere", "pupil-of-age"],
            }
        ),
    )
    async def redeem(who: Family, link: LinkRequest, request: Request) -> Link:
        """Links the own account to a pupil by a one-time code."""
        code = batch.Item("/code", repository.codes.digest(link.code), word="code")
        async with guess(request):
            linked = (await waiting.submit(batch.Request(items=[code], who=who, now=clock()))).value
        about([linked.participant])
        return Link(participant=linked.participant, guardian=linked.guardian)

    @router.delete("/participants/{participant}/links/{owner}", responses=problems({404: ["not-found"]}))
    async def unlink(who: StaffOrFamily, participant: Id, owner: Owner) -> Unlinked:
        """Closes the cabinet of a guardian or of the pupil; the code that opened it is useless from then on.

        A family closes its own, staff close any. Without one, nothing changes.
        """
        await handlers.unlink(repository, who, participant, owner, clock())
        about([participant])
        return Unlinked(participant=participant, owner=owner)

    return router
