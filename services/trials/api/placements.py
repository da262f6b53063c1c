"""Trials over HTTP: a class is seated in several slots at once."""

from collections.abc import Sequence
from typing import Annotated, Any, Self

from fastapi import APIRouter
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.trials.answers.commands import Items
from services.trials.answers.placements import Placed
from services.trials.api.items import Dry, item_by_item, noted, wanted
from services.trials.domain.path.caller import Said
from services.trials.domain.seats.placements import MOST_PUPILS, MOST_SLOTS
from services.trials.domain.timetable.slot_searches import SlotSearch
from services.trials.handlers.bookings import Bookings, PlacementRequest, foresee
from services.trials.handlers.placements import SchoolClass, pupils_of, slots_found
from services.trials.repository import Repository
from shared.base.models import Count, Input
from shared.contracts.codes import OrganisationCode, SeasonCode
from shared.http.authorisation import SchoolStaff
from shared.http.batch import Item, ReadAs
from shared.http.openapi import problems
from shared.http.routes import KIB, router_of
from shared.identity.principal import Principal
from shared.programme.moments import Moment
from shared.programme.texts import ClassName, Id
from shared.storage.decision import NewId
from shared.storage.outbox import Clock


class PlacementBody(Input):
    """A seat for each pupil of a class, or of a list, in one of several slots that are named or found."""

    season: SeasonCode
    """The season to which all of the slots belong."""
    school: OrganisationCode | None = None
    """Code of the school, where the pupils are those of a class."""
    school_class: Annotated[ClassName | None, Field(alias="class")] = None
    """The class, as the school writes it; all of its pupils who take part in the season are meant."""
    participants: Annotated[list[Annotated[Any, ReadAs(Id)]], Count(1, MOST_PUPILS)] | None = None
    """Ids of the pupils, in place of `school` and `class`; the first come first where seats are few."""
    slots: Annotated[list[Id], Count(1, MOST_SLOTS)] | None = None
    """Ids of the slots; the earliest are filled first."""
    search: SlotSearch | None = None
    """The slots that are held at a place, in place of `slots`."""
    occurred_at: Moment | None = None

    @model_validator(mode="after")
    def _says_whom_and_where(self) -> Self:
        if (self.school is None) != (self.school_class is None) or (self.school is None) == (self.participants is None):
            raise PydanticCustomError("pupils", "says either school and class or participants")
        if (self.slots is None) == (self.search is None):
            raise PydanticCustomError("slots", "says either slots or search")
        return self


def routes(repository: Repository, waiting: Bookings, clock: Clock, new_id: NewId) -> APIRouter:
    """Returns the route by which a class is seated."""
    router = router_of("trials")

    @router.post(
        "/placements",
        max_body_size=64 * KIB,
        response_model_exclude_none=True,
        responses=problems({409: ["organisation-unknown"]}),
    )
    async def place(body: PlacementBody, who: SchoolStaff, dry_run: Dry = False) -> Items[Placed]:
        """Seats a class in slots of a few seats each: all who can be are, each in one of them, pupil by pupil.

        A pupil is seated where the grade suits, nothing else is booked at that time, and a seat is free; rather in
        what the pupil has not tried yet. Whoever has a seat in one of the slots keeps it, so that the same request
        again changes nothing.
        """
        sent, items = await _pupils(repository, body, who)
        slots: Sequence[str] = body.slots or ()
        if body.search is not None:
            slots = await slots_found(repository, body.season, body.search)
        request = PlacementRequest(
            items=items, who=who, now=clock(), season=body.season, named=slots, said=Said(body.occurred_at)
        )
        outcomes = await (foresee(repository, request, new_id) if dry_run else waiting.submit(request))
        return noted(await item_by_item(lambda raw, outcome: Placed.of(raw, outcome, planned=dry_run), sent, outcomes))

    return router


async def _pupils(
    repository: Repository, body: PlacementBody, who: Principal
) -> tuple[Sequence[Any], Sequence[Item[str]]]:
    """Returns the pupils as they were sent or found, and each as an item at its place in the request."""
    if body.school is not None and body.school_class is not None:
        found = await pupils_of(repository, SchoolClass(body.school, body.school_class, body.season), who)
        return found, [wanted(id, "/class") for id in found]
    named = body.participants or ()
    return named, [wanted(sent, f"/participants/{index}") for index, sent in enumerate(named)]
