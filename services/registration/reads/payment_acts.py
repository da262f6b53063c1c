"""Acts for payment with names: of the venue's own, and of others as far as a principal's scope reaches."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from services.registration.copies.payment_acts import Act
from services.registration.domain.participants import Participant
from services.registration.files import payment_act
from services.registration.files.payment_act import Entry, Sheet
from services.registration.reads.participants import ScopedReads
from shared.base.errors import Conflict, NotFound
from shared.base.side_thread import LIGHT, aside

MOST_PRINTED = 2_000
"""Lines, on some fifty pages; a longer act is taken as a workbook."""


class UnknownAct(NotFound):
    """Not there, or another venue's; one that was signed just now is known here a moment later."""

    retryable = True


class PaymentActs(ScopedReads):
    """The acts that a principal's grants speak for."""

    async def workbook(self, id: str, now: datetime) -> tuple[str, bytes]:
        """The name and the content of an act's workbook; raises UnknownAct outside the scope."""
        return await self._file(await self._act(id), "xlsx", payment_act.workbook, now)

    async def printed(self, id: str, now: datetime) -> tuple[str, bytes]:
        """The same to be printed; raises Conflict besides for an act that is too long to be."""
        act = await self._act(id)
        if len(act.lines) > MOST_PRINTED:
            detail = f"the act has more than {MOST_PRINTED} lines: take the workbook"
            raise Conflict(detail, slug="too-many-lines")
        return await self._file(act, "pdf", payment_act.printed, now)

    async def _file(
        self, act: Act, kind: str, made: Callable[[Sheet, datetime], bytes], now: datetime
    ) -> tuple[str, bytes]:
        sheet = await self._sheet(act)
        content = await aside(partial(made, sheet, now), max(LIGHT, len(sheet.entries)), rests=True)
        return f"{act.venue}-{act.season}-{act.number}.{kind}", content

    async def _act(self, id: str) -> Act:
        act = await self._copies.payment_act(id)
        if act is None or not self._who.scope.covers(act.region, hosts=(act.organisation, act.venue)):
            raise UnknownAct("no such act of your venues; one that was signed just now is known here in a moment")
        return act

    async def _sheet(self, act: Act) -> Sheet:
        called = await self._organisations.names([act.organisation])
        seasons = {row["_id"]: row["name"] for row in await self._copies.definitions([act.season])}
        return Sheet(
            number=act.number,
            organisation=called.get(act.organisation) or act.organisation,
            venue=act.venue,
            season=seasons.get(act.season, act.season),
            begins=act.begins,
            ends=act.ends,
            pupils=act.pupils,
            entries=await self._entries(act),
        )

    async def _entries(self, act: Act) -> Sequence[Entry]:
        """The lines with names as far as they are the reader's to see: a venue's are all who were there."""
        whose, days = dict[str, str](), dict[str, datetime]()
        for row in await self._copies.attended({line.slot for line in act.lines}):
            for attendance, _, time, *_ in row.get("attended", ()):  # a lesson says more of itself
                whose[attendance] = row["_id"].partition("/")[0]
                days[attendance] = datetime.fromisoformat(time)
        seen = await self._seen({whose[line.attendance] for line in act.lines if line.attendance in whose}, act)
        names = await self._names([*seen.values()], [*seen.values()])

        def name(attendance: str) -> str | None:
            known = names.get(seen.get(whose.get(attendance, ""), ""))
            return known["name"] if known else None

        return [
            Entry(
                name=name(line.attendance),
                day=days[line.attendance].date() if line.attendance in days else None,
                attendance=line.attendance,
                slot=line.slot,
                kopecks=line.kopecks,
            )
            for line in act.lines
        ]

    async def _seen(self, entries: set[str], act: Act) -> Mapping[str, str]:
        """The pupils of entries whom the reader may see, by entry; a duplicate is its survivor."""
        hosts = (act.organisation, act.venue)
        is_host = any(grant.role == "venue" and grant.org in hosts for grant in self._who.grants)
        rows = await self._mongo["participants"].find({"_id": {"$in": [*entries]}}).to_list(None)
        into = {row["_id"]: row["merged"]["into"] if row.get("merged") else row["_id"] for row in rows}
        others = set(into.values()) - into.keys()
        rows += await self._mongo["participants"].find({"_id": {"$in": [*others]}}).to_list(None)
        pupils = {row["_id"]: Participant.of(row) for row in rows}
        shown = {id for id, pupil in pupils.items() if pupil.erased_at is None and (is_host or self._reaches(pupil))}
        return {entry: id for entry, id in into.items() if id in shown}

    def _reaches(self, pupil: Participant) -> bool:
        place = pupil.place
        return self._who.scope.covers(place.region, place.municipality, place.school, school_class=place.school_class)
