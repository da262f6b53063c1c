"""Use case: a guardian's consent was withdrawn or given again, and the pupil's paths follow."""

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from services.trials.copies.participants import Participant
from services.trials.domain import steps
from services.trials.domain.paths import NewId, path_id
from services.trials.domain.steps import SeasonGate
from services.trials.repository import Repository
from shared.contracts.trials import TrialCancelled
from shared.identity.acting import Actor
from shared.storage.mongo import Transaction

FOLLOWING = Actor(None, ("service",), "trials.participants.2")


async def follow(repository: Repository, pupils: Collection[Participant], new_id: NewId, tx: Transaction) -> None:
    """Frees seats and issues recommendations in the transaction that learns of the consents."""
    known = {path_id(pupil.id, season): pupil for pupil in pupils for season in pupil.seasons}
    await repository.hold_paths(known, tx)
    paths = await repository.paths.load(known, tx)
    seasons = await repository.rules({path.season for path in paths.values()}, tx)
    gates = {code: SeasonGate(season, new_id) for code, season in seasons.items()}
    followed = (steps.follow_consent(path, known[id], gates[path.season]) for id, path in paths.items())
    decisions = [replace(decision, by=FOLLOWING) for decision in followed]
    facts = (fact.event for decision in decisions for fact in decision.happened)
    freed = Counter(event.slot for event in facts if isinstance(event, TrialCancelled))
    await repository.count_seats({slot: -seats for slot, seats in freed.items()}, tx)
    await repository.paths.save(decisions, tx)
