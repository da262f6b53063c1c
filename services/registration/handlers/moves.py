"""Use case: staff of both places take a pupil to another class or school."""

from dataclasses import replace
from datetime import datetime

from services.registration.domain.caller import Caller, must_reach
from services.registration.domain.classes import class_of
from services.registration.domain.following import then_followed
from services.registration.domain.moves import MoveRequest, gone, move, with_key
from services.registration.domain.organisations import Organisation, known_school
from services.registration.domain.participants import Participant
from services.registration.domain.placements import local_day
from services.registration.handlers.carrying import catch_up
from services.registration.repository import Repository
from shared.base.errors import BadInput, Conflict
from shared.identity.principal import Principal
from shared.programme.moments import happened_at, zone
from shared.programme.texts import ref_key
from shared.storage.decision import Decision, Done
from shared.storage.mongo import Transaction


async def move_pupil(
    repository: Repository, who: Principal, id: str, request: MoveRequest, now: datetime
) -> Done[Participant]:
    """Takes a pupil to a class from a day on.

    Raises NotFound for a pupil out of scope, Forbidden for a class or a place of before that is, Conflict where another
    pupil has the key.
    """
    schools: list[Organisation] = []

    async def body(tx: Transaction) -> Done[Participant]:
        pupil = Caller(who).staff_s((await repository.participants.load([id], tx)).get(id))
        found = (await repository.organisations.load([request.school], tx)).get(request.school)
        school = known_school(found, request.school, "school")
        time = happened_at(request.occurred_at, now, zone(school.utc_offset))
        place = class_of(school, request.school_class, local_day(time))
        if request.grade not in (None, place.grade):
            raise BadInput.field("grade", f"must be {place.grade}, as class {place.school_class} says")
        schools[:] = [school]
        must_reach(who, (place, pupil.place_on(local_day(time))))
        decision = then_followed(move(pupil, place, time), [school])
        return await settle(repository, pupil, decision, (place.school, request.external_ref), now, tx)

    done = await repository.transact(body)
    await catch_up(repository, schools, [done.value.id], now)
    return done


async def settle(
    repository: Repository,
    pupil: Participant,
    decision: Decision[Participant],
    key: tuple[str, str | None],
    now: datetime,
    tx: Transaction,
) -> Done[Participant]:
    """Saves a move with all that goes along: the next school's key, codes that end, the region that finds the name.

    `key` is the school where the move leads, and its own key of the pupil. Raises Conflict where another has it.
    """
    state, (school, said) = decision.state, key
    ref = said or pupil.external_ref
    leaves = state.place.school != pupil.place.school
    if state.place.school == school and (leaves or ref_key(ref) != ref_key(pupil.external_ref)):
        await must_be_free(repository, pupil, (school, ref), tx)
        state = with_key(gone(state, pupil.place.school) if leaves else state, ref)
        state = state.with_codes(repository.codes, now)
    await repository.participants.save([replace(decision, state=state, quiet=state != decision.state)], tx)
    if leaves:
        await repository.transfers.overtake([pupil.id], now, tx)
    if state.place.region != pupil.place.region:
        await repository.sealed.relocate(pupil.id, state.place.region, tx)
    return Done(state, bool(decision.happened))


async def must_be_free(repository: Repository, pupil: Participant, key: tuple[str, str], tx: Transaction) -> None:
    """Raises Conflict where another pupil of the next school has the key, or had it when leaving."""
    school, ref = key
    others = [other.id for other in await repository.pupils([key], tx) if other.id != pupil.id]
    if others:
        detail = f"another pupil of school {school} has the key {ref_key(ref)!r}: give this one a key of its own"
        raise Conflict.about("external_ref", detail, "key-taken")
