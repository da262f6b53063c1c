"""Use cases: a pupil waits for a seat, leaves the line, is given a seat in turn, and confirms it or loses it."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.trials.domain.path.caller import Caller
from services.trials.domain.path.path_parts import Booking
from services.trials.domain.seats import waiting
from services.trials.domain.seats.waiting import LEFT, UNCONFIRMED, Filling, Joining, Waiter, places_of
from services.trials.domain.timetable.slots import NO_SLOT
from services.trials.handlers.allowances import allowance
from services.trials.handlers.held import held, walk_of
from services.trials.repository import Repository
from shared.base.errors import NotFound
from shared.base.side_thread import aside
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.storage.decision import NewId
from shared.storage.mongo import Transaction

CHUNK = 50
"""Places of one transaction."""


@dataclass(frozen=True, slots=True)
class Place:
    """A pupil's place in a line."""

    participant: str
    slot: str
    place: int
    """From 1."""
    new: bool


@dataclass(frozen=True, slots=True)
class InLine:
    """A pupil and the slot for whose seats the caller lets it wait."""

    participant: str
    slot: str
    who: Principal
    now: datetime


async def join(repository: Repository, of: InLine, occurred_at: datetime | None) -> Place:
    """Puts a pupil at the end of a slot's line; a pupil who waits there stays where it is."""

    async def body(tx: Transaction) -> Place:
        slot = (await repository.slots.load([of.slot], tx)).get(of.slot)
        if slot is None:
            raise NotFound(NO_SLOT)
        states = await repository.states([(of.participant, slot.season)], tx)
        caller = Caller(of.who, of.now, states.pupils, states.zones)
        pupil = caller.pupil(of.participant)
        about([pupil.id])
        path, time = states.paths.of(pupil.id, slot.season), caller.time(pupil, occurred_at)
        entries = states.entries[pupil.id]
        known = await repository.lines.on(places_of(entries, slot.season), tx)
        place = waiting.join(known, slot, Joining(pupil, states.seasons[slot.season], path, time, of.now))
        new = place not in known
        if new:
            await repository.copies.hold(entries, tx)
            await repository.lines.put([place], tx)
            await repository.lines.count({slot.id: 1}, tx, given=1)
        return Place(pupil.id, slot.id, 1 + await repository.lines.ahead(place, tx), new)

    return await repository.transact(body)


async def leave(repository: Repository, of: InLine) -> str:
    """Gives up a pupil's place in a line, if there is one; returns the pupil's id."""

    async def body(tx: Transaction) -> str:
        slot = (await repository.slots.load([of.slot], tx)).get(of.slot)
        if slot is None:
            raise NotFound(NO_SLOT)
        states = await repository.states([(of.participant, slot.season)], tx)
        pupil = Caller(of.who, of.now, states.pupils, states.zones).pupil(of.participant)
        about([pupil.id])
        known = await repository.lines.on(places_of(states.entries[pupil.id], slot.season), tx)
        left = [one.over(LEFT) for one in known if one.slot == slot.id and one.waits]
        if left:
            await repository.lines.put(left, tx)
            await repository.lines.count({slot.id: -len(left)}, tx)
        return pupil.id

    return await repository.transact(body)


async def confirm(repository: Repository, booking: str, who: Principal) -> Booking:
    """Keeps a seat that was given from a line; raises NotFound where there is none in the scope."""
    walk = await walk_of(repository, booking)

    async def body(tx: Transaction) -> Booking:
        its = await held(repository, walk, who, tx)
        decision = waiting.confirm(its.path, booking)
        await repository.save_walks([decision], tx)
        if decision.made:
            paths = places_of(its.states.entries[its.pupil.id], its.path.season)
            places = await repository.lines.made_from(booking, paths, tx)
            await repository.lines.put([replace(place, until=None) for place in places], tx)
        return decision.state.booking(booking)

    return await repository.transact(body)


async def fill(repository: Repository, slot_id: str, now: datetime, new_id: NewId) -> None:
    """Gives the free seats of a slot to the first in its line, some at a time.

    The slot is read and written in one transaction with the places: of two who fill it at once one begins anew.
    """

    async def body(tx: Transaction) -> None:
        slot = (await repository.slots.load([slot_id], tx))[slot_id]
        line = await repository.lines.of_slot(slot.id, CHUNK, tx)
        if not line:  # a count without places, which would be looked at for ever
            await repository.lines.count({slot.id: -slot.waiting}, tx)
            return
        wanted = [(one.participant, slot.season) for one in line]
        states = await repository.states(wanted, tx, takes_seats=True)
        quotas = await allowance(repository, [(one.participant, slot) for one in line], states, tx)
        filling = Filling(slot, states, new_id, now, quotas)
        await aside(lambda: filling.serve(line), len(line))
        await repository.count_seats({slot.id: filling.seats}, tx)
        await repository.lines.count({slot.id: -len(filling.changed)}, tx)
        await repository.lines.put(filling.changed, tx)
        await repository.save_walks(states.paths.made, tx)

    await repository.transact(body)


async def give_up(repository: Repository, overdue: Waiter, now: datetime) -> None:
    """Frees a seat that nobody confirmed in time, for the next in line."""
    booking = overdue.booking or ""
    found = await repository.walk_with("bookings", booking)

    async def body(tx: Transaction) -> None:
        known = await repository.lines.on([overdue.path], tx)
        place = next((one for one in known if one.id == overdue.id), None)
        if place is None or place.until is None or place.booking != booking:
            return
        lost = False
        if found is not None:
            participant, season = found
            states = await repository.states([found], tx)
            pupil = states.pupils[participant]
            decision = waiting.lapse(states.paths.of(pupil.id, season), pupil, booking, now)
            lost = bool(decision.happened)
            await repository.count_seats({place.slot: -len(decision.happened)}, tx)
            await repository.save_walks([decision], tx)
        await repository.lines.put([place.over(UNCONFIRMED) if lost else replace(place, until=None)], tx)

    await repository.transact(body)
