"""Trials over HTTP: drafts of attempts.

A child's answers are the child's own: the family reads the profile, and the operators figures; the answers themselves
are the pupil's, and the teacher's who sits with the class or types in what a pupil says.
"""

from typing import Annotated

from fastapi import APIRouter, Path

from services.trials.answers.drafts import DraftView, GivenUpAnswer
from services.trials.api.items import LARGEST_ANSWERS, NOT_READY
from services.trials.domain.testing.drafts import DraftCommand
from services.trials.handlers import drafts
from services.trials.handlers.drafts import DraftOf
from services.trials.reads.drafts import DraftReads
from services.trials.repository import Repository
from shared.contracts.codes import DiagnosticCode, SeasonCode
from shared.http.authorisation import admit
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.identity.principal import Principal
from shared.programme.texts import Id
from shared.storage.outbox import Clock

TeacherOrPupil = Annotated[Principal, admit("navigator", "pupil")]
InDiagnostic = Annotated[DiagnosticCode, Path(description="Code of one of the season's diagnostics.")]
DRAFT = "/participants/{participant}/drafts/{diagnostic}"


def routes(repository: Repository, reads: DraftReads, clock: Clock) -> APIRouter:
    """Returns the routes by which drafts are saved, read and given up."""
    router = router_of("trials")

    @router.put(
        DRAFT,
        max_body_size=LARGEST_ANSWERS,
        responses=problems({404: ["participant-unknown"], 409: [*NOT_READY, "attempt-taken", "time-over"]}),
    )
    async def save_draft(
        participant: Id, diagnostic: InDiagnostic, season: SeasonCode, command: DraftCommand, who: TeacherOrPupil
    ) -> DraftView:
        """Saves answers so far, item by item, to be resumed on any device; the attempt completes them.

        409 `time-over` behind the end of the instrument's time, which counts from the first save; 409 `attempt-taken`
        where the season leaves the pupil no attempt in this round.
        """
        of = DraftOf(participant, season, diagnostic)
        saved = await drafts.save(repository, of, command, who, clock())
        return DraftView.of(saved.draft, saved.instrument, saved.participant)

    @router.get(DRAFT, responses=problems({404: ["not-found"]}))
    async def draft(participant: Id, diagnostic: InDiagnostic, season: SeasonCode, who: TeacherOrPupil) -> DraftView:
        """A pupil's answers so far, those of all entries that were merged into one."""
        return await reads.draft(participant, season, diagnostic, who)

    @router.delete(
        DRAFT, responses=problems({404: ["participant-unknown"], 409: ["organisation-unknown", "time-limited"]})
    )
    async def give_up_draft(
        participant: Id, diagnostic: InDiagnostic, season: SeasonCode, who: TeacherOrPupil
    ) -> GivenUpAnswer:
        """Destroys the answers so far; again, it changes nothing. Of a diagnostic with a time limit only staff do."""
        pupil = await drafts.give_up(repository, DraftOf(participant, season, diagnostic), who, clock())
        return GivenUpAnswer(participant=pupil, diagnostic=diagnostic)

    return router
