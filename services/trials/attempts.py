"""Use case: pupils complete diagnostics, a class at a time or one by one; classes that wait share a transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from services.trials import domain
from services.trials.catalogue import Season
from services.trials.copies import Participant
from services.trials.domain import Paths
from services.trials.gate import NewId
from services.trials.instruments import Attempt, AttemptCommand, Instrument, attempt_key
from services.trials.path import Path, path_id
from services.trials.refusals import conflict
from services.trials.repository import Store
from services.trials.results import Done, Result, result
from services.trials.scope import Desk
from shared.base.errors import BadInput
from shared.base.side_thread import aside
from shared.identity.acting import Actor, acting
from shared.identity.principal import Principal
from shared.storage.mongo import Transaction


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt as it stands in the body at pointer `at`, or why it cannot be read."""

    at: str
    command: AttemptCommand | BadInput


@dataclass(frozen=True, slots=True)
class Sitting:
    """Attempts decided one after the other, each seeing those before it."""

    pupils: Mapping[str, Participant]
    zones: Mapping[str, tzinfo]
    paths: Paths
    seasons: dict[str, Season]
    instruments: dict[str, Instrument]
    known: dict[str, Attempt]
    new_id: NewId
    added: list[Attempt] = field(default_factory=list)

    def take(self, command: AttemptCommand, desk: Desk, at: str) -> Done[Attempt]:
        """Scores an attempt and takes the step on the pupil's path; the same ref again is the same attempt."""
        pupil = desk.pupil(command.participant, f"{at}/participant")
        season, instrument = self._required(command, at)
        answers = instrument.encode(command.answers, f"{at}/answers")
        path = self.paths.of(pupil.id, season.id)
        key = attempt_key(path.id, path.spelling_of(command.ref))
        known = self.known.get(key)
        if known is not None:
            if (known.diagnostic, known.answers) != (command.diagnostic, answers):
                raise conflict("ref-reused", f"{at}/ref", "this ref names another attempt of the pupil")
            return Done(known, new=False)
        if not path.may_attempt(command.diagnostic):
            raise conflict("too-many-attempts", f"{at}/participant", "the pupil has taken the diagnostic often enough")
        time = desk.time(pupil, command.occurred_at, f"{at}/occurred_at")
        domain.must_lie_in(season, time, f"{at}/occurred_at" if command.occurred_at else f"{at}/season")
        domain.must_take_part(pupil, season, time, time, desk.now, f"{at}/participant")
        attempt = Attempt(
            path=path.id,
            ref=command.ref,
            id=self.new_id(),
            diagnostic=command.diagnostic,
            answers=answers,
            profile=instrument.score(answers),
            time=time,
            by=desk.by,
        )
        self.paths.take(domain.complete(path, pupil, season, attempt, self.new_id), desk.by)
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


@dataclass(frozen=True, slots=True)
class Attempts:
    """One request: attempts in the order sent, by whom and when."""

    sent: Sequence[Sent]
    who: Principal
    now: datetime
    by: Actor | None = field(default_factory=acting)

    @property
    def commands(self) -> list[AttemptCommand]:
        """Those that can be read."""
        return [item.command for item in self.sent if not isinstance(item.command, BadInput)]


async def take_attempts(store: Store, group: Sequence[Attempts], new_id: NewId) -> list[list[Result[Attempt]]]:
    """Each request's results in the order sent, all in one transaction. What is refused writes nothing."""
    commands = [command for request in group for command in request.commands]

    async def body(tx: Transaction) -> list[list[Result[Attempt]]]:
        sitting = await _sitting(store, commands, new_id, tx)
        results = await aside(lambda: [_take_all(sitting, request) for request in group], len(commands))
        await store.paths.save(sitting.paths.decisions, tx)
        await store.add_attempts(sitting.added, tx)
        instruments = {attempt.diagnostic for attempt in sitting.added}
        await store.mark_used({code for code in instruments if not sitting.instruments[code].used}, tx)
        return results

    if not commands:
        return [[item.command for item in request.sent if isinstance(item.command, BadInput)] for request in group]
    return await store.transact(body)


def _take_all(sitting: Sitting, request: Attempts) -> list[Result[Attempt]]:
    desk = Desk(request.who, request.now, sitting.pupils, sitting.zones, request.by)
    return [_take(sitting, desk, item) for item in request.sent]


def _take(sitting: Sitting, desk: Desk, item: Sent) -> Result[Attempt]:
    command = item.command
    return command if isinstance(command, BadInput) else result(lambda: sitting.take(command, desk, item.at))


async def _sitting(store: Store, commands: Sequence[AttemptCommand], new_id: NewId, tx: Transaction) -> Sitting:
    pupils = await store.participants((c.participant for c in commands), tx)
    paths = await store.paths.load((path_id(c.participant, c.season) for c in commands), tx)
    known = ((path, path.spelling_of(c.ref)) for c in commands if (path := _path(paths, c)))
    sent_again = [attempt_key(path.id, ref) for path, ref in known if ref in path.attempts]
    return Sitting(
        pupils=pupils,
        zones=await store.zones(pupil.region for pupil in pupils.values()),
        paths=Paths(paths),
        seasons=await store.rules((c.season for c in commands), tx),
        instruments=await store.instruments((c.diagnostic for c in commands), tx),
        known=await store.attempts(sent_again, tx),
        new_id=new_id,
    )


def _path(paths: Mapping[str, Path], command: AttemptCommand) -> Path | None:
    return paths.get(path_id(command.participant, command.season))
