"""Use case: a class, or other pupils, are seated in any of several slots at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.trials.domain.seats.placements import MOST_PUPILS, MOST_SLOTS
from services.trials.domain.timetable.slot_searches import SlotSearch
from services.trials.domain.timetable.slots import Slot
from services.trials.handlers.venue_clocks import around, clocks_of
from services.trials.repository import Repository
from shared.base.errors import BadInput
from shared.identity.principal import Principal
from shared.storage.mongo import Document, Transaction

MOST_NEAR = 500
"""Slots within the days on any clock: so many leave it open which of them lie within on their own."""


@dataclass(frozen=True, slots=True)
class SchoolClass:
    """A class of a school in a season."""

    school: str
    name: str
    season: str


async def pupils_of(repository: Repository, of: SchoolClass, who: Principal) -> Sequence[str]:
    """Returns the pupils of a class by their ids; raises BadInput for no such school, Forbidden outside the scope."""
    school = (await repository.copies.organisations([of.school])).get(of.school)
    if school is None:
        raise BadInput.field("school", "no such school")
    who.scope.must_cover(school.region, school.municipality, school.id, school_class=of.name)

    async def body(tx: Transaction) -> Sequence[str]:
        return await repository.copies.of_class(of.school, of.name, of.season, tx)

    found = await repository.transact(body)
    if not found:
        raise BadInput.field("class", f"no pupil of it takes part in season {of.season}")
    if len(found) > MOST_PUPILS:
        raise BadInput.field("class", f"has {len(found)} pupils, more than the {MOST_PUPILS} of one request")
    return found


async def slots_found(repository: Repository, season: str, search: SlotSearch) -> Sequence[str]:
    """Returns the slots that a search finds by their ids; raises BadInput for none, and for too many."""
    where: Document = {"season": season, **search.narrowed}
    if search.municipality is not None:
        where |= {"venue": {"$in": list(await repository.timetable.venues_of(search.municipality))}}

    async def body(tx: Transaction) -> Sequence[Slot]:
        near = await repository.timetable.held(where, *around(search.day, search.last), MOST_NEAR, tx)
        clocks = await clocks_of(repository, near, tx)
        days = ((slot, slot.starts_at.astimezone(clocks[slot.venue]).date()) for slot in near)
        found = [slot for slot, day in days if search.day <= day <= search.last]
        if len(found) > MOST_SLOTS or len(near) == MOST_NEAR:
            detail = f"more than {MOST_SLOTS} slots are held there within these days: narrow the search"
            raise BadInput.field("search", detail)
        return found

    found = await repository.transact(body)
    if not found:
        raise BadInput.field("search", "no slot is held there within these days")
    return [slot.id for slot in found]
