"""Lines of a restored database: a duplicate's place ends with the seat of which its survivor's events tell."""

from collections.abc import Sequence
from functools import partial

from services.trials.copies.joining import Joined
from services.trials.domain.path.paths import Path
from services.trials.domain.seats.waiting import Waiter
from services.trials.repository import Repository
from shared.storage.mongo import Transaction

AT_ONCE = 100
"""Places of one transaction."""


async def end_places(repository: Repository) -> None:
    """Ends the places of duplicates whose pupils were given seats since, once all is known of mergings.

    While anybody waits nobody else books: what a survivor has booked since the merging was given along the line.
    """
    after = ""
    while found := await repository.lines.waiting_after(after, AT_ONCE):
        await repository.transact(partial(_end, repository, found))
        after = found[-1].id


async def _end(repository: Repository, found: Sequence[Waiter], tx: Transaction) -> None:
    pupils = await repository.copies.joined({place.participant for place in found}, tx)
    known = [(place, pupils[place.participant]) for place in found if place.participant in pupils]
    merged = [(place, one) for place, one in known if place.participant != one.pupil.id]
    walked = {(one.pupil.id, place.season): (one, place.season) for place, one in merged}
    paths = {(path.participant, path.season): path for path in await repository.walks([*walked.values()], tx)}
    seats = {
        place.id: seat
        for place, one in merged
        if (path := paths.get((one.pupil.id, place.season))) and (seat := _seat(place, one, path)) is not None
    }
    await repository.lines.were_seated(seats, tx)


def _seat(place: Waiter, joined: Joined, path: Path) -> str | None:
    """Returns the booking in the slot that was made since the entry that waits was merged."""
    entry = next(one for one in joined.duplicates if one.id == place.participant)
    merged_at = min(word.time for word in entry.mergings if word.merged)
    booked = (one for one in path.all_bookings if one.slot == place.slot and one.time >= merged_at)
    return next((one.id for one in booked), None)
