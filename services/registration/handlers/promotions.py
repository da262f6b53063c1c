"""Use case: a school goes into its new school year, some pupils a transaction, and any number of times."""

from datetime import datetime
from functools import partial

from services.registration.domain.organisations import Organisation, known_school, must_be_open
from services.registration.domain.participants import Participant
from services.registration.domain.placements import local_day
from services.registration.domain.promotions import Promoted, Promotion, PromotionRequest
from services.registration.domain.standing import first_day
from services.registration.handlers.carrying import catch_up
from services.registration.repository import Repository
from shared.base.errors import Conflict
from shared.base.side_thread import aside
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.programme.clocks import midnight
from shared.programme.moments import happened_at, zone
from shared.storage.decision import Decision
from shared.storage.mongo import Transaction

AT_ONCE = 300
"""Pupils a transaction: a school has a thousand, and others write meanwhile."""


async def promote(
    repository: Repository, who: Principal, code: str, request: PromotionRequest, now: datetime
) -> Promoted:
    """Takes all pupils of a school who are not in the archive to their next class.

    Where it is broken off, those who have been promoted stay so, and the same again goes on, on the day of the first
    time. Raises NotFound for an unknown school, Conflict for a closed one and for another day, Forbidden where the
    caller does not reach all of its classes, BadInput before anything is written.
    """
    found = (await repository.organisations.load([code])).get(code)
    school = known_school(found, code, "code")
    who.scope.must_cover_whole(*school.place, why="a school is promoted as a whole")
    must_be_open(school, "code")
    began = await repository.residents.promoted_on(code, request.year)
    seasons = await repository.copies.seasons_since(first_day(request.year))
    promotion = Promotion.of(request, school, _time(request, school, began, now), seasons)
    promotion = promotion.fitted(await repository.participants.load(promotion.exceptions))
    whole, after = Promoted(), ""
    while True:
        part, made, last = await repository.transact(partial(_promote_some, repository, promotion, after))
        whole.fates.update(part.fates)
        whole.refused |= part.refused
        await catch_up(repository, [school], made, now)
        if last is None:
            return whole
        after = last


def _time(request: PromotionRequest, school: Organisation, began: str | None, now: datetime) -> datetime:
    """The time from which the classes are the new ones.

    A school goes on once a year: who came since that day came into a class of the new year.
    """
    time = happened_at(request.occurred_at, now, zone(school.utc_offset))
    if began is None or local_day(time) == began:
        return time
    if request.occurred_at is None:
        return midnight(began, school.utc_offset)
    detail = f"the school went into year {request.year} on {began}: say that day, or none"
    raise Conflict.about("occurred_at", detail, "promoted-already")


async def _promote_some(
    repository: Repository, promotion: Promotion, after: str, tx: Transaction
) -> tuple[Promoted, list[str], str | None]:
    """Decides about the pupils who come next by id.

    Returns their fates, those who are placed anew, and the last one looked at, None where nobody comes after.
    """
    pupils = await repository.pupils_in(promotion.school.id, after, AT_ONCE, tx)
    part = Promoted()

    def decide() -> list[Decision[Participant]]:
        decisions = []
        for pupil in pupils:
            try:
                fate, decision = promotion.decide(pupil)
            except Conflict as refusal:
                part.refused[pupil.id] = refusal
                continue
            part.fates[fate] += 1
            decisions.append(decision)
        return [decision for decision in decisions if decision.made]

    made = await aside(decide, len(pupils))
    await repository.participants.save(made, tx)
    placed = [decision.state.id for decision in made]
    about(placed)
    return part, placed, pupils[-1].id if len(pupils) == AT_ONCE else None
