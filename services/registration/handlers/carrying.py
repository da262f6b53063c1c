"""Pupils are brought along with their school in bounded transactions; what is broken off can be gone on with."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from services.registration.domain.organisations import Organisation
from services.registration.domain.participants import NO_KEY, Participant
from services.registration.domain.school_keys import Pupils
from services.registration.domain.succession import taken_along
from services.registration.repository import Repository
from shared.base.side_thread import aside, paced
from shared.identity.acting import about
from shared.storage.decision import Decision
from shared.storage.mongo import Transaction

CHUNK = 250
"""Pupils of one transaction."""
MOST_PUPILS = 5_000
"""Of one command; the same command again goes on behind them."""


@dataclass(frozen=True, slots=True)
class Carried:
    """The pupils whom a command has brought along."""

    pupils: int = 0
    """Those for whom something changed."""
    rekeyed: int = 0
    """Those of them who got another key, since somebody has theirs in the next school."""
    looked_at: int = 0
    done: bool = True
    """False where some are left."""

    def and_then(self, other: "Carried") -> "Carried":
        """Both together."""
        return Carried(
            self.pupils + other.pupils,
            self.rekeyed + other.rekeyed,
            self.looked_at + other.looked_at,
            self.done and other.done,
        )


async def carry(repository: Repository, code: str, now: datetime, most: int = MOST_PUPILS) -> Carried:
    """Brings the pupils of a school along where it went, in the order of their ids, and remembers how far it came.

    Of two who do this at once each brings a part. Whoever is entered meanwhile follows by `catch_up`.
    """
    await repository.transact(partial(_take_questions, repository, code))
    ids = await repository.residents.of_school(code)
    carried = Carried()
    while carried.looked_at < most:
        step = await repository.transact(partial(_step, repository, code, ids, now))
        if step is None:
            return carried
        carried = carried.and_then(step)
    return replace(carried, done=False)


async def _take_questions(repository: Repository, code: str, tx: Transaction) -> None:
    """Sees that what a school is asked, and what it asks for, is answered where the school lies by now."""
    school = (await repository.organisations.load([code], tx))[code]
    await repository.transfers.follow(school, tx)
    await repository.requests.follow(school, tx)


async def _step(
    repository: Repository, code: str, ids: Sequence[str], now: datetime, tx: Transaction
) -> Carried | None:
    """Brings the next pupils along; None where nobody is left."""
    school = (await repository.organisations.load([code], tx))[code]
    if school.carried is None:
        return None
    begin = bisect_right(ids, school.carried)
    chunk = ids[begin : begin + CHUNK]
    carried = await _bring(repository, school, chunk, now, tx) if chunk else None
    state = school.model_copy(update={"carried": chunk[-1] if chunk else None})
    await repository.organisations.save([Decision(state, quiet=True)], tx)
    return carried


async def catch_up(
    repository: Repository, schools: Iterable[Organisation], pupils: Sequence[str], now: datetime
) -> None:
    """Brings pupils along who were placed in schools, as these were then, while they went elsewhere.

    Whoever places pupils reads the school, and writes nothing that the command reads which takes it elsewhere: so both
    may commit, and the later of them looks again.
    """
    before = {school.id: school for school in schools}
    newest = await repository.organisations.load(before)
    for code, school in newest.items():
        if (school.parents, school.closed) != (before[code].parents, before[code].closed):
            for begin in range(0, len(pupils), CHUNK):
                chunk = pupils[begin : begin + CHUNK]
                await repository.transact(partial(_bring, repository, school, chunk, now))


async def _bring(
    repository: Repository, school: Organisation, ids: Sequence[str], now: datetime, tx: Transaction
) -> Carried:
    """Brings some pupils along with a school."""
    chain = await _chain(repository, school, tx)
    pupils = list((await repository.participants.entries(ids, tx)).values())
    known = Pupils([*await _holders(repository, pupils, chain, tx), *pupils])
    decisions = await aside(lambda: [taken_along(known, pupil, chain) for pupil in paced(pupils)], len(pupils))
    await repository.participants.save(decisions, tx)
    before = {pupil.id: pupil for pupil in pupils}
    came = [d.state for d in decisions if d.state.place.school != before[d.state.id].place.school]
    await repository.transfers.overtake([state.id for state in came], now, tx)
    about(decision.state.id for decision in decisions if decision.made)
    rekeyed = sum(state.external_ref != before[state.id].external_ref for state in came)
    return Carried(sum(decision.made for decision in decisions), rekeyed, len(ids))


async def _chain(repository: Repository, school: Organisation, tx: Transaction) -> list[Organisation]:
    """A school, and those that went on one in the place of the other."""
    chain = [school]
    while (closed := chain[-1].closed) is not None and closed.into is not None:
        chain += (await repository.organisations.load([closed.into], tx)).values()
    return chain


async def _holders(
    repository: Repository, pupils: Sequence[Participant], chain: Sequence[Organisation], tx: Transaction
) -> list[Participant]:
    """The pupils of the next school under the keys that these have, or may get there."""
    keys = [
        (school.id, key)
        for school in chain[1:]
        for pupil in pupils
        if not pupil.external_ref.startswith(NO_KEY)
        for key in (pupil.external_ref, f"{pupil.place.school}/{pupil.external_ref}")
    ]
    return await repository.pupils(keys, tx)
