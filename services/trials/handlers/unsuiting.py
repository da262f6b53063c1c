"""Slots that do not serve what pupils need of a place, known where slots are chosen for them."""

from collections.abc import Collection
from datetime import datetime

from services.trials.domain.slots import Slot
from services.trials.domain.statements import in_force, unmet
from services.trials.repository import Repository
from shared.storage.mongo import Transaction


async def unsuiting(
    repository: Repository, participants: Collection[str], slots: Collection[Slot], now: datetime, tx: Transaction
) -> set[tuple[str, str]]:
    """Returns pupil and slot, by their ids, wherever a need that was stated is not met; mostly nobody stated any."""
    pupils = {one.pupil.id: one for one in (await repository.copies.joined(participants, tx)).values()}
    said = await repository.statements.load((id for one in pupils.values() for id in one.ids), tx)
    if not said:
        return set()
    held = {id: in_force(one, said, now) for id, one in pupils.items()}
    venues = await repository.venues.load({slot.venue for slot in slots}, tx)
    programmes = await repository.programmes.load({slot.programme for slot in slots if slot.programme}, tx)
    return {
        (id, slot.id)
        for id, statement in held.items()
        for slot in slots
        if statement and unmet(statement.needs, slot, venues.get(slot.venue), programmes.get(slot.programme or ""))
    }
