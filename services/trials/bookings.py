"""Use cases: seats are taken and given up. A slot is read and counted in one transaction, so it is never overbooked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from services.trials import domain
from services.trials.catalogue import Season
from services.trials.copies import Participant
from services.trials.domain import Paths
from services.trials.gate import NewId
from services.trials.path import Booking, path_id
from services.trials.repository import Store
from services.trials.results import Done, Result, result
from services.trials.scope import Desk, reaches
from services.trials.slots import Slot
from shared.base.errors import BadInput, NotFound, ServiceError
from shared.base.side_thread import aside
from shared.identity.acting import Actor, about, acting
from shared.identity.principal import Principal
from shared.programme.texts import REF
from shared.storage.mongo import Transaction

NO_BOOKING, NO_SLOT = "no such booking", "no such slot"


@dataclass(frozen=True, slots=True)
class Wish:
    """A seat is wanted for a pupil, who is named at pointer `at` of the body."""

    participant: str
    at: str

    @classmethod
    def read(cls, raw: object, at: str) -> "Wish | BadInput":
        """One item of a body."""
        id = REF.read(raw)
        return cls(id, at) if id is not None else BadInput.field(at, "not the id of a participant")


class Seating:
    """Seats of one slot, given in the order in which they are wished for."""

    def __init__(self, slot: Slot, season: Season, desk: Desk, paths: Paths, new_id: NewId) -> None:
        self.slot = slot
        self._season = season
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
        time = self._desk.time(pupil, given, "/occurred_at")
        domain.must_take_part(pupil, self._season, time, slot.starts_at, self._desk.now, wish.at)
        decision = domain.book(path, pupil, slot, time, self._new_id, wish.at)
        domain.must_lie_in(self._season, time, "/occurred_at" if given else "")
        self.paths.take(decision, self._desk.by)
        self.slot = slot.with_seat_taken()
        return Done(decision.state.bookings[-1], new=True)


@dataclass(frozen=True, slots=True)
class Bookings:
    """One request: seats of one slot, wished for in this order, by whom and when."""

    slot: str
    wishes: Sequence[Wish | BadInput]
    given: datetime | None
    who: Principal
    now: datetime
    by: Actor | None = field(default_factory=acting)

    @property
    def participants(self) -> list[str]:
        """Those for whom a seat is wanted."""
        return [wish.participant for wish in self.wishes if isinstance(wish, Wish)]


async def book(store: Store, group: Sequence[Bookings], new_id: NewId) -> list[list[Result[Booking]] | ServiceError]:
    """Each request's results in the order of its wishes, all in one transaction; NotFound for an unknown slot."""

    async def body(tx: Transaction) -> list[list[Result[Booking]] | ServiceError]:
        before = await store.slots.load((request.slot for request in group), tx)
        office = await _office(store, group, before, new_id, tx)
        results = await aside(lambda: [office.serve(request) for request in group], sum(len(r.wishes) for r in group))
        await store.count_seats({id: slot.booked - before[id].booked for id, slot in office.slots.items()}, tx)
        await store.paths.save(office.paths.decisions, tx)
        return results

    return await store.transact(body)


@dataclass(frozen=True, slots=True)
class Office:
    """The slots of a group of requests and the pupils named in it, while it is served."""

    slots: dict[str, Slot]
    seasons: Mapping[str, Season]
    pupils: Mapping[str, Participant]
    zones: Mapping[str, tzinfo]
    paths: Paths
    new_id: NewId

    def serve(self, request: Bookings) -> list[Result[Booking]] | ServiceError:
        """One request, seeing what those before it took."""
        slot = self.slots.get(request.slot)
        if slot is None:
            return NotFound(NO_SLOT)
        desk = Desk(request.who, request.now, self.pupils, self.zones, request.by)
        seating = Seating(slot, self.seasons[slot.season], desk, self.paths, self.new_id)
        results = [_seat(seating, wish, request.given) for wish in request.wishes]
        self.slots[slot.id] = seating.slot
        return results


async def _office(
    store: Store, group: Sequence[Bookings], slots: Mapping[str, Slot], new_id: NewId, tx: Transaction
) -> Office:
    wanted = [
        (id, slots[request.slot].season) for request in group if request.slot in slots for id in request.participants
    ]
    pupils = await store.participants((id for id, _ in wanted), tx)
    paths = await store.paths.load((path_id(id, season) for id, season in wanted), tx)
    await store.hold({id for id, season in wanted if id in pupils and path_id(id, season) not in paths}, tx)
    return Office(
        slots=dict(slots),
        seasons=await store.rules({slot.season for slot in slots.values()}, tx),
        pupils=pupils,
        zones=await store.zones(pupil.region for pupil in pupils.values()),
        paths=Paths(paths),
        new_id=new_id,
    )


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
        about([path.participant])
        decision = domain.cancel(path, pupil, booking, desk.time(pupil, given, "occurred_at"))
        cancelled = next(b for b in decision.state.bookings if b.id == booking)
        await store.count_seats({cancelled.slot: -len(decision.happened)}, tx)
        await store.paths.save([decision], tx)
        return cancelled

    return await store.transact(body)


async def _desk(store: Store, ids: Sequence[str], who: Principal, now: datetime, tx: Transaction) -> Desk:
    pupils = await store.participants(ids, tx)
    return Desk(who, now, pupils, await store.zones(pupil.region for pupil in pupils.values()))
