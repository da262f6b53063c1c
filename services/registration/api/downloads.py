"""Routes of files with names, which staff keep or print: a class's form and codes, and a calendar year."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.registration.api.parameters import InCode
from services.registration.domain.door_codes import DoorCodes
from services.registration.files.slips import Owner
from services.registration.reads import Reads
from services.registration.reads.downloads import ClassAsked
from services.registration.repository import Repository
from shared.contracts.codes import SeasonCode
from shared.http.authorisation import SchoolStaff
from shared.http.downloads import Printout, Workbook, file_of, named
from shared.http.routes import KIB, router_of
from shared.programme.moments import YEARS
from shared.programme.texts import ClassName
from shared.storage.outbox import Clock

OfClass = Annotated[ClassName, Query(alias="class", description="the class as the school writes it, as «7А»")]
InYear = Annotated[
    int | None, Query(ge=YEARS[0], le=YEARS[-1], description="the calendar year; the running one where it is left out")
]
Of = Annotated[Owner, Query(description="whose codes: those of guardians, or the pupils' own")]
PRINTED = {404: ["not-found"], 409: ["no-open-codes", "too-many-pupils"]}
LARGE = {404: ["not-found"], 409: ["too-many-pupils"]}


def routes(repository: Repository, reads: Reads, clock: Clock, cabinet: str) -> APIRouter:
    """Returns the routes of files; `cabinet` is the address where codes are typed."""
    router = router_of("registration")

    @router.get("/schools/{code}/class-form", response_class=Workbook, responses=file_of(Workbook, LARGE))
    async def class_form(who: SchoolStaff, code: InCode, season: SeasonCode, school_class: OfClass) -> Response:
        """The form of a class in a season, as a workbook: names, consents, stages, and the state of each code."""
        asked = ClassAsked(code, school_class, season)
        content = await reads.downloads(who).class_form(asked, repository.codes, clock())
        return named(Workbook, content, f"{code}-{school_class}-{season}.xlsx")

    @router.get("/schools/{code}/class-codes", response_class=Printout, responses=file_of(Printout, PRINTED))
    async def class_codes(
        who: SchoolStaff, code: InCode, season: SeasonCode, school_class: OfClass, owner: Of = "guardian"
    ) -> Response:
        """The one-time codes of a class that are open, to be printed and cut out: a slip for each who has one."""
        asked = ClassAsked(code, school_class, season)
        content = await reads.downloads(who).slips(asked, owner, repository.codes, cabinet, clock())
        return named(Printout, content, f"{code}-{school_class}-{owner}.pdf")

    @router.get("/schools/{code}/summary", response_class=Workbook, responses=file_of(Workbook, LARGE))
    async def summary(who: SchoolStaff, code: InCode, year: InYear = None) -> Response:
        """The summary of a school's pupils by calendar year, as a workbook: one row a pupil, as the ministry asks.

        It has those who learn there by now, with all that they did in that year, wherever it was, and those in the
        archive who left; who was entered by mistake is not there. A navigator of some classes gets these alone.
        """
        now = clock()
        content = await reads.downloads(who).summary(code, year, now)
        return named(Workbook, content, f"{code}-{year or now.year}.xlsx")

    _add_door_codes(router, reads, clock)
    return router


def _add_door_codes(router: APIRouter, reads: Reads, clock: Clock) -> None:
    @router.post(
        "/schools/{code}/door-codes/printout",
        response_class=Printout,
        responses=file_of(Printout, LARGE),
        max_body_size=256 * KIB,
    )
    async def print_door_codes(
        who: SchoolStaff, code: InCode, season: SeasonCode, school_class: OfClass, body: DoorCodes
    ) -> Response:
        """The own codes of a class, with names, to be printed and cut out: a card for each, shown at the door.

        The codes are those of `GET /trials/schools/{school}/door-codes`; none is kept.
        """
        content = await reads.downloads(who).door_cards(ClassAsked(code, school_class, season), body, clock())
        return named(Printout, content, f"{code}-{school_class}-door.pdf")
