"""Routes of guardians as persons: they are erased, by staff or by themselves."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from services.registration.answers.acts import ActView, Erased, GuardianErasures
from services.registration.handlers import guardians as handlers
from services.registration.handlers.erasure import Erasing
from services.registration.repository import Repository
from shared.http.audit import AuditLog
from shared.http.authorisation import Operator, admit
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.identity.acting import about, acting, forget_actor
from shared.identity.principal import Principal
from shared.programme.texts import Id
from shared.storage.decision import NewId
from shared.storage.outbox import Clock

Guardian = Annotated[Principal, admit("guardian")]
GuardianId = Annotated[Id, Path(description="Id of the guardian.")]


def routes(repository: Repository, clock: Clock, new_id: NewId) -> APIRouter:
    """Returns the routes of guardians."""
    router = router_of("registration")

    @router.delete("/guardians/me")
    async def erase_myself(who: Guardian, sent: Request) -> GuardianErasures:
        """Erases the guardian whose cabinet it is for good, in every school that knows her; her children stay.

        A consent that she gave stays in force, without her name: who does not want that withdraws it before. Nobody can
        take it back.
        """
        now = clock()
        await _settle(sent)
        forget_actor()
        acts = await handlers.erase_oneself(repository, who, Erasing(now, new_id, "guardian", acting()))
        about(child for act in acts for child in act.children)
        return GuardianErasures.of(acts, now)

    @router.delete("/guardians/{guardian}", responses=problems({403: ["children-elsewhere"], 404: ["not-found"]}))
    async def erase_guardian(who: Operator, guardian: GuardianId, sent: Request) -> Erased:
        """Erases a guardian for good, all of whose children are in the caller's scope; the children stay.

        A consent that she gave stays in force, as a fact without a giver, until somebody withdraws it. Nobody can take
        the erasure back. Sent again, it answers with the same act, as far as it has come.
        """
        now = clock()
        await _settle(sent)
        act = await handlers.erase_guardian(repository, who, guardian, Erasing(now, new_id, by=acting()))
        about(act.children)
        return Erased(act=ActView.of(act, now))

    return router


async def _settle(sent: Request) -> None:
    """Writes the entries of the audit log that wait: one of hers that came behind the erasure would name her again."""
    audit: AuditLog = sent.app.state.audit
    await audit.flush()
