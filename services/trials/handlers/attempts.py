"""Use case: pupils complete diagnostics, a class at a time or one by one; requests that wait share a transaction."""

from collections.abc import Sequence
from functools import partial

from services.trials.domain.catalogue.diagnostics import Attempt, AttemptCommand
from services.trials.domain.path.caller import Caller, Taken
from services.trials.domain.testing.attempts import AttemptBatch
from services.trials.domain.testing.drafts import draft_keys
from services.trials.repository import Repository
from shared.base.errors import BadInput
from shared.base.side_thread import aside
from shared.http.batch import Outcome, Request, each
from shared.storage.decision import NewId
from shared.storage.group_commit import GroupCommit
from shared.storage.mongo import Transaction


class AttemptRequest(Request[AttemptCommand]):
    """Attempts of pupils, in the order sent."""


def queue(repository: Repository, new_id: NewId) -> GroupCommit[AttemptRequest, list[Outcome[Taken[Attempt]]]]:
    """Returns the queue of attempts: those that come while a transaction is under way share the next one."""
    return GroupCommit(partial(take, repository, new_id=new_id), weigh=lambda request: len(request.items))


async def take(
    repository: Repository, requests: Sequence[AttemptRequest], new_id: NewId
) -> list[list[Outcome[Taken[Attempt]]]]:
    """Returns each request's outcomes in the order sent, all of one transaction; what is refused writes nothing."""
    commands = [command for request in requests for command in request.values]
    if not commands:
        return [[item.value for item in request.items if isinstance(item.value, BadInput)] for request in requests]

    async def body(tx: Transaction) -> list[list[Outcome[Taken[Attempt]]]]:
        batch = await _load(repository, commands, new_id, tx)
        outcomes = await aside(lambda: [_serve(batch, request) for request in requests], len(commands))
        await repository.save_walks(batch.states.paths.made, tx)
        await repository.attempts.add(batch.added, tx)
        await repository.drafts.destroy(batch.finished, tx)
        await repository.mark_used(batch.newly_used, tx)
        return outcomes

    return await repository.transact(body)


async def _load(
    repository: Repository, commands: Sequence[AttemptCommand], new_id: NewId, tx: Transaction
) -> AttemptBatch:
    named = [(command.participant, command.season) for command in commands]
    states = await repository.states(named, tx)
    sitting = ((pupil.id, c) for c in commands if (pupil := states.pupils.get(c.participant)) is not None)
    drafted = [key for id, c in sitting for key in draft_keys(states.entries[id], c.season, c.diagnostic)]
    met = ((path, c) for c in commands if (path := states.path_of(c.participant, c.season)))
    return AttemptBatch(
        states=states,
        instruments=await repository.instruments((c.diagnostic for c in commands), tx),
        known=await repository.attempts.load((key for path, c in met for key in path.keys_of(c.ref)), tx),
        drafts=await repository.drafts.load(drafted, tx),
        gates=await repository.advice.gates(states.seasons, states.paths, new_id, tx),
        tally=await repository.repeats.tally(states.numbered(named), tx),
        new_id=new_id,
    )


def _serve(batch: AttemptBatch, request: AttemptRequest) -> list[Outcome[Taken[Attempt]]]:
    caller = Caller(request.who, request.now, batch.states.pupils, batch.states.zones, request.by)
    return each(request.items, lambda command: batch.take(command, caller))
