"""Use cases: a school asks for a pupil of another one; the other, or an operator of it, confirms or refuses."""

from collections.abc import Sequence
from datetime import datetime

from services.registration.domain.caller import Caller, must_reach
from services.registration.domain.classes import class_of
from services.registration.domain.following import then_followed
from services.registration.domain.identities import child_of
from services.registration.domain.moves import move
from services.registration.domain.organisations import Organisation, known_school
from services.registration.domain.participants import Participant
from services.registration.domain.placements import local_day
from services.registration.domain.school_keys import Pupils
from services.registration.domain.succession import free_key
from services.registration.domain.transfers import Transfer, TransferRequest, wanted
from services.registration.handlers.carrying import catch_up
from services.registration.handlers.moves import must_be_free, settle
from services.registration.repository import Repository
from shared.base.errors import NotFound
from shared.identity.principal import Principal
from shared.programme.moments import happened_at, zone
from shared.storage.decision import Decision, NewId
from shared.storage.mongo import Transaction


async def ask(
    repository: Repository, who: Principal, request: TransferRequest, now: datetime, new_id: NewId
) -> Transfer:
    """Asks for a child; one that was asked for already is the same.

    Raises Forbidden for a class out of scope, NotFound and Conflict where no single child of another school is meant,
    Conflict where another pupil of the school has the key.
    """

    async def body(tx: Transaction) -> Transfer:
        found = (await repository.organisations.load([request.school], tx)).get(request.school)
        place = class_of(known_school(found, request.school, "school"), request.school_class)
        must_reach(who, [place])
        since = request.occurred_at and happened_at(request.occurred_at, now, zone(place.utc_offset))
        named = await repository.sealed.namesakes(place.region, [child_of(request.identity)], tx)
        ids = [id for persons in named.values() for id in persons]
        children = {child.id: child for child in (await repository.participants.load(ids, tx)).values()}
        pupil = wanted(list(children.values()), place.school)
        if request.external_ref is not None:
            await must_be_free(repository, pupil, (place.school, request.external_ref), tx)
        transfer = Transfer(
            id=new_id(),
            participant=pupil.id,
            left=pupil.place,
            joined=place,
            external_ref=request.external_ref,
            since=since,
            asked_at=now,
        )
        return await repository.transfers.asked(transfer, tx)

    return await repository.transact(body)


async def confirm(repository: Repository, who: Principal, id: str, now: datetime) -> Transfer:
    """Lets the pupil go; raises NotFound to all but staff of the school of now, Conflict where it was refused."""
    schools: list[Organisation] = []

    async def body(tx: Transaction) -> Transfer:
        transfer = await repository.transfers.load(id, tx)
        pupil = await _giving(repository, who, transfer, tx)
        answered = transfer.answered("confirmed", now)
        if answered != transfer:
            joined = transfer.joined.school
            schools[:] = (await repository.organisations.load([joined], tx)).values()
            decision = _going(schools, pupil, transfer, now)
            await repository.transfers.keep(answered, tx)
            key = joined, await _key(repository, pupil, transfer, tx)
            await settle(repository, pupil, decision, key, now, tx)
        return answered

    confirmed = await repository.transact(body)
    await catch_up(repository, schools, [confirmed.participant], now)
    return confirmed


async def refuse(repository: Repository, who: Principal, id: str, now: datetime) -> Transfer:
    """Keeps the pupil, or takes back what was asked for; raises NotFound to all but staff of one of the two schools."""

    async def body(tx: Transaction) -> Transfer:
        transfer = await repository.transfers.load(id, tx)
        joined = transfer.joined
        if not who.scope.covers(joined.region, joined.municipality, joined.school, school_class=joined.school_class):
            await _giving(repository, who, transfer, tx)
        answered = transfer.answered("refused", now)
        await repository.transfers.keep(answered, tx)
        return answered

    return await repository.transact(body)


def _since(school: Organisation, pupil: Participant, transfer: Transfer, now: datetime) -> datetime:
    """The time of the move: as it was asked for, unless the pupil came to the class of now after it."""
    asked, local = transfer.since, zone(school.utc_offset)
    last = max(placement.day for placement in pupil.history if not placement.follows)
    is_theirs = asked is not None and local_day(asked.astimezone(local)) >= last
    return (asked if is_theirs and asked else now).astimezone(local)


def _going(
    schools: Sequence[Organisation], pupil: Participant, transfer: Transfer, now: datetime
) -> Decision[Participant]:
    """The move to the school that asked, where it lies by now; raises Conflict where it is closed."""
    time = _since(schools[0], pupil, transfer, now)
    place = class_of(schools[0], transfer.joined.school_class, local_day(time))
    return then_followed(move(pupil, place, time), schools)


async def _key(repository: Repository, pupil: Participant, transfer: Transfer, tx: Transaction) -> str:
    """The key under which the pupil comes: the one that was asked for, or of before, while nobody else has it.

    Whoever lets a pupil go neither knows nor chooses the other school's keys.
    """
    school, keys = transfer.joined.school, [key for key in (transfer.external_ref, pupil.external_ref) if key]
    holders = await repository.pupils([(school, key) for key in keys], tx)
    return free_key(Pupils(holders), pupil, school, keys)


async def _giving(repository: Repository, who: Principal, transfer: Transfer, tx: Transaction) -> Participant:
    """The pupil, to staff of the school where the pupil is."""
    pupil = (await repository.participants.load([transfer.participant], tx)).get(transfer.participant)
    if pupil is None or not Caller(who).is_staff_of(pupil):
        raise NotFound("no such transfer in your scope")
    return pupil
