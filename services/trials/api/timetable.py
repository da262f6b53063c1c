"""Trials over HTTP: slots are moved, resized and called off."""

from fastapi import APIRouter

from services.trials.answers.shown import shown
from services.trials.answers.timetable import ChangedSlot, DaysAnswer
from services.trials.api.items import SlotId
from services.trials.domain.timetable.day_closings import DayClosing
from services.trials.domain.timetable.slot_changes import SlotClosing, SlotMove, SlotSize
from services.trials.handlers import closings, slot_changes
from services.trials.handlers.slot_changes import Changed, Command
from services.trials.repository import Repository
from shared.http.authorisation import Organiser, VenueOperator
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.identity.principal import Principal
from shared.storage.outbox import Clock

CLOSED = ("organisation-unknown", "season-closed", "slot-closed", "slot-past")
NOTICE = ("already-attended", "too-late")


def routes(repository: Repository, clock: Clock) -> APIRouter:
    """Returns the routes by which a timetable is changed."""
    router = router_of("trials")

    def command(id: str, who: Principal, body: SlotMove | SlotSize | SlotClosing) -> Command:
        return Command(id, who, clock(), body.occurred_at)

    @router.post("/slots/{id}/move", responses=problems({404: ["not-found"], 409: [*CLOSED, *NOTICE]}))
    async def move_slot(id: SlotId, body: SlotMove, who: VenueOperator) -> ChangedSlot:
        """Holds a slot at another time: its bookings follow, or are given up where the pupil cannot come then."""
        return _answer(await slot_changes.move(repository, command(id, who, body), body))

    @router.post("/slots/{id}/seats", responses=problems({404: ["not-found"], 409: [*CLOSED, "seats-taken"]}))
    async def resize_slot(id: SlotId, body: SlotSize, who: VenueOperator) -> ChangedSlot:
        """Gives a slot more or fewer seats, never fewer than are taken."""
        return _answer(await slot_changes.resize(repository, command(id, who, body), body))

    @router.post("/slots/{id}/closing", responses=problems({404: ["not-found"], 409: [*CLOSED, *NOTICE]}))
    async def close_slot(id: SlotId, body: SlotClosing, who: VenueOperator) -> ChangedSlot:
        """Calls a slot off, and gives its bookings up; again, it changes nothing.

        Once it has begun, only an operator may say that it was not held, and only where nobody has attended.
        """
        return _answer(await slot_changes.close(repository, command(id, who, body), body))

    @router.post("/closings", responses=problems({409: ["organisation-unknown"]}))
    async def close_days(body: DayClosing, who: Organiser) -> DaysAnswer:
        """Calls off all slots of some days that have not begun, for a venue, a municipality or a region."""
        closed = await closings.close_days(repository, closings.Command(body, who, clock()))
        return DaysAnswer(**{name: getattr(closed, name) for name in DaysAnswer.model_fields})

    return router


def _answer(changed: Changed) -> ChangedSlot:
    slot, followed = changed.slot, changed.followed
    return shown(
        ChangedSlot,
        slot,
        slot=slot.id,
        status="changed" if changed.new else "known",
        moved=followed.moved,
        cancelled=followed.cancelled,
        done=followed.done,
    )
