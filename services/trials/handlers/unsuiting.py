"""Slots that do not serve what pupils need of a place, known where slots are chosen for them."""

from collections.abc import Collection

from services.trials.domain.path.caller import is_staff_of
from services.trials.domain.seats.statements import in_force, unmet
from services.trials.domain.timetable.slots import Slot
from services.trials.repository import Repository
from shared.http.batch import Request
from shared.storage.mongo import Transaction


async def unsuiting(
    repository: Repository, request: Request[str], slots: Collection[Slot], tx: Transaction
) -> set[tuple[str, str]]:
    """Returns pupil and slot, by their ids, wherever a need that was stated is not met; mostly nobody stated any.

    Those of a navigator's own pupils alone: whoever may not read needs is not shown their effect.
    """
    teacher, found = request.who.holding("navigator"), await repository.copies.joined(request.values, tx)
    pupils = {one.pupil.id: one for one in found.values() if is_staff_of(teacher, one.pupil)}
    said = await repository.statements.load((id for one in pupils.values() for id in one.ids), tx)
    if not said:
        return set()
    held = {id: in_force(one, said, request.now) for id, one in pupils.items()}
    venues = await repository.venues.load({slot.venue for slot in slots}, tx)
    programmes = await repository.programmes.load({slot.programme for slot in slots if slot.programme}, tx)
    return {
        (id, slot.id)
        for id, statement in held.items()
        for slot in slots
        if statement and unmet(statement.needs, slot, venues.get(slot.venue), programmes.get(slot.programme or ""))
    }
