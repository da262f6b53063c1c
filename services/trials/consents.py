"""Use case: a guardian's consent was withdrawn or given again, and the pupil's paths follow."""

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from services.trials import domain
from services.trials.copies import Participant
from services.trials.gate import NewId
from services.trials.path import path_id
from services.trials.repository import Store
from shared.contracts.trials import TrialCancelled
from shared.identity.acting import Actor
from shared.storage.mongo import Transaction

FOLLOWING = Actor(None, ("service",), "trials.participants")


async def follow(store: Store, pupils: Collection[Participant], new_id: NewId, tx: Transaction) -> None:
    """Frees seats and issues recommendations in the transaction that learns of the consents."""
    known = {path_id(pupil.id, season): pupil for pupil in pupils for season in pupil.seasons}
    await store.hold_paths(known, tx)
    paths = await store.paths.load(known, tx)
    seasons = await store.rules({path.season for path in paths.values()}, tx)
    followed = (domain.follow_consent(path, known[id], seasons[path.season], new_id) for id, path in paths.items())
    decisions = [replace(decision, by=FOLLOWING) for decision in followed]
    facts = (fact.event for decision in decisions for fact in decision.happened)
    freed = Counter(event.slot for event in facts if isinstance(event, TrialCancelled))
    await store.count_seats({slot: -seats for slot, seats in freed.items()}, tx)
    await store.paths.save(decisions, tx)
