"""Routes that show persons, within the scope of the principal who asks."""

from fastapi import APIRouter

from services.registration.answers.me import Me
from services.registration.answers.participants import ParticipantView, PupilPage
from services.registration.api.parameters import InCode
from services.registration.reads import Reads
from shared.contracts.codes import SeasonCode
from shared.http.authorisation import Anyone, SchoolStaff, StaffOrFamily
from shared.http.openapi import problems
from shared.http.paging import Paged
from shared.http.routes import router_of
from shared.programme.texts import Id


def routes(reads: Reads) -> APIRouter:
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

    @router.get("/schools/{code}/participants", responses=problems({404: ["school-unknown"]}))
    async def list_pupils(who: SchoolStaff, code: InCode, season: SeasonCode, paging: Paged) -> PupilPage:
        """A school's pupils of a season, by class, with what each has done; `next` goes on as `after`."""
        return await reads.within(who).pupils(code, season, paging)

    return router
