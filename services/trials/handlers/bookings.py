"""Use cases: seats are taken and given up. A slot is read and counted in one transaction, so it is never overbooked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeAlias

from services.trials.domain.path import steps
from services.trials.domain.path.caller import Caller, Said, Taken
from services.trials.domain.path.path_parts import Booking
from services.trials.domain.seats.bookings import BookingBatch
from services.trials.domain.seats.placements import Placing, slots_of
from services.trials.domain.timetable.slots import Slot
from services.trials.handlers.allowances import allowance
from services.trials.handlers.held import held, walk_of
from services.trials.handlers.unsuiting import unsuiting
from services.trials.repository import Repository
from shared.base.errors import ServiceError
from shared.base.side_thread import aside
from shared.http.batch import Outcome, Request, each, served
from shared.identity.principal import Principal
from shared.storage.decision import NewId
from shared.storage.group_commit import GroupCommit
from shared.storage.mongo import Transaction

Seated: TypeAlias = list[Outcome[Taken[Booking]]]
"""The outcomes of a request, in the order wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRequest(Request[str]):
    """Seats of one slot, wanted for pupils in this order."""

    slot: str
    said: Said

    @property
    def named(self) -> Sequence[str]:
        """The ids of the slots."""
        return (self.slot,)

    def walked(self, slots: Mapping[str, Slot]) -> list[tuple[str, str]]:
        """Returns the pupils, each with the season of the slot, where that is known."""
        return [(id, slots[self.slot].season) for id in self.values] if self.slot in slots else []

    def serve(self, batch: BookingBatch) -> Seated:
        """Books in turn; raises NotFound for an unknown slot."""
        batch.slot(self.slot)
        caller = _caller(self, batch)
        return each(self.items, lambda id: batch.book(id, self.slot, self.said, caller))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementRequest(Request[str]):
    """A seat for each of some pupils, in any of some slots of a season."""

    season: str
    named: Sequence[str]
    """The ids of the slots."""
    said: Said

    def walked(self, slots: Mapping[str, Slot]) -> list[tuple[str, str]]:
        """Returns the pupils, each with the season."""
        return [(id, self.season) for id in self.values]

    def serve(self, batch: BookingBatch) -> Seated:
        """Books all who can be seated; raises BadInput for a slot that is none of the season."""
        slots = slots_of(self.season, self.named, batch.slots)
        placing = Placing(batch, self.season, slots, self.said, _caller(self, batch), batch.unsuited[id(self)])
        seats = placing.seats(self.values)
        return each(self.items, lambda id: placing.book(id, seats))


SeatRequest: TypeAlias = BookingRequest | PlacementRequest
Bookings: TypeAlias = GroupCommit[SeatRequest, Seated]


def _caller(request: SeatRequest, batch: BookingBatch) -> Caller:
    return Caller(request.who, request.now, batch.states.pupils, batch.states.zones, request.by)


def queue(repository: Repository, new_id: NewId) -> Bookings:
    """Returns the queue of bookings: those of a popular slot come in one after the other instead of conflicting."""
    return GroupCommit(partial(book, repository, new_id=new_id), weigh=lambda request: len(request.items))


async def book(repository: Repository, requests: Sequence[SeatRequest], new_id: NewId) -> list[Seated | ServiceError]:
    """Returns each request's outcomes, all of one transaction, or why the whole request is refused."""

    async def body(tx: Transaction) -> list[Seated | ServiceError]:
        batch = await _load(repository, requests, new_id, tx)
        before = dict(batch.slots)
        outcomes = await _served(batch, requests)
        await repository.count_seats({id: slot.booked - before[id].booked for id, slot in batch.slots.items()}, tx)
        await repository.save_walks(batch.states.paths.made, tx)
        return outcomes

    return await repository.transact(body)


async def foresee(repository: Repository, request: SeatRequest, new_id: NewId) -> Seated:
    """Returns the outcomes that a request would have now, and changes nothing."""

    async def body(tx: Transaction) -> list[Seated | ServiceError]:
        return await _served(await _load(repository, [request], new_id, tx), [request])

    (outcomes,) = await repository.transact(body)
    if isinstance(outcomes, ServiceError):
        raise outcomes
    return outcomes


async def _load(
    repository: Repository, requests: Sequence[SeatRequest], new_id: NewId, tx: Transaction
) -> BookingBatch:
    slots = await repository.slots.load((slot for request in requests for slot in request.named), tx)
    wanted = [walk for request in requests for walk in request.walked(slots)]
    states = await repository.states(wanted, tx, takes_seats=True)
    seats = (
        (id, slots[slot]) for request in requests for slot in request.named if slot in slots for id in request.values
    )
    unsuited = {
        id(request): await unsuiting(repository, request, [slots[one] for one in request.named if one in slots], tx)
        for request in requests
        if isinstance(request, PlacementRequest)
    }
    return BookingBatch(slots, states, new_id, await allowance(repository, seats, states, tx), unsuited)


async def _served(batch: BookingBatch, requests: Sequence[SeatRequest]) -> list[Seated | ServiceError]:
    weight = sum(len(request.items) * len(request.named) for request in requests)
    return await aside(lambda: served(requests, lambda request: request.serve(batch)), weight)


async def cancel(
    repository: Repository, booking: str, occurred_at: datetime | None, who: Principal, now: datetime
) -> Booking:
    """Gives a seat up, now or before; raises NotFound where there is none in the scope."""
    walk = await walk_of(repository, booking)

    async def body(tx: Transaction) -> Booking:
        its = await held(repository, walk, who, tx)
        caller = Caller(who, now, its.states.pupils, its.states.zones)
        time, known = caller.time(its.pupil, occurred_at), its.path.booking(booking)
        if known.is_live:
            season = its.states.seasons[its.path.season]
            season.must_be_open("")
            if season.versions and not await _may_be_declined(repository, known, tx):
                season.must_let_give_up(caller.side(its.pupil), known.time, time, known.starts_at)
        decision = steps.cancel(its.path, its.pupil, booking, time)
        cancelled = decision.state.booking(booking)
        await repository.count_seats({cancelled.slot: -len(decision.happened)}, tx)
        await repository.save_walks([decision], tx)
        return cancelled

    return await repository.transact(body)


async def _may_be_declined(repository: Repository, booking: Booking, tx: Transaction) -> bool:
    """Tells whether the family has not agreed to a time: it is to confirm the seat, or the slot was moved since."""
    slot = (await repository.slots.load([booking.slot], tx))[booking.slot]
    return booking.confirm_by is not None or (slot.moved_at is not None and slot.moved_at > booking.time)
