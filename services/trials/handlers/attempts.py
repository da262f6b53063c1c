"""Use case: pupils complete diagnostics, a class at a time or one by one; requests that wait share a transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from services.trials.domain import steps
from services.trials.domain.caller import Caller, must_take_part
from services.trials.domain.diagnostics import Attempt, AttemptCommand, Instrument, attempt_key
from services.trials.domain.paths import NewId, SeasonGate, path_id
from services.trials.domain.seasons import Season
from services.trials.handlers.loading import Loaded, load
from services.trials.repository import Repository
from shared.base.errors import BadInput, Conflict
from shared.base.side_thread import aside
from shared.http.batch import Done, Outcome, Request, each
from shared.storage.group_commit import GroupCommit
from shared.storage.mongo import Transaction


class AttemptRequest(Request[AttemptCommand]):
    """Attempts of pupils, in the order sent."""


def queue(repository: Repository, new_id: NewId) -> GroupCommit[AttemptRequest, list[Outcome[Attempt]]]:
    """Returns the queue of attempts: those that come while a transaction is under way share the next one."""
    return GroupCommit(partial(take, repository, new_id=new_id), weigh=lambda request: len(request.items))


async def take(
    repository: Repository, requests: Sequence[AttemptRequest], new_id: NewId
) -> list[list[Outcome[Attempt]]]:
    """Returns each request's outcomes in the order sent, all of one transaction; what is refused writes nothing."""
    commands = [command for request in requests for command in request.values]
    if not commands:
        return [[item.value for item in request.items if isinstance(item.value, BadInput)] for request in requests]

    async def body(tx: Transaction) -> list[list[Outcome[Attempt]]]:
        batch = await _load(repository, commands, new_id, tx)
        outcomes = await aside(lambda: [batch.serve(request) for request in requests], len(commands))
        await repository.paths.save(batch.loaded.paths.made, tx)
        await repository.add_attempts(batch.added, tx)
        await repository.mark_used(batch.newly_used, tx)
        return outcomes

    return await repository.transact(body)


async def _load(
    repository: Repository, commands: Sequence[AttemptCommand], new_id: NewId, tx: Transaction
) -> "AttemptBatch":
    loaded = await load(repository, [(c.participant, c.season) for c in commands], tx)
    met = ((path, c) for c in commands if (path := loaded.paths.get(path_id(c.participant, c.season))))
    refs = ((path, path.spelling_of(command.ref)) for path, command in met)
    return AttemptBatch(
        loaded=loaded,
        instruments=await repository.instruments((c.diagnostic for c in commands), tx),
        known=await repository.attempts([attempt_key(p.id, ref) for p, ref in refs if ref in p.attempts], tx),
        new_id=new_id,
    )


@dataclass(frozen=True, slots=True)
class AttemptBatch:
    """The states that attempts are decided upon, one after the other: each sees those before it."""

    loaded: Loaded
    instruments: Mapping[str, Instrument]
    known: dict[str, Attempt]
    """By natural key."""
    new_id: NewId
    added: list[Attempt] = field(default_factory=list)

    @property
    def newly_used(self) -> set[str]:
        """The codes of the instruments that had not been used before."""
        return {attempt.diagnostic for attempt in self.added if not self.instruments[attempt.diagnostic].used}

    def serve(self, request: AttemptRequest) -> list[Outcome[Attempt]]:
        """Returns what becomes of each attempt of a request."""
        caller = Caller(request.who, request.now, self.loaded.pupils, self.loaded.zones, request.by)
        return each(request.items, lambda command: self._take(command, caller))

    def _take(self, command: AttemptCommand, caller: Caller) -> Done[Attempt]:
        """Scores an attempt and takes the step on the pupil's path; the same ref again is the same attempt."""
        pupil = caller.pupil(command.participant)
        season, instrument = self._required(command)
        answers = instrument.encode(command.answers)
        path = self.loaded.paths.of(pupil.id, season.id)
        key = attempt_key(path.id, path.spelling_of(command.ref))
        known = self.known.get(key)
        if known is not None:
            if (known.diagnostic, known.answers) != (command.diagnostic, answers):
                raise Conflict.about("ref", "this ref names another attempt of the pupil", "ref-reused")
            return Done(known, new=False)
        if not path.may_attempt(command.diagnostic):
            detail = "the pupil has taken the diagnostic often enough"
            raise Conflict.about("participant", detail, "too-many-attempts")
        time = caller.time(pupil, command.occurred_at)
        season.must_contain(time, "occurred_at" if command.occurred_at else "season")
        must_take_part(pupil, season, time, time, caller.now)
        attempt = Attempt(
            path=path.id,
            ref=command.ref,
            id=self.new_id(),
            diagnostic=command.diagnostic,
            answers=answers,
            profile=instrument.score(answers),
            time=time,
            by=caller.by,
        )
        self.loaded.paths.take(steps.complete(path, pupil, attempt, SeasonGate(season, self.new_id)), caller.by)
        self.known[key] = attempt
        self.added.append(attempt)
        return Done(attempt, new=True)

    def _required(self, command: AttemptCommand) -> tuple[Season, Instrument]:
        season = self.loaded.seasons.get(command.season)
        if season is None:
            raise BadInput.field("season", "no such season")
        instrument = self.instruments.get(command.diagnostic)
        if instrument is None or command.diagnostic not in season.diagnostics:
            raise BadInput.field("diagnostic", "not a diagnostic of this season")
        return season, instrument
