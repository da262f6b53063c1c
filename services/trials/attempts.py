"""Use case: pupils complete diagnostics, a class at a time or one by one, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.trials import domain
from services.trials.catalogue import Season
from services.trials.domain import Paths
from services.trials.gate import NewId
from services.trials.instruments import Attempt, AttemptCommand, Instrument, attempt_key
from services.trials.path import Path, path_id
from services.trials.refusals import conflict
from services.trials.repository import Store
from services.trials.results import Done, Result, result
from services.trials.scope import Desk
from shared.auth import Principal
from shared.errors import BadInput
from shared.mongo import Transaction


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt as it stands in the body at pointer `at`, or why it cannot be read."""

    at: str
    command: AttemptCommand | BadInput


@dataclass(frozen=True, slots=True)
class Sitting:
    """Attempts decided one after the other, each seeing those before it."""

    desk: Desk
    paths: Paths
    seasons: dict[str, Season]
    instruments: dict[str, Instrument]
    known: dict[str, Attempt]
    new_id: NewId
    added: list[Attempt] = field(default_factory=list)

    def take(self, command: AttemptCommand, at: str) -> Done[Attempt]:
        """Scores an attempt and takes the step on the pupil's path; the same ref again is the same attempt."""
        pupil = self.desk.pupil(command.participant, f"{at}/participant")
        season, instrument = self._required(command, at)
        answers = instrument.encode(command.answers, f"{at}/answers")
        path = self.paths.of(pupil.id, season.id)
        key = attempt_key(path.id, command.ref)
        known = self.known.get(key)
        if known is not None:
            if (known.diagnostic, known.answers) != (command.diagnostic, answers):
                raise conflict("ref-reused", f"{at}/ref", "this ref names another attempt of the pupil")
            return Done(known, new=False)
        domain.must_take_part(pupil, season.id, self.desk.now, f"{at}/participant")
        time = self.desk.time(pupil, command.occurred_at, f"{at}/occurred_at")
        attempt = Attempt(
            path=path.id,
            ref=command.ref,
            id=self.new_id(),
            diagnostic=command.diagnostic,
            answers=answers,
            profile=instrument.score(answers),
            time=time,
        )
        self.paths.take(domain.complete(path, pupil, season, attempt, self.new_id))
        self.known[key] = attempt
        self.added.append(attempt)
        return Done(attempt, new=True)

    def _required(self, command: AttemptCommand, at: str) -> tuple[Season, Instrument]:
        season = self.seasons.get(command.season)
        if season is None:
            raise BadInput.field(f"{at}/season", "no such season")
        instrument = self.instruments.get(command.diagnostic)
        if instrument is None or command.diagnostic not in season.diagnostics:
            raise BadInput.field(f"{at}/diagnostic", "not a diagnostic of this season")
        return season, instrument


async def take_attempts(
    store: Store, sent: Sequence[Sent], who: Principal, now: datetime, new_id: NewId
) -> list[Result[Attempt]]:
    """The results in the order sent. Where none can be read or all are refused, nothing is written."""
    commands = [item.command for item in sent if not isinstance(item.command, BadInput)]

    async def body(tx: Transaction) -> list[Result[Attempt]]:
        sitting = await _sitting(store, commands, who, now, new_id, tx)
        results = [_take(sitting, item) for item in sent]
        await store.paths.save(sitting.paths.decisions, tx)
        await store.add_attempts(sitting.added, tx)
        instruments = {attempt.diagnostic for attempt in sitting.added}
        await store.mark_used({code for code in instruments if not sitting.instruments[code].used}, tx)
        return results

    if not commands:
        return [item.command for item in sent if isinstance(item.command, BadInput)]
    return await store.transact(body)


def _take(sitting: Sitting, item: Sent) -> Result[Attempt]:
    command = item.command
    return command if isinstance(command, BadInput) else result(lambda: sitting.take(command, item.at))


async def _sitting(
    store: Store, commands: Sequence[AttemptCommand], who: Principal, now: datetime, new_id: NewId, tx: Transaction
) -> Sitting:
    pupils = await store.participants((c.participant for c in commands), tx)
    paths = await store.paths.load((path_id(c.participant, c.season) for c in commands), tx)
    sent_again = [attempt_key(path.id, c.ref) for c in commands if (path := _path(paths, c)) and c.ref in path.attempts]
    return Sitting(
        desk=Desk(who, now, pupils, await store.zones(pupil.region for pupil in pupils.values())),
        paths=Paths(paths),
        seasons=await store.rules((c.season for c in commands), tx),
        instruments=await store.instruments((c.diagnostic for c in commands), tx),
        known=await store.attempts(sent_again, tx),
        new_id=new_id,
    )


def _path(paths: Mapping[str, Path], command: AttemptCommand) -> Path | None:
    return paths.get(path_id(command.participant, command.season))
