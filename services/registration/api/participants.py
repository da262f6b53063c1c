"""Routes that show persons, and amend one, within the scope of the principal who asks."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.registration.answers.me import Me
from services.registration.answers.participants import AmendedView, ParticipantView, PupilPage
from services.registration.api.parameters import InCode
from services.registration.domain.amendments import Amendment
from services.registration.handlers import participants as handlers
from services.registration.reads import Reads
from services.registration.repository import Repository
from shared.contracts.codes import SeasonCode
from shared.http.authorisation import Anyone, SchoolStaff, StaffOrFamily
from shared.http.openapi import problems
from shared.http.paging import Paged
from shared.http.routes import router_of
from shared.identity.acting import about
from shared.programme.texts import Id
from shared.storage.decision import NewId
from shared.storage.outbox import Clock

Archived = Annotated[bool, Query(description="true for those in the archive instead of those who take part")]


def routes(repository: Repository, reads: Reads, clock: Clock, new_id: NewId) -> APIRouter:
    """Returns the routes of persons."""
    router = router_of("registration")

    @router.get("/me")
    async def me(who: Anyone, paging: Paged) -> Me:
        """The caller: the grants with names, and the pupils of the own family with their consents and progress."""
        return await reads.within(who).me(paging)

    @router.get("/participants/{participant}", responses=problems({404: ["not-found"]}))
    async def read_participant(who: StaffOrFamily, participant: Id) -> ParticipantView:
        """One pupil by name, with the progress of each season."""
        return await reads.within(who).participant(participant)

    @router.patch(
        "/participants/{participant}",
        responses=problems(
            {404: ["not-found"], 409: ["another-guardian", "too-many-corrections", "too-many-guardians"]}
        ),
    )
    async def amend(who: SchoolStaff, participant: Id, amendment: Amendment) -> AmendedView:
        """Amends one pupil: corrects the name, the birth date or a guardian's name, adds guardians, says a disability.

        Unlike a roster it also corrects what plainly names somebody else.
        """
        now = clock()
        amended = await handlers.amend(repository, who, participant, amendment, now, new_id)
        about([participant])
        return AmendedView.of(amended, repository.codes, now)

    @router.get("/schools/{code}/participants", responses=problems({404: ["school-unknown"]}))
    async def list_pupils(
        who: SchoolStaff, code: InCode, season: SeasonCode, paging: Paged, archived: Archived = False
    ) -> PupilPage:
        """A school's pupils of a season, by class, with what each has done; `next` goes on as `after`."""
        return await reads.within(who).pupils(code, season, paging, archived)

    return router
