"""Use cases: a venue moves a slot, gives it other seats, or calls it off, and its bookings follow."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.trials.domain.path.caller import known_zone
from services.trials.domain.places.venues import Venue
from services.trials.domain.timetable import slot_changes
from services.trials.domain.timetable.slot_changes import Bounds, Change, SlotClosing, SlotMove, SlotSize
from services.trials.domain.timetable.slots import NO_SLOT, Slot
from services.trials.handlers.rebooking import Followed, follow_slot
from services.trials.repository import Repository
from shared.base.errors import NotFound
from shared.identity.principal import Principal
from shared.programme.moments import happened_at
from shared.storage.decision import Decision
from shared.storage.mongo import Transaction


@dataclass(frozen=True, slots=True)
class Changed:
    """A slot after a change, and its bookings that have followed."""

    slot: Slot
    new: bool
    """False where the slot was as it should be."""
    followed: Followed


@dataclass(frozen=True, slots=True)
class Command:
    """The slot that is to be changed, by whom, and when that is taken to have happened."""

    slot: str
    who: Principal
    now: datetime
    occurred_at: datetime | None


async def move(repository: Repository, command: Command, to: SlotMove) -> Changed:
    """Holds a slot at another time; raises NotFound, Forbidden for another venue's, Conflict where it cannot be."""
    return await _change(repository, command, lambda slot, change: slot_changes.move(slot, to, change))


async def resize(repository: Repository, command: Command, to: SlotSize) -> Changed:
    """Gives a slot other seats; raises as `move` does."""
    return await _change(repository, command, lambda slot, change: slot_changes.resize(slot, to, change))


async def close(repository: Repository, command: Command, closing: SlotClosing) -> Changed:
    """Calls a slot off; raises as `move` does. Only an operator may say so once it has begun."""

    def decide(slot: Slot, change: Change) -> Decision[Slot]:
        is_operator = command.who.scope.covers(slot.region)
        return slot_changes.close(slot, closing, change, afterwards=is_operator)

    return await _change(repository, command, decide)


async def _change(
    repository: Repository, command: Command, decide: Callable[[Slot, Change], Decision[Slot]]
) -> Changed:
    async def body(tx: Transaction) -> Decision[Slot]:
        slot = await _slot(repository, command, tx)
        decision = decide(slot, await _judged(repository, command, slot, tx))
        await repository.slots.save([decision], tx)
        return decision

    return await _followed(repository, await repository.transact(body))


async def _slot(repository: Repository, command: Command, tx: Transaction) -> Slot:
    """Returns the slot, for whose venue the caller speaks."""
    slot = (await repository.slots.load([command.slot], tx)).get(command.slot)
    if slot is None:
        raise NotFound(NO_SLOT)
    command.who.scope.must_cover(slot.region, hosts=slot.hosts)
    return slot


async def _judged(repository: Repository, command: Command, slot: Slot, tx: Transaction) -> Change:
    venue = (await repository.venues.load([slot.venue], tx))[slot.venue]
    local = known_zone(await repository.copies.register.clocks([venue.region]), venue.region, venue.municipality)
    season = (await repository.rules([slot.season], tx))[slot.season]
    attended = await repository.timetable.attended([slot.id], tx)
    time = happened_at(command.occurred_at, command.now, local)
    by_venue = not command.who.scope.covers(slot.region)
    return Change(season, local, time, bool(attended), await _bounds(repository, slot, venue, tx), by_venue)


async def _bounds(repository: Repository, slot: Slot, venue: Venue, tx: Transaction) -> Bounds:
    programmes = (await repository.programmes.load([slot.programme] if slot.programme else (), tx)).values()
    seats = [venue.terms_in(slot.season).capacity, *(programme.places for programme in programmes)]
    minutes = next((programme.minutes for programme in programmes), None)
    return Bounds(minutes, min((most for most in seats if most is not None), default=None))


async def _followed(repository: Repository, decision: Decision[Slot]) -> Changed:
    """Lets the bookings follow, also those that an earlier command left behind."""
    slot, followed = decision.state, Followed(done=True)
    if slot.following is not None:
        followed = await follow_slot(repository, slot.id)
        slot = (await repository.slots.load([slot.id]))[slot.id]  # with the seats that are free by now
    return Changed(slot, bool(decision.happened), followed)
