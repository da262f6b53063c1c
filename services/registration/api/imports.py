"""Routes of imports: a file of a class, a school or a region is sent, entered behind the request, and told of."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import StreamingResponse

from services.registration.answers.imports import ImportPage, ImportView
from services.registration.domain.imports import ImportHeader
from services.registration.handlers import imports as handlers
from services.registration.reads import Reads
from services.registration.repository import Repository
from shared.contracts.codes import ExceptionReason, OrganisationCode, SeasonCode
from shared.http.authorisation import SchoolStaff
from shared.http.openapi import file_body, problems, text_answer
from shared.http.paging import Paged
from shared.http.routes import KIB, file_of, router_of
from shared.http.spoken import Spoken, fields
from shared.http.throttles import trying
from shared.programme.moments import Moment
from shared.programme.texts import ClassName, Id
from shared.storage.decision import NewId
from shared.storage.outbox import Clock
from shared.tables.files import MEDIA_TYPES

LARGEST_FILE = 64 * 1024 * KIB
ImportId = Annotated[Id, Path(alias="import", description="Id of the import.")]
Into = Annotated[SeasonCode, Query(description="code of the season that the pupils enter")]
Of = Annotated[
    OrganisationCode | None,
    Query(description="code of the school of all lines; without it a column holds that of each"),
]
InClass = Annotated[
    ClassName | None, Query(alias="class", description="class of all lines; without it a column holds that of each")
]
Dry = Annotated[bool, Query(description="true to judge the lines and enter none")]
Counted = Annotated[
    int | None,
    Query(ge=2017, le=2100, description="calendar year of the counts of another system that the file has; needed then"),
]
Excepted = Annotated[
    ExceptionReason | None,
    Query(description="reason why an operator enters them outside the season, or after its last day of registration"),
]
Judged = tuple[datetime | None, ExceptionReason | None]
CSV = "text/csv"


async def judged(occurred_at: Moment | None = None, exception: Excepted = None) -> Judged:
    """Returns the day by which the season's dates judge a file, and the exception from them."""
    return occurred_at, exception


async def header(
    season: Into,
    by: Annotated[Judged, Depends(judged)],
    school: Of = None,
    school_class: InClass = None,
    dry_run: Dry = False,
    counted_in: Counted = None,
) -> ImportHeader:
    """Returns what a request says of all lines of its file."""
    occurred_at, exception = by
    return ImportHeader(season, school, school_class, occurred_at, dry_run, counted_in, exception)


Header = Annotated[ImportHeader, Depends(header)]


def routes(repository: Repository, reads: Reads, clock: Clock, new_id: NewId) -> APIRouter:
    """Returns the routes of imports."""
    router = router_of("registration")

    @router.post(
        "/imports",
        status_code=202,
        max_body_size=LARGEST_FILE,
        openapi_extra=file_body(MEDIA_TYPES, LARGEST_FILE),
        responses=problems(
            {
                404: ["school-unknown"],
                409: ["deadline-over", "outside-season", "season-closed", "season-unknown", "too-many-imports"],
            }
        ),
    )
    async def import_pupils(who: SchoolStaff, sent: Request, language: Spoken, header: Header) -> ImportView:
        """Takes a CSV or XLSX file of pupils and enters them behind the request, each line as one of a roster.

        Columns are known by their titles, in Russian or English. The same file again creates nothing. What another
        system has counted of a pupil within a calendar year is kept as an opening balance, and is in no figure.
        """
        if header.dry_run:
            await trying(sent)
        kind = MEDIA_TYPES[sent.headers["content-type"].partition(";")[0].strip().lower()]
        file = kind, file_of(sent, LARGEST_FILE)
        return ImportView.of(await handlers.begin(repository, who, header, file, (clock(), new_id)), language)

    _follow(router, repository, reads, clock)
    _show(router, reads)
    return router


def _follow(router: APIRouter, repository: Repository, reads: Reads, clock: Clock) -> None:
    @router.get("/imports")
    async def list_imports(who: SchoolStaff, language: Spoken, paging: Paged) -> ImportPage:
        """The imports that the caller has sent, and those of the schools in the caller's scope, newest first.

        One is kept for seven days after its end. What names no school itself is told to its sender alone.
        """
        return await reads.imports(who).page(paging, language)

    @router.delete("/imports/{import}", responses=problems({404: ["not-found"]}))
    async def cancel_import(who: SchoolStaff, id: ImportId, language: Spoken) -> ImportView:
        """Stops an import that is not over, and destroys its file; what it has entered up to `last_line` stays.

        Sent again, or for an import that is over, it changes nothing.
        """
        cancelled = await repository.imports.cancel(await reads.imports(who).mine(id), clock())
        return ImportView.of(cancelled, language)


def _show(router: APIRouter, reads: Reads) -> None:
    @router.get("/imports/{import}", responses=problems({404: ["not-found"]}))
    async def show_import(who: SchoolStaff, id: ImportId, language: Spoken) -> ImportView:
        """The state of an import, and how many lines have done what."""
        return await reads.imports(who).one(id, language)

    @router.get(
        "/imports/{import}/refused",
        response_class=StreamingResponse,
        responses=problems({404: ["not-found"]}) | text_answer(CSV, "A line for each that was refused."),
    )
    async def show_refused(who: SchoolStaff, id: ImportId, language: Spoken) -> StreamingResponse:
        """The lines of an import that were refused, as CSV: number, column, reason, and the cells as they were sent.

        Reasons are in Russian, or in English where `Accept-Language` likes that better.
        Of columns whose titles are not known, no cell is kept.
        They are kept sealed for seven days, 10,000 of an import at most.
        """
        headers = {"Content-Disposition": f'attachment; filename="refused-{id}.csv"', **fields(language)}
        text = await reads.imports(who).refused(id, language)
        return StreamingResponse(text, media_type=CSV, headers=headers)
