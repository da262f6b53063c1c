"""Trials over HTTP: attempts at diagnostics."""

from typing import Annotated, Any

from fastapi import APIRouter, Response

from services.trials.answers.commands import AttemptAnswer, Items
from services.trials.answers.explanations import explained
from services.trials.api.items import LARGEST_ANSWERS, NOT_READY, item_by_item, noted
from services.trials.domain.catalogue.diagnostics import AttemptCommand
from services.trials.handlers import attempts
from services.trials.handlers.attempts import AttemptRequest
from services.trials.reads.diagnostics import DiagnosticReads
from services.trials.repository import Repository
from shared.base.models import Count, Input
from shared.http.authorisation import STAFF, SchoolStaff, admit
from shared.http.batch import Item, ReadAs, only, read_each
from shared.http.openapi import also, problems
from shared.http.routes import router_of
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.storage.decision import NewId
from shared.storage.outbox import Clock

REFUSED = ("attempt-taken", "ref-reused", "time-over", "too-many-attempts")
StaffOrPupil = Annotated[Principal, admit(*STAFF, "pupil")]


class AttemptsBody(Input):
    """A class's attempts; each is read on its own (shape: the body of `POST /trials/attempts`)."""

    attempts: Annotated[list[Annotated[Any, ReadAs(AttemptCommand)]], Count(1, 100)]
    """Each as the body of `POST /trials/attempts`."""


def routes(repository: Repository, instruments: DiagnosticReads, clock: Clock, new_id: NewId) -> APIRouter:
    """Returns the routes by which attempts are sent."""
    router = router_of("trials")
    waiting = attempts.queue(repository, new_id)

    @router.post(
        "/attempts",
        max_body_size=LARGEST_ANSWERS,
        status_code=201,
        response_model_exclude_none=True,
        responses=also(AttemptAnswer) | problems({404: ["participant-unknown"], 409: [*NOT_READY, *REFUSED]}),
    )
    async def attempt(command: AttemptCommand, who: StaffOrPupil, response: Response) -> AttemptAnswer:
        """A pupil completes a diagnostic; 200 with the same profile where the ref was taken before.

        409 `attempt-taken` where the season leaves the pupil no attempt in this round; the navigator can give leave
        for one more.
        """
        done = only(await waiting.submit(AttemptRequest(items=[Item("", command)], who=who, now=clock())))
        response.status_code = 201 if done.new else 200
        about([done.value.participant])
        answer = AttemptAnswer.of({"ref": command.ref, "participant": command.participant}, done)
        instrument, taken = await instruments.instrument(command.diagnostic), done.value.step
        scales = instrument and explained(instrument, taken.profile, taken.version)
        return answer.model_copy(update={"scales": scales})

    @router.post("/attempts/batch", max_body_size=100 * LARGEST_ANSWERS, response_model_exclude_none=True)
    async def attempts_of_a_class(body: AttemptsBody, who: SchoolStaff) -> Items[AttemptAnswer]:
        """At most 100 attempts, item by item."""
        items = await read_each(AttemptCommand, body.attempts, "/attempts")
        outcomes = await waiting.submit(AttemptRequest(items=items, who=who, now=clock()))
        return noted(await item_by_item(AttemptAnswer.of, body.attempts, outcomes))

    return router
