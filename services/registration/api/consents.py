"""Routes of consents: a family's are given and withdrawn in the cabinet, or by staff who hold them on paper."""

from datetime import datetime

from fastapi import APIRouter

from services.registration.answers.participants import ConsentView
from services.registration.domain.consents import ConsentRequest
from services.registration.domain.majority import MINOR, OF_AGE
from services.registration.domain.participants import Participant
from services.registration.handlers import consents as handlers
from services.registration.repository import Repository
from shared.base.models import Answer
from shared.http.authorisation import StaffOrFamily
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.programme.moments import Moment
from shared.programme.texts import Id
from shared.storage.outbox import Clock

CONFLICTS = ["consent-withdrawn", "guardian-unknown", MINOR, OF_AGE, "too-many-consents"]


class ConsentAnswer(Answer):
    """The consent in force, if any."""

    participant: str
    """Id of the pupil."""
    consent: ConsentView | None
    """The consent in force; null where there is none."""

    @classmethod
    def of(cls, participant: Participant, now: datetime) -> "ConsentAnswer":
        """The consent of a pupil that is in force."""
        return cls(participant=participant.id, consent=ConsentView.of(participant, now))


def routes(repository: Repository, clock: Clock) -> APIRouter:
    """Returns the routes of consents."""
    router = router_of("registration")

    @router.post(
        "/participants/{participant}/consents",
        responses=problems({404: ["not-found"], 409: CONFLICTS}),
    )
    async def give_consent(who: StaffOrFamily, participant: Id, request: ConsentRequest) -> ConsentAnswer:
        """Puts a consent in force; the same version again changes nothing unless it lasts longer.

        Until the pupil's 18th birthday a guardian gives it, from then on the pupil: to a template of the region or a
        published document, in the own cabinet. Staff say how and when it was given.
        """
        now = clock()
        return ConsentAnswer.of(await handlers.give_consent(repository, who, participant, request, now), now)

    @router.delete(
        "/participants/{participant}/consents/current", responses=problems({404: ["not-found"], 409: [MINOR, OF_AGE]})
    )
    async def withdraw_consent(who: StaffOrFamily, participant: Id, occurred_at: Moment | None = None) -> ConsentAnswer:
        """Withdraws the consent in force, if there is one: a guardian until the pupil's 18th birthday, then the pupil.

        Staff enter a withdrawal of either.
        """
        now = clock()
        return ConsentAnswer.of(await handlers.withdraw_consent(repository, who, participant, occurred_at, now), now)

    return router
