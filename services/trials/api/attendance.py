"""Trials over HTTP: attendance."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from services.trials.answers.commands import AbsenceAnswer, AttendanceAnswer, Items, RevokedAnswer, ScannedAnswer
from services.trials.api.items import SlotId, item_by_item, noted
from services.trials.domain.path.steps import Revocation
from services.trials.domain.presence.absences import Absence
from services.trials.domain.presence.passes import PresenceEntry, Scan
from services.trials.handlers import attendance
from services.trials.handlers.attendance import AbsenceRequest, AttendanceRequest
from services.trials.handlers.checkins import check_in
from services.trials.handlers.passes import scanned
from services.trials.handlers.scan_sheets import scans_in
from services.trials.passes import Passes
from services.trials.repository import Repository
from shared.base.models import Count
from shared.http.authorisation import VenueStaff
from shared.http.batch import ReadAs, read_each
from shared.http.openapi import file_body, problems
from shared.http.routes import KIB, file_of, router_of
from shared.programme.texts import Id
from shared.storage.decision import NewId
from shared.storage.outbox import Clock
from shared.tables.files import MEDIA_TYPES

AttendanceId = Annotated[Id, Path(description="Id of the attendance.")]
AbsenceList = Annotated[list[Annotated[Any, ReadAs(Absence)]], Count(1, 1_000)]
PresenceList = Annotated[list[Annotated[Any, ReadAs(PresenceEntry)]], Count(1, 1_000)]
ScanList = Annotated[list[Annotated[Any, ReadAs(Scan)]], Count(1, 1_000)]


def routes(repository: Repository, passes: Passes, clock: Clock, new_id: NewId) -> APIRouter:
    """Returns the routes by which attendance is confirmed, missed and revoked."""
    router = router_of("trials")
    waiting = attendance.queue(repository, new_id)

    @router.post(
        "/slots/{id}/attendance",
        max_body_size=512 * KIB,
        response_model_exclude_none=True,
        responses=problems({404: ["not-found"]}),
    )
    async def attend(id: SlotId, body: PresenceList, who: VenueStaff) -> Items[AttendanceAnswer]:
        """A list of at most 1,000 presences, item by item: `{participant, source, occurred_at?}`, or `token` of a pass.

        Who shows a pass may be let in for an hour before the slot starts. Who has no booking is let in by the own code
        alone, and where there is a seat: that books one, by the rules of any booking, until the slot is over.
        """
        entries = await read_each(PresenceEntry, body, "")
        items = await scanned(repository, passes, entries, id)
        outcomes = await waiting.submit(AttendanceRequest(items=items, who=who, now=clock(), slot=id))
        return noted(await item_by_item(AttendanceAnswer.of, body, outcomes))

    _add_corrections(router, repository, clock, new_id)
    _add_scans(router, repository, passes, (clock, new_id))
    return router


def _add_corrections(router: APIRouter, repository: Repository, clock: Clock, new_id: NewId) -> None:
    @router.post(
        "/slots/{id}/absences",
        max_body_size=512 * KIB,
        response_model_exclude_none=True,
        responses=problems({404: ["not-found"]}),
    )
    async def miss(id: SlotId, body: AbsenceList, who: VenueStaff) -> Items[AbsenceAnswer]:
        """A list of at most 1,000 pupils who did not come (`{participant, occurred_at?}`), item by item.

        One whose attendance is confirmed later came after all.
        """
        items = await read_each(Absence, body, "")
        outcomes = await attendance.miss(repository, AbsenceRequest(items=items, who=who, now=clock(), slot=id), new_id)
        return noted(await item_by_item(AbsenceAnswer.of, body, outcomes))

    @router.post("/attendance/{id}/revocation", responses=problems({404: ["not-found"], 409: ["organisation-unknown"]}))
    async def revoke(id: AttendanceId, body: Revocation, who: VenueStaff) -> RevokedAnswer:
        """Takes an attendance back; again, it changes nothing."""
        revoked = await attendance.revoke(repository, id, body, who, clock(), new_id)
        return RevokedAnswer(attendance=revoked.id, slot=revoked.slot)


def _add_scans(router: APIRouter, repository: Repository, passes: Passes, of: tuple[Clock, NewId]) -> None:
    clock, new_id = of

    @router.post("/checkins", max_body_size=512 * KIB, response_model_exclude_none=True)
    async def tell_scans(body: ScanList, who: VenueStaff) -> Items[AttendanceAnswer]:
        """A sheet of at most 1,000 codes that were scanned without a network, of one slot or many, answered one by one.

        Each has its own time, within the hours of the door. Whatever is in doubt is refused: the slot was moved since,
        the booking given up, or the attendance taken back. The same sheet again changes nothing.
        """
        items = await read_each(Scan, body, "")
        outcomes = await check_in(repository, passes, items, who, clock(), new_id)
        return noted(await item_by_item(AttendanceAnswer.of, body, outcomes))

    @router.post(
        "/checkins/file",
        max_body_size=512 * KIB,
        response_model_exclude_none=True,
        openapi_extra=file_body(MEDIA_TYPES, 512 * KIB),
    )
    async def tell_scans_of_file(sent: Request, who: VenueStaff) -> Items[ScannedAnswer]:
        """The same sheet as a CSV or XLSX file, answered line by line.

        Columns are known by their titles: `Код`, `Время` with its offset, as `2020-10-05T15:00:00+03:00`, and `Слот`,
        which a pass says itself.
        """
        lines, items = await scans_in(b"".join([piece async for piece in file_of(sent, 512 * KIB)]))
        outcomes = await check_in(repository, passes, items, who, clock(), new_id)
        answered = await item_by_item(AttendanceAnswer.of, lines, outcomes)
        told = zip(lines, noted(answered).items, strict=True)
        return Items(items=[ScannedAnswer(line=line, **vars(item)) for line, item in told])
