"""Use case: a consent changed, a pupil was archived, or entries were merged or parted, and the pupil's paths follow."""

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from services.trials.copies.joining import joined
from services.trials.copies.participants import Participant
from services.trials.domain import steps
from services.trials.domain.paths import NewId
from services.trials.domain.steps import SeasonGate
from services.trials.repository import Repository
from shared.identity.acting import Actor
from shared.storage.mongo import Transaction

FOLLOWING = Actor(None, ("service",), "trials.participants.2")


async def follow(repository: Repository, changed: Collection[Participant], new_id: NewId, tx: Transaction) -> None:
    """Frees seats, issues and withdraws recommendations in the transaction that learns what led to it.

    Whoever named another entry takes part with all that it names, and the rows of all are written: a worker that
    learns of another one of them at the same time comes second, and sees what this one learned.
    """
    ids = {pupil.id for pupil in changed}
    entries = await repository.copies.entries(ids, tx)
    named = {word.other for entry in entries.values() for word in entry.mergings}
    await repository.copies.fence((entries.keys() | named) - ids, tx)
    pupils = {one.pupil.id: one for one in joined(entries, entries).values()}
    walked = [(one, season) for one in pupils.values() for season in one.seasons]
    await repository.hold_paths(walked, tx)
    paths = await repository.walks(walked, tx)
    seasons = await repository.rules({path.season for path in paths}, tx)
    gates = {code: SeasonGate(season, new_id) for code, season in seasons.items()}
    followed = (steps.follow(path, pupils[path.participant], gates[path.season]) for path in paths)
    decisions = [replace(decision, by=FOLLOWING) for decision in followed]
    # Not by events: what is told once more for a duplicate freed its seat when the survivor's event was told.
    taken = Counter[str]()
    for path, decision in zip(paths, decisions, strict=True):
        taken.update(decision.state.seats)
        taken.subtract(path.seats)
    await repository.count_seats(taken, tx)
    await repository.save_walks(decisions, tx)
