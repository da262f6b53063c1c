"""Routes of files with names, which staff keep or print: the form of a class, and the summary of a calendar year."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.registration.api.parameters import InCode
from services.registration.reads import Reads
from services.registration.repository import Repository
from shared.contracts.codes import SeasonCode
from shared.http.authorisation import SchoolStaff
from shared.http.downloads import Workbook, file_of, named
from shared.http.routes import router_of
from shared.programme.moments import YEARS
from shared.programme.texts import ClassName
from shared.storage.outbox import Clock

OfClass = Annotated[ClassName, Query(alias="class", description="the class as the school writes it, as «7А»")]
InYear = Annotated[
    int | None, Query(ge=YEARS[0], le=YEARS[-1], description="the calendar year; the running one where it is left out")
]
LARGE = {404: ["not-found"], 409: ["too-many-pupils"]}


def routes(repository: Repository, reads: Reads, clock: Clock) -> APIRouter:
    """Returns the routes of files."""
    router = router_of("registration")

    @router.get("/schools/{code}/class-form", response_class=Workbook, responses=file_of(Workbook, LARGE))
    async def class_form(who: SchoolStaff, code: InCode, season: SeasonCode, school_class: OfClass) -> Response:
        """The form of a class in a season, as a workbook: names, consents, stages, and the state of each code."""
        content = await reads.downloads(who).class_form(code, school_class, season, repository.codes, clock())
        return named(Workbook, content, f"{code}-{school_class}-{season}.xlsx")

    @router.get("/schools/{code}/summary", response_class=Workbook, responses=file_of(Workbook, LARGE))
    async def summary(who: SchoolStaff, code: InCode, year: InYear = None) -> Response:
        """The summary of a school's pupils by calendar year, as a workbook: one row a pupil, as the ministry asks.

        A navigator of some classes gets these alone.
        """
        now = clock()
        content = await reads.downloads(who).summary(code, year, now)
        return named(Workbook, content, f"{code}-{year or now.year}.xlsx")

    return router
