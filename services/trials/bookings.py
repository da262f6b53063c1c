"""Use cases: seats are taken and given up. A slot is read and counted in one transaction, so it is never overbooked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.trials import domain
from services.trials.domain import Paths
from services.trials.gate import NewId
from services.trials.path import Booking, path_id
from services.trials.repository import Store
from services.trials.results import Done, Result, result
from services.trials.scope import Desk, reaches
from services.trials.slots import Slot
from shared.auth import Principal
from shared.errors import BadInput, NotFound
from shared.mongo import Transaction

NO_BOOKING = "no such booking"


@dataclass(frozen=True, slots=True)
class Wish:
    """A seat is wanted for a pupil, who is named at pointer `at` of the body."""

    participant: str
    at: str

    @classmethod
    def read(cls, raw: object, at: str) -> "Wish | BadInput":
        """One item of a body."""
        return cls(raw, at) if isinstance(raw, str) and raw else BadInput.field(at, "not the id of a participant")


class Seating:
    """Seats of one slot, given in the order in which they are wished for."""

    def __init__(self, slot: Slot, desk: Desk, paths: Paths, new_id: NewId) -> None:
        self.slot = slot
        self.paths = paths
        self._desk = desk
        self._new_id = new_id

    def seat(self, wish: Wish, given: datetime | None) -> Done[Booking]:
        """Books the pupil in, or finds the booking that is there."""
        slot = self.slot
        pupil = self._desk.pupil(wish.participant, wish.at)
        path = self.paths.of(pupil.id, slot.season)
        known = path.live_booking(slot.id)
        if known is not None:
            return Done(known, new=False)
        domain.must_take_part(pupil, slot.season, self._desk.now, wish.at)
        time = self._desk.time(pupil, given, "/occurred_at")
        decision = domain.book(path, pupil, slot, time, self._new_id, wish.at)
        self.paths.take(decision)
        self.slot = slot.with_seat_taken()
        return Done(decision.state.bookings[-1], new=True)


async def book(
    store: Store,
    slot_id: str,
    wishes: Sequence[Wish | BadInput],
    given: datetime | None,
    who: Principal,
    now: datetime,
    new_id: NewId,
) -> list[Result[Booking]]:
    """The results in the order of the wishes; raises NotFound for an unknown slot."""

    ids = [wish.participant for wish in wishes if isinstance(wish, Wish)]

    async def body(tx: Transaction) -> list[Result[Booking]]:
        slot = await known_slot(store, slot_id, tx)
        desk = await _desk(store, ids, who, now, tx)
        paths = Paths(await store.paths.load((path_id(id, slot.season) for id in ids), tx))
        seating = Seating(slot, desk, paths, new_id)
        results = [_seat(seating, wish, given) for wish in wishes]
        await store.count_seats(slot.id, seating.slot.booked - slot.booked, tx)
        await store.paths.save(paths.decisions, tx)
        return results

    async with store.turn(slot_id):
        return await store.transact(body)


def _seat(seating: Seating, wish: Wish | BadInput, given: datetime | None) -> Result[Booking]:
    return wish if isinstance(wish, BadInput) else result(lambda: seating.seat(wish, given))


async def cancel(store: Store, booking: str, given: datetime | None, who: Principal, now: datetime) -> Booking:
    """The booking, cancelled now or before; raises NotFound where there is none in the scope."""
    path_id = await store.path_with("bookings", booking)
    if path_id is None:
        raise NotFound(NO_BOOKING)
    found = path_id

    async def body(tx: Transaction) -> Booking:
        path = (await store.paths.load([found], tx))[found]
        desk = await _desk(store, [path.participant], who, now, tx)
        pupil = desk.pupils[path.participant]
        if not reaches(who, pupil):
            raise NotFound(NO_BOOKING)
        decision = domain.cancel(path, pupil, booking, desk.time(pupil, given, "query:occurred_at"))
        cancelled = next(b for b in decision.state.bookings if b.id == booking)
        await store.count_seats(cancelled.slot, -len(decision.happened), tx)
        await store.paths.save([decision], tx)
        return cancelled

    return await store.transact(body)


async def known_slot(store: Store, id: str, tx: Transaction) -> Slot:
    """The slot; raises NotFound."""
    slot = (await store.slots.load([id], tx)).get(id)
    if slot is None:
        raise NotFound("no such slot")
    return slot


async def _desk(store: Store, ids: Sequence[str], who: Principal, now: datetime, tx: Transaction) -> Desk:
    pupils = await store.participants(ids, tx)
    return Desk(who, now, pupils, await store.zones(pupil.region for pupil in pupils.values()))
