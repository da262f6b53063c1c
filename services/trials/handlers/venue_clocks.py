"""The clocks of venues, and the instants within which days lie on any of them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from services.trials.domain.path.caller import known_zone
from services.trials.domain.timetable.slots import Slot
from services.trials.repository import Repository
from shared.storage.mongo import Transaction

WIDEST = timedelta(hours=15)
"""No clock is further from UTC: so a day anywhere lies within."""


def around(first: date, last: date) -> tuple[datetime, datetime]:
    """Returns the begin and the end of a time in which some days lie on every clock, both days included."""
    return datetime.combine(first, time(), UTC) - WIDEST, datetime.combine(last, time(), UTC) + timedelta(
        days=1
    ) + WIDEST


async def clocks_of(repository: Repository, slots: Sequence[Slot], tx: Transaction) -> Mapping[str, tzinfo]:
    """Returns the clock of each venue of some slots."""
    venues = await repository.venues.load({slot.venue for slot in slots}, tx)
    clocks = await repository.copies.register.clocks({venue.region for venue in venues.values()})
    return {id: known_zone(clocks, venue.region, venue.municipality) for id, venue in venues.items()}
