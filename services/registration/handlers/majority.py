"""Use cases: a pupil keeps a guardian's cabinet from the 18th birthday on, and the others end on it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from services.registration.domain.caller import Caller
from services.registration.domain.majority import ended, is_of_age, keep
from services.registration.domain.participants import Participant
from services.registration.repository import Repository
from shared.base.errors import NotFound
from shared.identity.acting import Actor
from shared.identity.principal import Principal
from shared.programme.moments import zone
from shared.storage.decision import Decision
from shared.storage.mongo import Transaction

PLATFORM = Actor(None, ("service",), "registration.majorities")


async def keep_guardian(
    repository: Repository, who: Principal, id: str, guardian: str, kept: bool, now: datetime
) -> Participant:
    """Notes the pupil's own word about a guardian's cabinet; one that a pupil of age no longer keeps ends at once.

    Raises NotFound for all but the pupil, and for an unknown guardian.
    """

    async def body(tx: Transaction) -> Participant:
        pupil = (await repository.participants.load([id], tx)).get(id)
        if pupil is None or not Caller(who).is_pupil(pupil) or guardian not in pupil.guardians:
            raise NotFound("no such guardian of yours")
        local = now.astimezone(zone(pupil.place.utc_offset))
        decision = keep(pupil, guardian, kept)
        if is_of_age((await repository.sealed.read([pupil.id], tx)).get(pupil.id), local):
            after = ended(decision.state, local)
            decision = Decision(after.state, after.happened, quiet=decision.quiet)
        return await _saved(repository, pupil, decision, now, tx)

    return await repository.transact(body)


async def come_of_age(repository: Repository, id: str, mark: bytes, day: date, now: datetime) -> bool:
    """Ends the cabinets of the guardians of a pupil whose 18th birthday was found by its mark, unless they are kept.

    Returns False where the day has not come yet by the pupil's clock. Whoever is erased, or has another birth date by
    now, is left alone.
    """

    async def body(tx: Transaction) -> bool:
        if not await repository.sealed.birthdays.comes_of_age(id, mark, tx):
            return True
        pupil = (await repository.participants.load([id], tx)).get(id)
        if pupil is not None and pupil.erased_at is None:
            local = now.astimezone(zone(pupil.place.utc_offset))
            if local.date() < day:
                return False
            await _saved(repository, pupil, replace(ended(pupil, local), by=PLATFORM), now, tx)
        await repository.sealed.birthdays.is_of_age(id, tx)
        return True

    return await repository.transact(body)


async def mark_days(repository: Repository, persons: Sequence[str], now: datetime) -> None:
    """Marks the 18th birthdays of persons whom an earlier release has entered.

    Cabinets of who came of age long ago are ended where the pupil is in a season that goes on; of a former pupil they
    show what was.
    """

    async def body(tx: Transaction) -> None:
        pupils = await repository.participants.load(persons, tx)
        active = await in_open_season(repository, pupils, now)
        await repository.sealed.birthdays.mark(persons, active, tx)

    await repository.transact(body)


async def adults_of(
    repository: Repository, pupils: Mapping[str, Participant], now: datetime, tx: Transaction
) -> set[str]:
    """Returns the pupils among some who are of age, in a season that goes on: guardians open only what these keep."""
    of_age = await repository.sealed.birthdays.of_age(pupils, tx)
    return await in_open_season(repository, {id: pupils[id] for id in of_age}, now)


async def in_open_season(repository: Repository, pupils: Mapping[str, Participant], now: datetime) -> set[str]:
    """Returns the ids of pupils of a season whose last day, by their own clocks, is not over."""
    known = await repository.copies.seasons({s for p in pupils.values() for s in p.seasons}) if pupils else {}
    return {
        id
        for id, pupil in pupils.items()
        for season in pupil.seasons
        if season in known and now.astimezone(zone(pupil.place.utc_offset)).date() <= known[season].closes
    }


async def _saved(
    repository: Repository, before: Participant, decision: Decision[Participant], now: datetime, tx: Transaction
) -> Participant:
    """Stores a decision; the accounts whose last cabinet was closed by it are let go."""
    if decision.made:
        state = decision.state.with_codes(repository.codes, now) if decision.happened else None
        decision = replace(decision, state=state or decision.state)
        await repository.participants.save([decision], tx)
        for guardian in before.linked.keys() - decision.state.linked.keys():
            await repository.cabinets.unbind(guardian, before.id, tx)
    return decision.state
