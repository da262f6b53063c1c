"""Routes by which a pupil goes to another class or school, into the archive and out of it."""

from fastapi import APIRouter

from services.registration.answers.places import ArchiveView, PlacementView
from services.registration.domain.archive import ArchiveRequest
from services.registration.domain.moves import MoveRequest
from services.registration.handlers import archive as archiving
from services.registration.handlers import moves
from services.registration.repository import Repository
from shared.http.authorisation import SchoolStaff
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.identity.acting import about
from shared.programme.moments import Moment
from shared.programme.texts import Id
from shared.storage.outbox import Clock


def routes(repository: Repository, clock: Clock) -> APIRouter:
    """Returns the routes of moves and of the archive."""
    router = router_of("registration")
    conflicts = ["key-taken", "organisation-closed", "participant-archived", "too-many-moves"]

    @router.post(
        "/participants/{participant}/moves",
        responses=problems({404: ["not-found", "school-unknown"], 409: conflicts}),
    )
    async def move(who: SchoolStaff, participant: Id, request: MoveRequest) -> PlacementView:
        """Takes a pupil to another class or school from a day on, with all that was done.

        The same again changes nothing. Whoever moves a pupil is staff of both places. Of several moves the one with the
        latest day holds.
        """
        done = await moves.move_pupil(repository, who, participant, request, clock())
        about([participant])
        return PlacementView.of(done)

    @router.post(
        "/participants/{participant}/archive",
        responses=problems({404: ["not-found"], 409: ["too-many-archivings"]}),
    )
    async def archive(who: SchoolStaff, participant: Id, request: ArchiveRequest) -> ArchiveView:
        """Puts a pupil into the archive: no steps are taken from then on, and seats that were booked are free."""
        return ArchiveView.of(await archiving.archive(repository, who, participant, request, clock()))

    @router.delete("/participants/{participant}/archive", responses=problems({404: ["not-found"]}))
    async def restore(who: SchoolStaff, participant: Id, occurred_at: Moment | None = None) -> ArchiveView:
        """Takes a pupil out of the archive, with all that was there before."""
        return ArchiveView.of(await archiving.restore(repository, who, participant, occurred_at, clock()))

    return router
