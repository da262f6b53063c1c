"""Use case: all slots of some days are called off at once, for a venue, a municipality or a region."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from services.trials.domain.timetable import slot_changes
from services.trials.domain.timetable.day_closings import DayClosing
from services.trials.domain.timetable.slot_changes import Change
from services.trials.domain.timetable.slots import Slot
from services.trials.handlers.rebooking import follow_slot
from services.trials.handlers.venue_clocks import around, clocks_of
from services.trials.repository import Repository
from services.trials.timetable import Window
from shared.base.errors import BadInput, Conflict
from shared.identity.exceptions import OPERATORS
from shared.identity.principal import Principal
from shared.programme.moments import happened_at
from shared.storage.decision import Decision
from shared.storage.mongo import Document, Transaction

CHUNK = 100
"""Slots of one transaction."""
MOST_SLOTS = 1_000
"""Of one command that are called off; the same command again goes on behind them."""
MOST_BOOKINGS = 2_000
"""Of one command that are given up; the others follow by themselves."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The slots that a command called off, with what it left."""

    slots: int = 0
    known: int = 0
    """Called off before."""
    left: int = 0
    """Those that had begun, that somebody has attended, or of which the venue left too little notice."""
    bookings: int = 0
    done: bool = True

    def and_then(self, other: "Closed") -> "Closed":
        """Returns both together."""
        numbers = ("slots", "known", "left", "bookings")
        return Closed(**{name: getattr(self, name) + getattr(other, name) for name in numbers}, done=other.done)


@dataclass(frozen=True, slots=True)
class Command:
    """The days that are to be called off, by whom."""

    closing: DayClosing
    who: Principal
    now: datetime


async def close_days(repository: Repository, command: Command) -> Closed:
    """Calls slots off in the order of their starts; raises BadInput for an unknown place, Forbidden outside the scope.

    The slots go first, in bounded transactions, so that nobody books any more; then their bookings follow. Those that
    had begun are counted, and not read again by each command that goes on.
    """
    days, where = command.closing, await _where(repository, command)
    begun = happened_at(days.occurred_at, command.now, UTC)
    window = Window(days.day, days.last, *around(days.day, days.last))
    ids = [id async for id in repository.timetable.unsettled(where, window, begun)]
    closed, following = Closed(left=await repository.timetable.begun(where, window, begun)), list[str]()
    for begin in range(0, len(ids), CHUNK):
        if closed.slots >= MOST_SLOTS:
            closed = replace(closed, done=False)
            break
        step, left = await repository.transact(partial(_step, repository, command, ids[begin : begin + CHUNK]))
        closed, following = closed.and_then(step), following + left
    return await _follow(repository, closed, following)


async def _follow(repository: Repository, closed: Closed, slots: Sequence[str]) -> Closed:
    """Lets the bookings of slots follow, as many as one command may."""
    looked_at = 0
    for slot in slots:
        if looked_at >= MOST_BOOKINGS:
            return replace(closed, done=False)
        followed = await follow_slot(repository, slot, MOST_BOOKINGS - looked_at)
        looked_at += followed.looked_at
        closed = replace(closed, bookings=closed.bookings + followed.cancelled, done=closed.done and followed.done)
    return closed


async def _where(repository: Repository, command: Command) -> Document:
    """Returns the query of the slots of the place; raises where there is none, or the caller does not speak for it."""
    said, scope = command.closing, command.who.scope
    if said.venue is not None:
        venue = (await repository.venues.load([said.venue])).get(said.venue)
        if venue is None:
            raise BadInput.field("venue", "no such venue")
        scope.must_cover(venue.region, venue.municipality, hosts=venue.hosts)
        return {"venue": venue.id}
    kind, code = ("region", said.region) if said.region is not None else ("municipality", said.municipality)
    place = (await repository.copies.organisations([code or ""])).get(code or "")
    if place is None or place.kind != kind:
        raise BadInput.field(kind, f"no such {kind}")
    scope.must_cover(place.region, place.municipality)
    if kind == "region":
        return {"region": place.region}
    return {"venue": {"$in": list(await repository.timetable.venues_of(place.id))}}


async def _step(
    repository: Repository, command: Command, ids: Sequence[str], tx: Transaction
) -> tuple[Closed, list[str]]:
    """Calls off some slots; returns how many, and those whose bookings are to follow."""
    slots = list((await repository.slots.load(ids, tx)).values())
    clocks = await clocks_of(repository, slots, tx)
    seasons = await repository.rules({slot.season for slot in slots}, tx)
    attended = await repository.timetable.attended(ids, tx)
    said, by_venue = command.closing, not command.who.holding(*OPERATORS).grants
    closed, following, decisions = Closed(), list[str](), list[Decision[Slot]]()
    for slot in slots:
        local = clocks[slot.venue]
        if not said.day <= slot.starts_at.astimezone(local).date() <= said.last:
            continue
        at = happened_at(said.occurred_at, command.now, local)
        change = Change(seasons[slot.season], local, at, slot.id in attended, by_venue=by_venue)
        try:
            decision = slot_changes.close(slot, said, change, afterwards=False)
        except Conflict:
            closed = closed.and_then(Closed(known=1) if slot.closing else Closed(left=1))
            continue
        decisions.append(decision)
        closed = closed.and_then(Closed(slots=1) if decision.made else Closed(known=1))
        following += [slot.id] if decision.state.following is not None else []
    await repository.slots.save(decisions, tx)
    return closed, following
