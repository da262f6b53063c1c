"""The claims of paths to quotas, settled where no step leads to it: after an erasure, and in a restored database."""

from collections.abc import Collection
from functools import partial

from services.trials.copies.joining import Joined
from services.trials.repository import Repository, Walked
from shared.storage.decision import Decision
from shared.storage.mongo import Transaction

AT_ONCE = 100
"""Paths of one transaction."""


async def release(repository: Repository, joined: Joined, id: str, tx: Transaction) -> None:
    """Lets an erased entry of a pupil hold nothing that it did not attend."""
    await repository.ledger.mark_erased(id, tx)
    await _settle(repository, [(joined, season) for season in joined.seasons], tx)


async def recount(repository: Repository) -> None:
    """Lets each path hold what it does by its bookings and attendances, once all is known of their pupils."""
    after = ""
    while found := await repository.ledger.booked_after(after, AT_ONCE):
        await repository.transact(partial(_recount, repository, found))
        after = "/".join(found[-1])


async def _recount(repository: Repository, found: Collection[tuple[str, str]], tx: Transaction) -> None:
    pupils = await repository.copies.joined((id for id, _ in found), tx)
    known = [(pupils[id], season) for id, season in found if id in pupils]
    await _settle(repository, list({(one.pupil.id, season): (one, season) for one, season in known}.values()), tx)


async def _settle(repository: Repository, walked: Collection[Walked], tx: Transaction) -> None:
    """Stores what changed, as of nobody: who changed a path last stays."""
    decisions = [Decision(path) for path in await repository.walks(walked, tx)]
    settled = [decision.state for decision in await repository.ledger.settled(decisions, tx) if decision.made]
    await repository.paths.restore([entry for path in settled for entry in path.entries if entry.bookings], tx)
