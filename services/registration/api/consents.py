"""Routes of consents: a guardian's are given and withdrawn in the cabinet, or by staff who hold them on paper."""

from typing import Annotated

from fastapi import APIRouter

from services.registration.answers.participants import ConsentView
from services.registration.domain.consents import ConsentRequest
from services.registration.domain.participants import Participant
from services.registration.handlers import consents as handlers
from services.registration.repository import Repository
from shared.base.models import Answer
from shared.http.authorisation import STAFF, admit
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.identity.principal import Principal
from shared.programme.moments import Moment
from shared.programme.texts import Id
from shared.storage.outbox import Clock

StaffOrGuardian = Annotated[Principal, admit(*STAFF, "guardian")]


class ConsentAnswer(Answer):
    """The consent in force, if any."""

    participant: str
    """Id of the pupil."""
    consent: ConsentView | None
    """The consent in force; null where there is none."""

    @classmethod
    def of(cls, participant: Participant) -> "ConsentAnswer":
        """The consent of a pupil that is in force."""
        return cls(participant=participant.id, consent=ConsentView.of(participant))


def routes(repository: Repository, clock: Clock) -> APIRouter:
    """Returns the routes of consents."""
    router = router_of("registration")

    @router.post(
        "/participants/{participant}/consents",
        responses=problems({404: ["not-found"], 409: ["consent-withdrawn", "guardian-unknown", "too-many-consents"]}),
    )
    async def give_consent(who: StaffOrGuardian, participant: Id, request: ConsentRequest) -> ConsentAnswer:
        """Puts a guardian's consent in force; the same version again changes nothing.

        A guardian agrees to a published document, in the cabinet; staff say how and when the consent was given.
        """
        return ConsentAnswer.of(await handlers.give_consent(repository, who, participant, request, clock()))

    @router.delete("/participants/{participant}/consents/current", responses=problems({404: ["not-found"]}))
    async def withdraw_consent(
        who: StaffOrGuardian, participant: Id, occurred_at: Moment | None = None
    ) -> ConsentAnswer:
        """Withdraws the consent in force, if there is one."""
        return ConsentAnswer.of(await handlers.withdraw_consent(repository, who, participant, occurred_at, clock()))

    return router
