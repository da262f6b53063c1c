"""Use cases: a venue confirms who took part, and takes back what it confirmed by mistake."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from services.trials import domain
from services.trials.bookings import NO_SLOT
from services.trials.catalogue import Season
from services.trials.copies import Participant
from services.trials.domain import Paths
from services.trials.gate import NewId
from services.trials.path import Attendance, path_id
from services.trials.refusals import conflict
from services.trials.repository import Store
from services.trials.results import Done, Result, result
from services.trials.scope import known_zone
from services.trials.slots import Slot
from shared.base.errors import BadInput, NotFound, ServiceError
from shared.base.models import Input
from shared.base.side_thread import aside
from shared.contracts.trials import AttendanceSource
from shared.identity.acting import Actor, about, acting
from shared.identity.principal import Principal
from shared.programme.moments import Moment, happened_at
from shared.programme.texts import Id, Reason
from shared.storage.mongo import Transaction

NO_ATTENDANCE = "no such attendance"


class Presence(Input):
    """That a pupil took part, and how the venue knows."""

    participant: Id
    source: AttendanceSource
    """How the venue knows: by a scanned code, a list, or an import."""
    occurred_at: Moment | None = None


class Revocation(Input):
    """Why an attendance is taken back; the words stay with the attendance and name nobody."""

    reason: Reason
    """In the venue's words; it is kept with the attendance and must name nobody."""
    occurred_at: Moment | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """One presence as it stands in the body at pointer `at`, or why it cannot be read."""

    at: str
    presence: Presence | BadInput


@dataclass(frozen=True, slots=True)
class RollCall:
    """The presences of a group of requests, decided one after the other."""

    seasons: Mapping[str, Season]
    pupils: Mapping[str, Participant]
    paths: Paths
    zones: Mapping[str, tzinfo]
    new_id: NewId

    def confirm(self, slot: Slot, presence: Presence, now: datetime, at: str, by: Actor | None) -> Done[Attendance]:
        """Confirms a presence. Whom the venue did not seat, it is told nothing about, not even that there is one."""
        path = self.paths.of(presence.participant, slot.season)
        booking = path.live_booking(slot.id)
        if booking is None:
            raise conflict("not-booked", f"{at}/participant", "no booking in force in this slot")
        known = path.attendance_of(booking.id)
        if known is not None:
            return Done(known, new=False)
        pupil = self.pupils[presence.participant]
        local = known_zone(self.zones, pupil.region)
        time = happened_at(presence.occurred_at, now, local, f"{at}/occurred_at")
        season = self.seasons[slot.season]
        domain.must_lie_in(season, time, f"{at}/occurred_at" if presence.occurred_at else "")
        decision = domain.attend(path, pupil, season, booking, presence.source, time, self.new_id, at)
        self.paths.take(decision, by)
        return Done(decision.state.attendances[-1], new=True)


@dataclass(frozen=True, slots=True)
class Presences:
    """One request: who took part in a slot, by whom and when it is said."""

    slot: str
    said: Sequence[Statement]
    who: Principal
    now: datetime
    by: Actor | None = field(default_factory=acting)

    @property
    def participants(self) -> list[str]:
        """Those who are named."""
        return [item.presence.participant for item in self.said if not isinstance(item.presence, BadInput)]


async def confirm(
    store: Store, group: Sequence[Presences], new_id: NewId
) -> list[list[Result[Attendance]] | ServiceError]:
    """Each request's results in the order said, in one transaction; refused are unknown slots and another venue's."""

    async def body(tx: Transaction) -> list[list[Result[Attendance]] | ServiceError]:
        slots = await store.slots.load((request.slot for request in group), tx)
        named = [(slots[r.slot], id) for r in group if r.slot in slots for id in r.participants]
        call = await _roll_call(store, named, new_id, tx)
        results = await aside(lambda: [_confirm_all(call, r, slots.get(r.slot)) for r in group], len(named))
        await store.paths.save(call.paths.decisions, tx)
        return results

    return await store.transact(body)


def _confirm_all(call: RollCall, request: Presences, slot: Slot | None) -> list[Result[Attendance]] | ServiceError:
    try:
        slot = _of_venue(slot, request.who)
    except ServiceError as refusal:
        return refusal
    return [_confirm(call, slot, item, request) for item in request.said]


def _of_venue(slot: Slot | None, who: Principal) -> Slot:
    """The slot; raises NotFound where there is none, Forbidden where it is another venue's."""
    if slot is None:
        raise NotFound(NO_SLOT)
    who.scope.must_cover(slot.region, hosts=(slot.organisation, slot.venue))
    return slot


def _confirm(call: RollCall, slot: Slot, item: Statement, request: Presences) -> Result[Attendance]:
    presence = item.presence
    if isinstance(presence, BadInput):
        return presence
    return result(lambda: call.confirm(slot, presence, request.now, item.at, request.by))


async def _roll_call(store: Store, named: Sequence[tuple[Slot, str]], new_id: NewId, tx: Transaction) -> RollCall:
    pupils = await store.participants((id for _, id in named), tx)
    return RollCall(
        seasons=await store.rules((slot.season for slot, _ in named), tx),
        pupils=pupils,
        paths=Paths(await store.paths.load((path_id(id, slot.season) for slot, id in named), tx)),
        zones=await store.zones(pupil.region for pupil in pupils.values()),
        new_id=new_id,
    )


async def revoke(
    store: Store, attendance: str, correction: Revocation, who: Principal, now: datetime, new_id: NewId
) -> Attendance:
    """The attendance, revoked now or before; raises NotFound, also for another venue's."""
    path_id = await store.path_with("attendances", attendance)
    if path_id is None:
        raise NotFound(NO_ATTENDANCE)
    found = path_id

    async def body(tx: Transaction) -> Attendance:
        path = (await store.paths.load([found], tx))[found]
        id = next(a.slot for a in path.attendances if a.id == attendance)
        slot = (await store.slots.load([id], tx))[id]
        if not who.scope.covers(slot.region, hosts=(slot.organisation, slot.venue)):
            raise NotFound(NO_ATTENDANCE)
        about([path.participant])
        call = await _roll_call(store, [(slot, path.participant)], new_id, tx)
        pupil, season = call.pupils[path.participant], call.seasons[slot.season]
        time = happened_at(correction.occurred_at, now, known_zone(call.zones, pupil.region))
        decision = domain.revoke(path, pupil, season, attendance, correction.reason, time, new_id)
        await store.paths.save([decision], tx)
        return next(a for a in decision.state.attendances if a.id == attendance)

    return await store.transact(body)
