"""The sheet of a trip: the pupils of a class who have a seat at a venue on a day, as bookings are by now."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from functools import partial

from services.registration.copies.slots import Slot
from services.registration.copies.steps import Steps
from services.registration.copies.store import UTC_CLOCK
from services.registration.domain.participants import Participant
from services.registration.domain.trips import NeedsOfTrip, TripAsked
from services.registration.files import trip_sheet
from services.registration.files.trip_sheet import Sheet, Traveller
from services.registration.reads.downloads import HERE, Downloads
from services.registration.reads.participants import as_in_a_register
from services.registration.trips import Trips
from shared.base.errors import Conflict
from shared.base.side_thread import LIGHT, aside
from shared.programme.moments import zone
from shared.programme.needs import Need


class TripSheets(Downloads):
    """The sheets of classes within a scope."""

    async def workbook(self, asked: TripAsked, trips: Trips, now: datetime) -> bytes:
        """The sheet as a workbook; raises NotFound for no such class in the scope, Conflict where nobody travels."""
        return await self._file(asked, trips, trip_sheet.workbook, now)

    async def printed(self, asked: TripAsked, trips: Trips, now: datetime, needs: NeedsOfTrip | None = None) -> bytes:
        """The sheet to be printed, with what travellers need where that is told; raises as `workbook` does."""
        return await self._file(asked, trips, trip_sheet.printed, now, needs)

    async def _file(
        self,
        asked: TripAsked,
        trips: Trips,
        made: Callable[[Sheet, datetime], bytes],
        now: datetime,
        needs: NeedsOfTrip | None = None,
    ) -> bytes:
        school = await self._school(asked.school)
        pupils = await self._class(school, asked.name, HERE)
        needed = _by_pupil(needs, pupils) if needs else {}
        sheet = Sheet(
            school=school.name,
            name=asked.name,
            venue=await self._copies.venue_name(asked.venue),
            day=asked.day,
            accompanying=await trips.accompanying(asked.id),
            travellers=[_needing(one, needed) for one in await self._travellers(asked, pupils)],
            tells_needs=needs is not None,
            made_at=now.astimezone(zone(school.utc_offset)),
        )
        return await aside(partial(made, sheet, now), max(LIGHT, len(sheet.travellers)), rests=True)

    async def _travellers(self, asked: TripAsked, pupils: Sequence[Participant]) -> Sequence[Traveller]:
        """A row for each seat of the class, by its time and the pupil's name; raises Conflict for none."""
        clocks = await self._clocks.known()
        of_entry = {id: pupil.id for pupil in pupils for id in (pupil.id, *pupil.duplicates)}
        seats: dict[tuple[str, str], tuple[Slot, tzinfo]] = {}
        for slot in await self._copies.held(asked.venue, asked.day, clocks):
            local = zone(clocks.of(slot.region) or UTC_CLOCK)
            for row in await self._copies.seated(slot.id):
                entry = row["_id"].partition("/")[0]
                if entry in of_entry and Steps.of(row).has_seat(slot.id):
                    seats[of_entry[entry], slot.id] = (slot, local)
        if not seats:
            raise Conflict("nobody of the class has a seat at this venue on this day", slug="nobody-travels")
        persons = list(dict.fromkeys(id for id, _ in seats))
        names = await self._names(persons, persons)
        found = [
            Traveller(name=names[id]["name"], participant=id, starts=slot.starts.astimezone(local))
            for (id, _), (slot, local) in seats.items()
            if id in names
        ]
        return sorted(found, key=lambda one: (one.starts, as_in_a_register(one.name), one.participant))


def _by_pupil(told: NeedsOfTrip, pupils: Sequence[Participant]) -> Mapping[str, Sequence[Need]]:
    """Returns all that is told of each pupil, whose entries trials may not know to be merged yet."""
    by_entry = {one.participant: one.needs for one in told.needs}
    of_pupil = {p.id: [need for id in (p.id, *p.duplicates) for need in by_entry.get(id, ())] for p in pupils}
    return {id: list(dict.fromkeys(needs)) for id, needs in of_pupil.items()}


def _needing(one: Traveller, needed: Mapping[str, Sequence[Need]]) -> Traveller:
    return replace(one, needs=needed.get(one.participant, ()))
