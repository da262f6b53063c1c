"""Use cases: the needs of a pupil are stated, and taken back."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.trials.copies.joining import Joined
from services.trials.domain.path.caller import Caller, is_staff_of
from services.trials.domain.seats import statements
from services.trials.domain.seats.statements import NeedsCommand, Statement
from services.trials.repository import Repository
from shared.identity.acting import about, acting
from shared.identity.principal import Principal
from shared.storage.mongo import Transaction


@dataclass(frozen=True, slots=True)
class NeedsOf:
    """A pupil, by any of the entries, and who asks when."""

    participant: str
    who: Principal
    now: datetime


async def state(repository: Repository, of: NeedsOf, command: NeedsCommand) -> Statement:
    """States needs; returns the statement that holds. The same again, or one made earlier, changes nothing.

    What is learned of the pupil meanwhile, as of a consent withdrawn, conflicts with it.
    """

    async def body(tx: Transaction) -> Statement:
        joined, caller = await _pupil(repository, of, tx)
        time = caller.time(joined.pupil, command.occurred_at)
        said = statements.state(joined, command, is_staff_of(of.who, joined.pupil), time, of.now)
        known = await repository.statements.load(joined.ids, tx)
        held = statements.in_force(joined, known, of.now)
        if held is not None and (held.time > time or _same(held, said)):
            return held
        await repository.copies.hold(joined.ids, tx)
        await repository.statements.put(replace(said, by=acting()), tx)
        return said

    return await repository.transact(body)


async def take_back(repository: Repository, of: NeedsOf) -> str:
    """Destroys what was stated of all entries; returns the pupil's id. Where nothing was stated, it changes nothing."""

    async def body(tx: Transaction) -> str:
        joined, _ = await _pupil(repository, of, tx)
        await repository.statements.destroy(joined.ids, tx)
        return joined.pupil.id

    return await repository.transact(body)


async def _pupil(repository: Repository, of: NeedsOf, tx: Transaction) -> tuple[Joined, Caller]:
    found = await repository.copies.joined([of.participant], tx)
    pupils = {id: joined.pupil for id, joined in found.items()}
    zones = await repository.copies.register.clocks(pupil.region for pupil in pupils.values())
    caller = Caller(of.who, of.now, pupils, zones)
    about([caller.pupil(of.participant).id])
    return found[of.participant], caller


def _same(held: Statement, said: Statement) -> bool:
    return set(held.needs) == set(said.needs) and (held.template, held.register_number) == (
        said.template,
        said.register_number,
    )
