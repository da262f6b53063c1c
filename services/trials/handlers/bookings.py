"""Use cases: seats are taken and given up. A slot is read and counted in one transaction, so it is never overbooked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from services.trials.domain import steps
from services.trials.domain.bookings import NO_BOOKING, BookingBatch
from services.trials.domain.caller import Caller, Taken, reaches
from services.trials.domain.path_parts import Booking
from services.trials.domain.slots import Slot
from services.trials.repository import Repository
from shared.base.errors import NotFound, ServiceError
from shared.base.side_thread import aside
from shared.http.batch import Outcome, Request, each, served
from shared.identity.acting import about
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
    states = await repository.states(wanted, tx)
    return BookingBatch(dict(slots), states, new_id)


def _serve(batch: BookingBatch, request: BookingRequest) -> list[Outcome[Taken[Booking]]]:
    batch.slot(request.slot)  # an unknown one refuses the whole request
    caller = Caller(request.who, request.now, batch.states.pupils, batch.states.zones, request.by)
    return each(request.items, lambda id: batch.book(id, request.slot, request.occurred_at, caller))


async def cancel(
    repository: Repository, booking: str, occurred_at: datetime | None, who: Principal, now: datetime
) -> Booking:
    """Gives a seat up, now or before; raises NotFound where there is none in the scope."""
    found = await repository.walk_with("bookings", booking)
    if found is None:
        raise NotFound(NO_BOOKING)
    participant, season = found

    async def body(tx: Transaction) -> Booking:
        states = await repository.states([found], tx)
        pupil = states.pupils[participant]
        if not reaches(who, pupil):
            raise NotFound(NO_BOOKING)
        about([pupil.id])
        caller = Caller(who, now, states.pupils, states.zones)
        path = states.paths.of(pupil.id, season)
        if path.booking(booking).is_live:
            states.seasons[season].must_be_open("")
        decision = steps.cancel(path, pupil, booking, caller.time(pupil, occurred_at))
        cancelled = decision.state.booking(booking)
        await repository.count_seats({cancelled.slot: -len(decision.happened)}, tx)
        await repository.save_walks([decision], tx)
        return cancelled

    return await repository.transact(body)
