"""Use cases: a school says who was in a lesson, a whole class in one call, and takes back what it said by mistake."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.trials.domain.path.caller import Caller, Taken
from services.trials.domain.path.path_parts import Lesson
from services.trials.domain.presence.lessons import NO_LESSON, HeldLesson, LessonBatch, LessonRevocation
from services.trials.repository import Repository
from shared.base.errors import BadInput, Conflict, NotFound
from shared.base.side_thread import aside
from shared.http.batch import Item, Outcome, Request, each
from shared.identity.acting import acting
from shared.identity.principal import Principal
from shared.storage.decision import NewId
from shared.storage.mongo import Transaction

MOST_PUPILS = 200
"""Of one call."""


class WholeClass(NamedTuple):
    """A class that was in a lesson, but for some of its pupils."""

    name: str
    absent: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonRequest(Request[str]):
    """A lesson, and the pupils who were in it: those named by the items, or a whole class."""

    held: HeldLesson
    whole: WholeClass | None = None


class Told(NamedTuple):
    """The pupils whom a lesson is about, as they are named, each with the outcome."""

    lesson: str
    named: Sequence[object]
    outcomes: Sequence[Outcome[Taken[Lesson]]]


async def record(repository: Repository, request: LessonRequest, sent: Sequence[object], new_id: NewId) -> Told:
    """Returns the outcomes for the pupils who are named, or in the order of their ids for those of the class."""

    async def body(tx: Transaction) -> Told:
        held = request.held
        if held.season not in await repository.rules([held.season], tx):
            raise BadInput.field("season", "no such season")
        items, named = request.items, sent
        if request.whole is not None:
            found = await _class(repository, request, request.whole, tx)
            items, named = [Item("/class", id, "participant") for id in found], found
        values = [item.value for item in items if not isinstance(item.value, BadInput)]
        states = await repository.states([(id, held.season) for id in values], tx)
        caller = Caller(request.who, request.now, states.pupils, states.zones, request.by)
        batch = LessonBatch(held, states, caller, new_id)
        outcomes = await aside(lambda: each(items, batch.attend), len(items))
        await repository.save_walks(states.paths.made, tx)
        return Told(held.id, named, outcomes)

    return await repository.transact(body)


async def _class(repository: Repository, request: LessonRequest, whole: WholeClass, tx: Transaction) -> Sequence[str]:
    """Returns the pupils of a class who are there; raises Forbidden outside the scope, BadInput for none of them."""
    held = request.held
    school = (await repository.copies.organisations([held.school], tx)).get(held.school)
    if school is None or school.kind != "school":
        raise BadInput.field("school", "no such school")
    request.who.scope.must_cover(*school.place, school_class=whole.name)
    found = await repository.copies.of_class(held.school, whole.name, held.season, tx)
    if not found:
        raise BadInput.field("class", "has no pupils in this season")
    if len(found) > MOST_PUPILS:
        detail = f"the class has more than {MOST_PUPILS} pupils: name those who were there"
        raise Conflict.about("class", detail, "too-many-pupils")
    if not set(found).issuperset(whole.absent):
        raise BadInput.field("absent", "names somebody who is not in the class")
    return [id for id in found if id not in set(whole.absent)]


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A lesson that is taken back, for the pupils who are named or all, and by whom."""

    lesson: str
    reason: str
    participants: Sequence[str] | None
    occurred_at: datetime | None
    who: Principal
    now: datetime


async def revoke(repository: Repository, said: Withdrawal) -> Told:
    """Takes a lesson back, now or before; raises NotFound where nobody in the scope was in it."""
    found = await repository.lessons.pupils(said.lesson)
    if not found:
        raise NotFound(NO_LESSON)
    season, by = found[0][1], acting()

    async def body(tx: Transaction) -> Told:
        named = [*found, *((id, season) for id in said.participants or ())]
        states = await repository.states(named, tx)
        of = LessonRevocation(said.lesson, season, said.reason, said.occurred_at, said.who, said.now, by)
        mine = {states.pupils[id].id: id for id, _ in found if id in states.pupils and of.parts(states, id)}
        if not mine:
            raise NotFound(NO_LESSON)
        if said.participants is None:
            items = [Item("/participants", id, "participant") for id in sorted(mine.values())]
        else:
            items = [Item(f"/participants/{n}", id, "participant") for n, id in enumerate(said.participants)]
        outcomes = await aside(lambda: each(items, lambda id: of.revoke(states, id)), len(items))
        await repository.save_walks(states.paths.made, tx)
        return Told(said.lesson, [item.value for item in items], outcomes)

    return await repository.transact(body)
