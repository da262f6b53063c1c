"""Use case: a consent changed, a pupil was archived, or entries were merged or parted, and the pupil's paths follow."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from services.trials.copies.joining import Joined, joined
from services.trials.copies.participants import Participant
from services.trials.domain.catalogue.diagnostics import attempt_key
from services.trials.domain.path import steps
from services.trials.domain.path.paths import Path, path_id
from services.trials.domain.seats import statements
from services.trials.domain.testing import drafts
from services.trials.repository import Repository
from shared.identity.acting import Actor
from shared.storage.decision import NewId
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
    gates = await repository.advice.gates(seasons, paths, new_id, tx)
    attempts = await repository.attempts.on([entry.id for path in _judged(paths, pupils) for entry in path.entries], tx)
    followed = (steps.follow(path, pupils[path.participant], gates.of(path.season), attempts) for path in paths)
    decisions = [replace(decision, by=FOLLOWING) for decision in followed]
    # Not by events: what is told once more for a duplicate freed its seat when the survivor's event was told.
    taken = Counter[str]()
    for path, decision in zip(paths, decisions, strict=True):
        taken.update(decision.state.seats)
        taken.subtract(path.seats)
    await repository.count_seats(taken, tx)
    await repository.save_walks(decisions, tx)
    states = (decision.state for decision in decisions)
    await repository.attempts.destroy(
        (key for before, after in zip(paths, states, strict=True) for key in _gone(before, after)), tx
    )
    await _drop_unconsented(repository, [one for one in pupils.values() if _may_lack_consent(one)], tx)


async def _drop_unconsented(repository: Repository, pupils: Collection[Joined], tx: Transaction) -> None:
    """Destroys drafts and statements that were made without consent or that none covers any more, and then words."""
    paths = {path_id(id, season): (id, one) for one in pupils for season in one.seasons for id in one.ids}
    found = await repository.drafts.on(paths, tx)
    gone = (draft.key for draft in found if drafts.has_lapsed(draft, *paths[draft.path]))
    await repository.drafts.destroy(gone, tx)
    unconsented = [path for path, (_, one) in paths.items() if not one.pupil.consent]
    await repository.reviews.destroy_on(unconsented, tx)
    entries = {id: one for one in pupils for id in one.ids}
    stated = await repository.statements.load(entries, tx)
    lapsed = [id for id, said in stated.items() if statements.has_lapsed(said, entries[id])]
    await repository.statements.destroy(lapsed, tx)


def _may_lack_consent(joined: Joined) -> bool:
    return any(any(entry.lapses) for entry in (joined.pupil, *joined.duplicates))


def _judged(paths: Iterable[Path], pupils: Mapping[str, Joined]) -> Iterator[Path]:
    """Yields the paths on which an attempt may have been without consent."""
    for path in paths:
        if _may_lack_consent(pupils[path.participant]):
            yield path


def _gone(before: Path, after: Path) -> Iterator[str]:
    """Yields the keys of the attempts that a path had, and has no more."""
    for old, new in zip(before.entries, after.entries, strict=True):
        left = set(new.attempts)
        yield from (attempt_key(old.id, ref) for ref in old.attempts if ref not in left)
