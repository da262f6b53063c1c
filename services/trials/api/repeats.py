"""Trials over HTTP: leaves to repeat a diagnostic."""

from typing import Annotated

from fastapi import APIRouter

from services.trials.answers.repeats import RepeatAnswer
from services.trials.api.items import NOT_READY
from services.trials.domain.testing.repeats import RepeatCommand
from services.trials.handlers import repeats
from services.trials.repository import Repository
from shared.http.authorisation import admit
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.identity.principal import Principal
from shared.programme.texts import Id
from shared.storage.outbox import Clock

Teacher = Annotated[Principal, admit("navigator")]


def routes(repository: Repository, clock: Clock) -> APIRouter:
    """Returns the route by which leaves are given."""
    router = router_of("trials")

    @router.post(
        "/participants/{participant}/repeats",
        responses=problems({404: ["participant-unknown"], 409: [*NOT_READY]}),
    )
    async def allow_repeat(participant: Id, command: RepeatCommand, who: Teacher) -> RepeatAnswer:
        """Gives a pupil leave for one more attempt at a diagnostic, where the season's rules leave none in the round.

        One leave is one attempt; before that is taken, the same again changes nothing.
        """
        leave = await repeats.allow(repository, participant, command, who, clock())
        status = "allowed" if leave.new else "known"
        return RepeatAnswer(
            participant=leave.participant, diagnostic=command.diagnostic, round=leave.round, status=status
        )

    return router
