"""Reads of the needs of pupils: for the family and the teacher, and as numbers for the venue that expects them.

Nobody else has one: an operator needs no figure of it, and a venue need not know whose a need is.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from services.trials.answers.needs import NeedsView, SlotNeedsView, TravellerNeeds, TripNeedsView, UnmetView
from services.trials.copies.joining import Joined
from services.trials.domain.path.caller import UnknownParticipant, is_staff_of, reaches
from services.trials.domain.places.needs import Need
from services.trials.domain.seats.statements import in_force, unmet
from services.trials.domain.timetable.slots import NO_SLOT
from services.trials.repository import Repository
from shared.base.errors import NotFound
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.storage.mongo import Mongo, Transaction

MOST_SEATS = 1_000
"""Of a slot."""


class Trip(NamedTuple):
    """A class that travels to a venue on a day, by the venue's calendar."""

    school: str
    school_class: str
    venue: str
    day: date


class NeedsReads:
    """Reads of needs, each on behalf of a principal."""

    def __init__(self, mongo: Mongo, repository: Repository) -> None:
        self._mongo = mongo
        self._repository = repository

    async def of_pupil(self, participant: str, who: Principal, now: datetime) -> NeedsView:
        """Returns a pupil's needs, with the seats where they are not met; raises UnknownParticipant out of scope."""
        async with self._mongo.snapshot() as session:
            found = (await self._repository.copies.joined([participant], session)).get(participant)
            if found is None or not reaches(who, found.pupil):
                raise UnknownParticipant.about("participant", "no such participant in your scope")
            about([found.pupil.id])
            said = in_force(found, await self._repository.statements.load(found.ids, session), now)
            lacking = await self._lacking(found, said.needs, now, session) if said else []
            return NeedsView.of(found.pupil.id, said, lacking)

    async def of_trip(self, trip: Trip, who: Principal, now: datetime) -> TripNeedsView:
        """Returns the needs of those of a class who travel; raises NotFound for no such class in the scope."""
        async with self._mongo.snapshot() as session:
            of_class = await self._repository.copies.in_class(trip.school, trip.school_class, session)
            there = [one for one in of_class if is_staff_of(who, one.pupil)]
            if not there:
                raise NotFound("no such class in your scope")
            walks = [(one, season) for one in there for season in one.pupil.seasons]
            paths = await self._repository.walks(walks, session)
            seats = ((path.participant, seat) for path in paths for seat in path.held if seat.venue == trip.venue)
            travel = {id for id, seat in seats if seat.starts_at.date() == trip.day}
            going = [one for one in there if one.pupil.id in travel]
            said = await self._repository.statements.load([id for one in going for id in one.ids], session)
            about(travel)  # so that the log does not say who has needs
            held = {one.pupil.id: in_force(one, said, now) for one in going}
            found = {id: list(known.needs) for id, known in held.items() if known and known.needs}
            return TripNeedsView(needs=[TravellerNeeds(participant=id, needs=needs) for id, needs in found.items()])

    async def of_slot(self, slot: str, who: Principal, now: datetime) -> SlotNeedsView:
        """Returns the needs of those booked, until the slot is over; raises NotFound for who is not of its venue."""
        async with self._mongo.snapshot() as session:
            known = (await self._repository.slots.load([slot], session)).get(slot)
            if known is None or not who.scope.covers(known.region, hosts=known.hosts):
                raise NotFound(NO_SLOT)
            if known.closing is not None or known.ends_at <= now:
                return SlotNeedsView.of(slot, Counter())
            booked = await self._repository.timetable.holders(slot, "", MOST_SEATS, session)
            joined = await self._repository.copies.joined((one.participant for one in booked), session)
            pupils = {one.pupil.id: one for one in joined.values()}
            entries = [id for one in pupils.values() for id in one.ids]
            said = await self._repository.statements.load(entries, session)
            needs = {id: held.needs for id, one in pupils.items() if (held := in_force(one, said, now))}
            about(pupils)  # of those booked, so that the log does not say who has needs
            return SlotNeedsView.of(slot, Counter[Need](need for each in needs.values() for need in each))

    async def _lacking(
        self, joined: Joined, needs: Sequence[Need], now: datetime, session: Transaction
    ) -> list[UnmetView]:
        paths = await self._repository.walks([(joined, season) for season in sorted(joined.seasons)], session)
        seats = [seat for path in paths for seat in path.all_bookings if seat.is_live and seat.starts_at > now]
        slots = await self._repository.slots.load((seat.slot for seat in seats), session)
        venues = await self._repository.venues.load({slot.venue for slot in slots.values()}, session)
        codes = {slot.programme for slot in slots.values() if slot.programme}
        programmes = await self._repository.programmes.load(codes, session)
        found = []
        for seat in sorted(seats, key=lambda seat: (seat.starts_at, seat.id)):
            slot = slots[seat.slot]
            missing = unmet(needs, slot, venues.get(slot.venue), programmes.get(slot.programme or ""))
            found += [UnmetView.of(seat, missing)] if missing else []
        return found
