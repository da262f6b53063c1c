"""Use case: a school says which adult goes along with a class."""

from datetime import datetime

from services.registration.domain.organisations import known_school
from services.registration.domain.trips import MOST_TRIPS, Accompanying, Trip, TripAsked
from services.registration.repository import Repository
from services.registration.trips import Trips
from shared.base.errors import BadInput, Conflict
from shared.identity.principal import Principal
from shared.programme.moments import happened_at, zone
from shared.storage.mongo import Transaction


async def accompany(
    repository: Repository, trips: Trips, asked: TripAsked, said: Accompanying, who: Principal, now: datetime
) -> Trip:
    """Names the adult of a trip, in the place of whoever was named before.

    Raises NotFound for no school, Forbidden for who does not reach the class, BadInput for an account that never acted
    for the school, Conflict where the venue has no slot on that day, and after too many trips.
    """
    trip = Trip.new(asked, said)

    async def body(tx: Transaction) -> Trip:
        found = (await repository.organisations.load([asked.school], tx)).get(asked.school)
        school = known_school(found, asked.school, "code")
        who.scope.must_cover(*school.place, school_class=asked.name)
        happened_at(said.occurred_at, now, zone(school.utc_offset))
        if not await repository.copies.held(asked.venue, asked.day, await repository.clocks.known()):
            raise Conflict.about("day", "the venue has no slot on this day", "no-slots")
        if said.account is not None:
            seen = await repository.staff.seen(said.account, tx)
            if not any(presence.organisation == school.id for presence in seen):
                raise BadInput.field("account", "has not acted for this school")
        if not await trips.is_known(trip.id, tx) and await trips.count(school.id, tx) >= MOST_TRIPS:
            raise Conflict(f"{MOST_TRIPS} trips of the school are kept already", slug="too-many-trips")
        await trips.put(trip, {} if said.name is None else {"name": said.name}, tx)
        return trip

    return await repository.transact(body)
