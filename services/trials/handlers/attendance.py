"""Use cases: a venue says who took part and who did not come, and takes back what it confirmed by mistake."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from services.trials.domain.path import steps
from services.trials.domain.path.caller import Taken, clock_of
from services.trials.domain.path.path_parts import Attendance, Booking
from services.trials.domain.path.steps import Presence, Revocation
from services.trials.domain.presence.absences import Absence
from services.trials.domain.presence.attendance import AttendanceBatch
from services.trials.handlers.allowances import allowance
from services.trials.repository import Repository
from shared.base.errors import NotFound, ServiceError
from shared.base.side_thread import aside
from shared.http.batch import Outcome, Request, each, served
from shared.identity.acting import about
from shared.identity.exceptions import may_except
from shared.identity.principal import Principal
from shared.programme.moments import happened_at
from shared.storage.decision import Done, NewId
from shared.storage.group_commit import GroupCommit
from shared.storage.mongo import Transaction

NO_ATTENDANCE = "no such attendance"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceRequest(Request[Presence]):
    """Presences in one slot."""

    slot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceRequest(Request[Absence]):
    """Absences from one slot."""

    slot: str


def queue(repository: Repository, new_id: NewId) -> GroupCommit[AttendanceRequest, list[Outcome[Taken[Attendance]]]]:
    """Returns the queue of presences: those that come while a transaction is under way share the next one."""
    return GroupCommit(partial(confirm, repository, new_id=new_id), weigh=lambda request: len(request.items))


async def confirm(
    repository: Repository, requests: Sequence[AttendanceRequest], new_id: NewId
) -> list[list[Outcome[Taken[Attendance]]] | ServiceError]:
    """Returns each request's outcomes in the order said, in one transaction.

    NotFound is the outcome for an unknown slot, Forbidden for another venue's.
    """

    async def body(tx: Transaction) -> list[list[Outcome[Taken[Attendance]]] | ServiceError]:
        batch = await _load(repository, requests, new_id, tx)
        seats = {id: slot.booked for id, slot in batch.slots.items()}
        weight = sum(len(request.items) for request in requests)
        outcomes = await aside(lambda: served(requests, partial(_serve, batch)), weight)
        made = batch.states.paths.made
        await repository.timetable.hold({r.slot for r in requests if r.slot in batch.slots} if made else (), tx)
        await repository.count_seats({id: slot.booked - seats[id] for id, slot in batch.slots.items()}, tx)
        await repository.save_walks(made, tx)
        return outcomes

    return await repository.transact(body)


async def miss(repository: Repository, request: AbsenceRequest, new_id: NewId) -> list[Outcome[Taken[Booking]]]:
    """Returns the outcomes in the order said; raises NotFound for an unknown slot, Forbidden for another venue's."""

    async def body(tx: Transaction) -> list[Outcome[Taken[Booking]]]:
        batch = await _load(repository, [request], new_id, tx)
        slot = batch.slot(request.slot, request.who)

        def said(absence: Absence) -> Done[Taken[Booking]]:
            may_except(absence.exception, request.who, slot.region)
            return batch.miss(slot, absence, request.now, request.by)

        outcomes = await aside(lambda: each(request.items, said), len(request.items))
        await repository.save_walks(batch.states.paths.made, tx)
        return outcomes

    return await repository.transact(body)


async def _load(
    repository: Repository, requests: Sequence[AttendanceRequest | AbsenceRequest], new_id: NewId, tx: Transaction
) -> AttendanceBatch:
    slots = await repository.slots.load((request.slot for request in requests), tx)
    known = [(request, slots[request.slot].season) for request in requests if request.slot in slots]
    said = [(one, season) for request, season in known for one in request.values]
    takes_seats = any(isinstance(one, Presence) and one.own_code for one, _ in said)
    named = [(one.participant, season) for one, season in said]
    states = await repository.states(named, tx, takes_seats=takes_seats)
    gates = await repository.advice.gates(states.seasons, states.paths, new_id, tx)
    at_door = [
        (one.participant, slots[request.slot])
        for request, _ in known
        for one in request.values
        if isinstance(one, Presence) and one.own_code
    ]
    return AttendanceBatch(slots, states, gates, await allowance(repository, at_door, states, tx))


def _serve(batch: AttendanceBatch, request: AttendanceRequest) -> list[Outcome[Taken[Attendance]]]:
    slot = batch.slot(request.slot, request.who)

    def said(presence: Presence) -> Done[Taken[Attendance]]:
        may_except(presence.exception, request.who, slot.region)
        return batch.confirm(slot, presence, request.now, request.by)

    return each(request.items, said)


async def revoke(
    repository: Repository, attendance: str, correction: Revocation, who: Principal, now: datetime, new_id: NewId
) -> Attendance:
    """Takes an attendance back, now or before; raises NotFound, also for another venue's."""
    found = await repository.walk_with("attendances", attendance)
    if found is None:
        raise NotFound(NO_ATTENDANCE)
    participant, season = found

    async def body(tx: Transaction) -> Attendance:
        states = await repository.states([found], tx)
        pupil = states.pupils[participant]
        path = states.paths.of(pupil.id, season)
        id = path.attendance(attendance).slot
        slot = (await repository.slots.load([id], tx))[id]
        if not who.scope.covers(slot.region, hosts=slot.hosts):
            raise NotFound(NO_ATTENDANCE)
        about([pupil.id])
        time = happened_at(correction.occurred_at, now, clock_of(states.zones, pupil))
        gates = await repository.advice.gates(states.seasons, [path], new_id, tx)
        decision = steps.revoke(path, pupil, attendance, correction.reason, time, gates.of(season))
        await repository.count_seats({id: decision.state.seats[id] - path.seats[id]}, tx)
        await repository.save_walks([decision], tx)
        return decision.state.attendance(attendance)

    return await repository.transact(body)
