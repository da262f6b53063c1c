"""Routes by which two entries of one pupil become one, and two again."""

from typing import Annotated

from fastapi import APIRouter, Path

from services.registration.answers.merges import MergeView
from services.registration.domain.merges import MergeRequest
from services.registration.handlers import merges
from services.registration.repository import Repository
from shared.http.authorisation import SchoolStaff
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.programme.texts import Id
from shared.storage.outbox import Clock

Duplicate = Annotated[Id, Path(description="Id of the entry that was taken into another one.")]
CONFLICTS = [
    "has-duplicates",
    "merged-already",
    "participant-archived",
    "too-many-duplicates",
    "too-many-guardians",
]


def routes(repository: Repository, clock: Clock) -> APIRouter:
    """Returns the routes of merges."""
    router = router_of("registration")

    @router.post("/merges", responses=problems({404: ["not-found"], 409: CONFLICTS}))
    async def merge(who: SchoolStaff, request: MergeRequest) -> MergeView:
        """Takes one entry of a pupil into another, for staff of both places; both ids lead to the pupil for ever.

        Guardians, cabinets, consent and all steps come together, and the pupil counts once. Codes of the duplicate that
        nobody has redeemed are useless from then on.
        """
        done = await merges.merge_pupils(repository, who, request, clock())
        return MergeView.of((done.survivor.id, done.duplicate.id), "merged", done.adopted, done.new)

    @router.delete("/merges/{duplicate}", responses=problems({404: ["not-found"], 409: ["key-taken", "season-closed"]}))
    async def unmerge(who: SchoolStaff, duplicate: Duplicate) -> MergeView:
        """Makes a duplicate an entry of its own again, as long as one of the seasons goes on.

        It gets back what it had; what was entered since the merge stays with the survivor.
        """
        done = await merges.unmerge_pupils(repository, who, duplicate, clock())
        return MergeView.of((done.survivor.id, done.duplicate.id), "parted", done.adopted, done.new)

    return router
