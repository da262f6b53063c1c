"""Use cases: a pupil's answers so far are saved, and given up."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.trials.domain.catalogue.instruments import Instrument
from services.trials.domain.path.caller import Caller, is_staff_of, must_take_part
from services.trials.domain.path.paths import path_id
from services.trials.domain.testing import drafts
from services.trials.domain.testing.drafts import Draft, DraftCommand, draft_keys
from services.trials.repository import Repository
from shared.base.errors import Conflict
from shared.identity.acting import about, acting
from shared.identity.principal import Principal
from shared.storage.mongo import Transaction


@dataclass(frozen=True, slots=True)
class DraftOf:
    """A pupil's draft: any of the entries, a season, and one of its diagnostics."""

    participant: str
    season: str
    diagnostic: str


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """A draft with the instrument that it answers, and whose it is."""

    draft: Draft
    instrument: Instrument
    participant: str


async def save(repository: Repository, of: DraftOf, command: DraftCommand, who: Principal, now: datetime) -> SavedDraft:
    """Saves answers; what is learned of the pupil meanwhile, as of a consent withdrawn, conflicts with it."""

    async def body(tx: Transaction) -> SavedDraft:
        states = await repository.states([(of.participant, of.season)], tx)
        caller = Caller(who, now, states.pupils, states.zones)
        pupil = caller.pupil(of.participant)
        about([pupil.id])
        season, instrument = states.asked(of.season, of.diagnostic, await repository.instruments([of.diagnostic], tx))
        season.must_be_open("season")
        time = caller.time(pupil, command.occurred_at)
        season.must_take("diagnostics", time, "occurred_at" if command.occurred_at else "season")
        must_take_part(pupil, season, time, time, now)
        entries = states.entries[pupil.id]
        tally = await repository.repeats.tally(states.numbered([(of.participant, season.id)]), tx)
        tally.must_allow(season, entries, instrument.code, season.round_of(time))
        keys = draft_keys(entries, season.id, instrument.code)
        found = await repository.drafts.load(keys, tx)
        known = [found[key] for key in keys if key in found]
        saved = replace(drafts.save(known, path_id(pupil.id, season.id), instrument, command, time), by=acting())
        await repository.copies.hold(entries, tx)
        await repository.drafts.put(saved, tx)
        whole = drafts.joined_draft([saved, *(one for one in known if one.key != saved.key)])
        return SavedDraft(whole or saved, instrument, pupil.id)

    return await repository.transact(body)


async def give_up(repository: Repository, of: DraftOf, who: Principal, now: datetime) -> str:
    """Destroys a draft; returns the pupil's id. Where time is running, only staff allow to begin anew."""

    async def body(tx: Transaction) -> str:
        states = await repository.states([(of.participant, of.season)], tx)
        pupil = Caller(who, now, states.pupils, states.zones).pupil(of.participant)
        about([pupil.id])
        found = await repository.drafts.load(draft_keys(states.entries[pupil.id], of.season, of.diagnostic), tx)
        instrument = (await repository.instruments([of.diagnostic], tx)).get(of.diagnostic)
        if found and instrument and instrument.minutes and not is_staff_of(who, pupil):
            detail = "the time is running; your teacher can let you begin anew"
            raise Conflict.about("diagnostic", detail, "time-limited")
        await repository.drafts.destroy(found, tx)
        return pupil.id

    return await repository.transact(body)
