"""Use cases: seats are taken and given up. A slot is read and counted in one transaction, so it is never overbooked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from services.trials.domain import steps
from services.trials.domain.bookings import BookingBatch
from services.trials.domain.caller import Caller, Taken
from services.trials.domain.path_parts import Booking
from services.trials.domain.slots import Slot
from services.trials.handlers.held import held, walk_of
from services.trials.repository import Repository
from shared.base.errors import ServiceError
from shared.base.side_thread import aside
from shared.http.batch import Outcome, Request, each, served
from shared.identity.principal import Principal
from shared.storage.decision import NewId
from shared.storage.group_commit import GroupCommit
from shared.storage.mongo import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRequest(Request[str]):
    """Seats of one slot, wanted for pupils in this order."""

    slot: str
    occurred_at: datetime | None = None


def queue(repository: Repository, new_id: NewId) -> GroupCommit[BookingRequest, list[Outcome[Taken[Booking]]]]:
    """Returns the queue of bookings: those of a popular slot come in one after the other instead of conflicting."""
    return GroupCommit(partial(book, repository, new_id=new_id), weigh=lambda request: len(request.items))


async def book(
    repository: Repository, requests: Sequence[BookingRequest], new_id: NewId
) -> list[list[Outcome[Taken[Booking]]] | ServiceError]:
    """Returns each request's outcomes in the order wanted, all of one transaction; NotFound for an unknown slot."""

    async def body(tx: Transaction) -> list[list[Outcome[Taken[Booking]]] | ServiceError]:
        before = await repository.slots.load((request.slot for request in requests), tx)
        batch = await _load(repository, requests, before, new_id, tx)
        weight = sum(len(request.items) for request in requests)
        outcomes = await aside(lambda: served(requests, partial(_serve, batch)), weight)
        await repository.count_seats({id: slot.booked - before[id].booked for id, slot in batch.slots.items()}, tx)
        await repository.save_walks(batch.states.paths.made, tx)
        return outcomes

    return await repository.transact(body)


async def _load(
    repository: Repository,
    requests: Sequence[BookingRequest],
    slots: Mapping[str, Slot],
    new_id: NewId,
    tx: Transaction,
) -> BookingBatch:
    known = [(request, slots[request.slot].season) for request in requests if request.slot in slots]
    wanted = [(id, season) for request, season in known for id in request.values]
    states = await repository.states(wanted, tx, takes_seats=True)
    return BookingBatch(dict(slots), states, new_id)


def _serve(batch: BookingBatch, request: BookingRequest) -> list[Outcome[Taken[Booking]]]:
    batch.slot(request.slot)  # an unknown one refuses the whole request
    caller = Caller(request.who, request.now, batch.states.pupils, batch.states.zones, request.by)
    return each(request.items, lambda id: batch.book(id, request.slot, request.occurred_at, caller))


async def cancel(
    repository: Repository, booking: str, occurred_at: datetime | None, who: Principal, now: datetime
) -> Booking:
    """Gives a seat up, now or before; raises NotFound where there is none in the scope."""
    walk = await walk_of(repository, booking)

    async def body(tx: Transaction) -> Booking:
        its = await held(repository, walk, who, tx)
        caller = Caller(who, now, its.states.pupils, its.states.zones)
        if its.path.booking(booking).is_live:
            its.states.seasons[its.path.season].must_be_open("")
        decision = steps.cancel(its.path, its.pupil, booking, caller.time(its.pupil, occurred_at))
        cancelled = decision.state.booking(booking)
        await repository.count_seats({cancelled.slot: -len(decision.happened)}, tx)
        await repository.save_walks([decision], tx)
        return cancelled

    return await repository.transact(body)
