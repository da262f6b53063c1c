"""Use cases: a venue confirms who took part, and takes back what it confirmed by mistake."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

from services.trials import domain
from services.trials.bookings import known_slot
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
from services.trials.values import Ref, happened_at
from shared.auth import Principal
from shared.contracts.trials import AttendanceSource
from shared.errors import BadInput, NotFound
from shared.mongo import Transaction


class Presence(BaseModel):
    """That a pupil took part, and how the venue knows."""

    participant: Ref
    source: AttendanceSource
    occurred_at: AwareDatetime | None = None


class Revocation(BaseModel):
    """Why an attendance is taken back; the words stay with the attendance and name nobody."""

    reason: Annotated[str, Field(min_length=1, max_length=300)]
    occurred_at: AwareDatetime | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """One presence as it stands in the body at pointer `at`, or why it cannot be read."""

    at: str
    presence: Presence | BadInput


@dataclass(frozen=True, slots=True)
class RollCall:
    """The presences of one slot, decided one after the other."""

    slot: Slot
    season: Season
    pupils: Mapping[str, Participant]
    paths: Paths
    zones: Mapping[str, tzinfo]
    now: datetime
    new_id: NewId

    def confirm(self, presence: Presence, at: str) -> Done[Attendance]:
        """Confirms a presence. Whom the venue did not seat, it is told nothing about, not even that there is one."""
        path = self.paths.of(presence.participant, self.slot.season)
        booking = path.live_booking(self.slot.id)
        if booking is None:
            raise conflict("not-booked", f"{at}/participant", "no booking in force in this slot")
        known = path.attendance_of(booking.id)
        if known is not None:
            return Done(known, new=False)
        pupil = self.pupils[presence.participant]
        local = known_zone(self.zones, pupil.region)
        time = happened_at(presence.occurred_at, self.now, local, f"{at}/occurred_at")
        decision = domain.attend(path, pupil, self.season, booking, presence.source, time, self.new_id, at)
        self.paths.take(decision)
        return Done(decision.state.attendances[-1], new=True)


async def confirm(
    store: Store, slot_id: str, said: Sequence[Statement], who: Principal, now: datetime, new_id: NewId
) -> list[Result[Attendance]]:
    """The results in the order said; raises NotFound for an unknown slot, Forbidden for another venue's."""
    ids = [item.presence.participant for item in said if not isinstance(item.presence, BadInput)]

    async def body(tx: Transaction) -> list[Result[Attendance]]:
        slot = await known_slot(store, slot_id, tx)
        who.must_cover(slot.region, slot.organisation, slot.venue)
        call = await _roll_call(store, slot, ids, now, new_id, tx)
        results = [_confirm(call, item) for item in said]
        await store.paths.save(call.paths.decisions, tx)
        return results

    return await store.transact(body)


def _confirm(call: RollCall, item: Statement) -> Result[Attendance]:
    presence = item.presence
    return presence if isinstance(presence, BadInput) else result(lambda: call.confirm(presence, item.at))


async def _roll_call(
    store: Store, slot: Slot, ids: Sequence[str], now: datetime, new_id: NewId, tx: Transaction
) -> RollCall:
    pupils = await store.participants(ids, tx)
    return RollCall(
        slot=slot,
        season=(await store.rules([slot.season], tx))[slot.season],
        pupils=pupils,
        paths=Paths(await store.paths.load((path_id(id, slot.season) for id in ids), tx)),
        zones=await store.zones(pupil.region for pupil in pupils.values()),
        now=now,
        new_id=new_id,
    )


async def revoke(
    store: Store, attendance: str, correction: Revocation, who: Principal, now: datetime, new_id: NewId
) -> Attendance:
    """The attendance, revoked now or before; raises NotFound, or Forbidden for another venue's."""
    path_id = await store.path_with("attendances", attendance)
    if path_id is None:
        raise NotFound("no such attendance")
    found = path_id

    async def body(tx: Transaction) -> Attendance:
        path = (await store.paths.load([found], tx))[found]
        slot = await known_slot(store, next(a.slot for a in path.attendances if a.id == attendance), tx)
        who.must_cover(slot.region, slot.organisation, slot.venue)
        call = await _roll_call(store, slot, [path.participant], now, new_id, tx)
        pupil = call.pupils[path.participant]
        time = happened_at(correction.occurred_at, now, known_zone(call.zones, pupil.region))
        decision = domain.revoke(path, pupil, call.season, attendance, correction.reason, time, new_id)
        await store.paths.save([decision], tx)
        return next(a for a in decision.state.attendances if a.id == attendance)

    return await store.transact(body)
