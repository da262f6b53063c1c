"""Use cases: a mentor marks an attendance by criteria, and the pupil, or a guardian, says how it was."""

from datetime import datetime
from typing import NamedTuple

from services.trials.copies.participants import Participant
from services.trials.domain.path.caller import clock_of
from services.trials.domain.path.path_parts import Attendance, Marks, Stars
from services.trials.domain.path.paths import Path
from services.trials.domain.path.states import States
from services.trials.domain.presence import feedback
from services.trials.domain.presence.feedback import FeedbackEntry, ReviewEntry, Words
from services.trials.handlers.attendance import NO_ATTENDANCE
from services.trials.repository import Repository
from shared.base.errors import NotFound
from shared.identity.acting import about
from shared.identity.family import is_family
from shared.identity.principal import Principal
from shared.programme.moments import happened_at
from shared.storage.decision import NewId
from shared.storage.mongo import Transaction


class Of(NamedTuple):
    """An attendance, and who says something of it when."""

    attendance: str
    who: Principal
    now: datetime


class _Standing(NamedTuple):
    pupil: Participant
    path: Path
    states: States


async def mark(repository: Repository, of: Of, entry: FeedbackEntry, new_id: NewId) -> Attendance:
    """Gives an attendance the mentor's marks; raises NotFound, also for another venue's."""
    walk = await walk_of(repository, of.attendance)

    async def body(tx: Transaction) -> Attendance:
        pupil, path, states = await _standing(repository, walk, tx)
        id = path.attendance(of.attendance).slot
        slot = (await repository.slots.load([id], tx))[id]
        if not of.who.scope.covers(slot.region, hosts=slot.hosts):
            raise NotFound(NO_ATTENDANCE)
        about([pupil.id])
        states.seasons[path.season].must_be_open("")
        time = happened_at(entry.occurred_at, of.now, clock_of(states.zones, pupil))
        programme = (await repository.programmes.load([slot.programme or ""], tx)).get(slot.programme or "")
        gates = await repository.advice.gates(states.seasons, [path], new_id, tx)
        given = Marks(time=time, revision=1, programme=slot.programme or "", marks=entry.marks)
        decision = feedback.mark(path, pupil, given, of.attendance, programme, gates.of(path.season))
        await repository.save_walks([decision], tx)
        return decision.state.attendance(of.attendance)

    return await repository.transact(body)


async def review(repository: Repository, of: Of, entry: ReviewEntry) -> tuple[Attendance, Words | None]:
    """Gives an attendance the pupil's stars and words; raises NotFound for whoever is not of the family.

    What is learned of the pupil meanwhile, as of an erasure, conflicts with it.
    """
    walk = await walk_of(repository, of.attendance)

    async def body(tx: Transaction) -> tuple[Attendance, Words | None]:
        pupil, path, states = await _standing(repository, walk, tx)
        if not is_family(of.who, pupil.accounts):
            raise NotFound(NO_ATTENDANCE)
        about([pupil.id])
        states.seasons[path.season].must_be_open("")
        time = happened_at(None, of.now, clock_of(states.zones, pupil))
        decision = feedback.star(path, pupil, Stars(time=time, revision=1, stars=entry.stars), of.attendance)
        await repository.copies.hold(states.entries[pupil.id], tx)
        await repository.save_walks([decision], tx)
        known = (await repository.reviews.load([of.attendance], tx)).get(of.attendance)
        said = Words(of.attendance, _home(path, of.attendance), entry.words, time) if entry.words else None
        if said is None:
            await repository.reviews.destroy(of.attendance, tx)
        elif known is None or known.words != said.words:
            await repository.reviews.put(said, tx)
        else:
            said = known
        return decision.state.attendance(of.attendance), said

    return await repository.transact(body)


async def walk_of(repository: Repository, attendance: str) -> tuple[str, str]:
    """Returns whose path has an attendance, and through which season; raises NotFound where there is none."""
    found = await repository.walk_with("attendances", attendance)
    if found is None:
        raise NotFound(NO_ATTENDANCE)
    return found


async def _standing(repository: Repository, walk: tuple[str, str], tx: Transaction) -> _Standing:
    participant, season = walk
    states = await repository.states([walk], tx)
    pupil = states.pupils[participant]
    return _Standing(pupil, states.paths.of(pupil.id, season), states)


def _home(path: Path, attendance: str) -> str:
    """Returns the id of the entry's path on which an attendance stands: the words are erased with that entry."""
    return next(entry.id for entry in path.entries if any(a.id == attendance for a in entry.attendances))
