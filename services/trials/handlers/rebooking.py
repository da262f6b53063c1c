"""Use case: the bookings of a slot that was moved or called off follow it, in bounded transactions."""

from dataclasses import dataclass
from functools import partial

from services.trials.domain.path.path_parts import latest_answer
from services.trials.domain.path.paths import Paths
from services.trials.domain.seats.rebooking import rebooked
from services.trials.repository import Repository
from shared.base.side_thread import aside, paced
from shared.identity.acting import about
from shared.storage.mongo import Transaction

CHUNK = 250
"""Paths of one transaction."""
MOST = 2_000
"""Of one command; the others follow by themselves."""


@dataclass(frozen=True, slots=True)
class Followed:
    """The bookings that have followed a slot."""

    moved: int = 0
    cancelled: int = 0
    looked_at: int = 0
    """Paths."""
    done: bool = False
    """True where none is left."""

    def and_then(self, other: "Followed") -> "Followed":
        """Returns both together."""
        return Followed(
            self.moved + other.moved,
            self.cancelled + other.cancelled,
            self.looked_at + other.looked_at,
            other.done,
        )


async def follow_slot(repository: Repository, slot: str, most: int = MOST) -> Followed:
    """Lets the bookings of a slot follow it, in the order of their paths' ids, and remembers how far that came.

    Of two who do this at once each does a part. Whoever books meanwhile sees the slot as it is.
    """
    followed = Followed()
    while not followed.done and followed.looked_at < most:
        followed = followed.and_then(await repository.transact(partial(_step, repository, slot)))
    return followed


async def _step(repository: Repository, id: str, tx: Transaction) -> Followed:
    slot = (await repository.slots.load([id], tx))[id]
    if slot.following is None:
        return Followed(done=True)
    holders = await repository.timetable.holders(id, slot.following, CHUNK, tx)
    pupils = await repository.copies.joined((holder.participant for holder in holders), tx)
    held = [(pupils[holder.participant], holder.season) for holder in holders if holder.participant in pupils]
    walked = {(joined.pupil.id, season): (joined, season) for joined, season in held}
    beside = await repository.beside(walked.values(), tx)
    known = Paths(await repository.walks([*walked.values(), *beside], tx))
    by_id = {joined.pupil.id: joined for joined, _ in walked.values()}
    paths = [known.of(id, season, by_id[id].pupil.seasons) for id, season in walked]
    decisions = await aside(
        lambda: [rebooked(path, by_id[path.participant], slot) for path in paced(paths)], len(paths)
    )
    freed = sum(path.seats[id] - decision.state.seats[id] for path, decision in zip(paths, decisions, strict=True))
    await repository.save_walks(decisions, tx)
    if slot.moved_at is not None:
        await repository.lines.hasten(id, latest_answer(slot.moved_at, slot.starts_at), tx)
    done = len(holders) < CHUNK
    await repository.timetable.advance(id, None if done else holders[-1].id, freed, tx)
    about(decision.state.participant for decision in decisions if decision.made)
    told = sum(len(decision.happened) for decision in decisions)
    return Followed(told - freed, freed, len(holders), done)
