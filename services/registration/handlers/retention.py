"""Use cases: a region's operator sets its terms; the job draws up the list, and erases whose time is over."""

from datetime import date, datetime

from services.registration.domain.erasure import Act
from services.registration.domain.organisations import known_organisation
from services.registration.domain.retention import TermEntry, Terms, due, is_near, may_be_erased
from services.registration.handlers.erasure import Erasing, erase_entries
from services.registration.repository import Repository
from shared.base.errors import BadInput, FieldError, NotKnownYet
from shared.identity.acting import Actor
from shared.identity.principal import Principal
from shared.storage.decision import NewId
from shared.storage.mongo import Transaction

JOB = Actor(account=None, roles=(), route="retention")
"""Who is kept with what the job changes."""


async def set_term(repository: Repository, who: Principal, region: str, entry: TermEntry) -> Terms:
    """Sets a term of a region, in the place of what was said before.

    Raises NotFound for an unknown region, BadInput for another organisation, Forbidden out of scope, NotKnownYet for a
    season that has not been defined.
    """
    found = known_organisation((await repository.organisations.load([region])).get(region), region, "region")
    if found.kind != "region":
        raise BadInput.field("region", "is not a region's code")
    who.scope.must_cover(region)
    if entry.season is not None and not await repository.copies.seasons([entry.season]):
        errors = [FieldError("season", "has not been defined")]
        raise NotKnownYet(f"season {entry.season} has not been defined", slug="season-unknown", errors=errors)

    async def body(tx: Transaction) -> Terms:
        before = await repository.retention.terms(region, tx)
        after = before.with_term(entry)
        if after != before:
            await repository.retention.put(after, tx)
        return after

    return await repository.transact(body)


async def draw_up(repository: Repository, region: str, today: date, after: str, most: int) -> str | None:
    """Puts those onto a region's list who are due within the week, and takes others off it, some pupils in a call.

    Returns the id up to which it has come; None behind the last pupil.
    """
    pupils = await repository.retention.candidates(region, after, most)
    terms = await repository.retention.terms(region)
    known = await repository.retention.listed(pupil.id for pupil in pupils)
    near = {pupil.id: found for pupil in pupils if (found := due(pupil, terms)) and is_near(found, today)}
    fresh = {id: found for id, found in near.items() if id not in known or not known[id].is_of(found)}
    await repository.retention.enter(region, fresh, today)
    await repository.retention.strike(known.keys() - near.keys())
    return pupils[-1].id if pupils else None


async def erase_due(
    repository: Repository, region: str, id: str, today: date, now: datetime, new_id: NewId
) -> Act | None:
    """Erases a pupil whose time on a region's list is over, or takes one off it who is not due any more; the act.

    It is decided over what is stored in the transaction of the erasure, so that a consent that is given meanwhile
    conflicts with it.
    """

    async def body(tx: Transaction) -> Act | None:
        terms = await repository.retention.terms(region, tx)
        listed = (await repository.retention.listed([id], tx)).get(id)
        pupil = (await repository.participants.entries([id], tx)).get(id)
        found = due(pupil, terms) if pupil is not None and pupil.place.region == region else None
        if pupil is not None and found is not None and may_be_erased(found, listed, today):
            return await erase_entries(repository, pupil, Erasing(now, new_id, "retention", JOB), tx)
        await repository.retention.strike([id], tx)
        return None

    return await repository.transact(body)
