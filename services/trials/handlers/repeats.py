"""Use case: the navigator gives a pupil leave to repeat a diagnostic."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.trials.domain.path.caller import Caller, must_take_part
from services.trials.domain.path.paths import path_id
from services.trials.domain.testing.repeats import RepeatCommand, Sitting
from services.trials.repository import Repository
from shared.identity.acting import about, acting
from shared.identity.principal import Principal
from shared.storage.mongo import Transaction


@dataclass(frozen=True, slots=True)
class GivenLeave:
    """A leave to repeat a diagnostic in a round; `new` where the pupil had no attempt left."""

    participant: str
    round: int
    new: bool


async def allow(
    repository: Repository, participant: str, command: RepeatCommand, who: Principal, now: datetime
) -> GivenLeave:
    """Allows one more attempt; where the pupil has one left, by the rules or an earlier leave, it changes nothing."""

    async def body(tx: Transaction) -> GivenLeave:
        states = await repository.states([(participant, command.season)], tx)
        caller = Caller(who, now, states.pupils, states.zones)
        pupil = caller.pupil(participant)
        about([pupil.id])
        instruments = await repository.instruments([command.diagnostic], tx)
        season, instrument = states.asked(command.season, command.diagnostic, instruments)
        season.must_be_open("season")
        time = caller.time(pupil, command.occurred_at)
        season.must_contain(time, "occurred_at" if command.occurred_at else "season")
        must_take_part(pupil, season, time, time, now)
        entries, round = states.entries[pupil.id], season.round_of(time)
        tally = await repository.repeats.tally(states.numbered([(participant, season.id)]), tx)
        if tally.may_attempt(season, entries, instrument.code, round):
            return GivenLeave(pupil.id, round, new=False)
        sitting = Sitting(path_id(pupil.id, season.id), instrument.code, round)
        leave = replace(tally.repeat(sitting, entries, command, time), by=acting())
        await repository.copies.hold(entries, tx)
        await repository.repeats.put(leave, tx)
        return GivenLeave(pupil.id, round, new=True)

    return await repository.transact(body)
