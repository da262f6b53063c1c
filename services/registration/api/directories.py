"""The route by which a region's directory is entered from a file."""

from fastapi import APIRouter, Request

from services.registration.answers.directories import DirectoryView, directory_view, line_faults
from services.registration.api.parameters import Dry, InCode
from services.registration.domain.directories import DirectoryRequest
from services.registration.handlers.directories import import_directory
from services.registration.repository import Repository
from shared.http.authorisation import RegionOperator
from shared.http.openapi import file_body, problems
from shared.http.routes import KIB, file_of, router_of
from shared.http.spoken import Spoken
from shared.programme.moments import Moment
from shared.storage.outbox import Clock
from shared.tables.files import MEDIA_TYPES

LARGEST_FILE = 2 * 1024 * KIB
"""Ten thousand lines with long names."""


def routes(repository: Repository, clock: Clock) -> APIRouter:
    """Returns the route of directories."""
    router = router_of("registration")

    @router.post(
        "/regions/{code}/directory",
        max_body_size=LARGEST_FILE,
        openapi_extra=file_body(MEDIA_TYPES, LARGEST_FILE),
        responses=problems({404: ["organisation-unknown"]}),
    )
    async def import_region_directory(
        who: RegionOperator,
        code: InCode,
        sent: Request,
        language: Spoken,
        occurred_at: Moment | None = None,
        dry_run: Dry = False,
    ) -> DirectoryView:
        """Enters a region's municipalities, schools and other organisations from a CSV or XLSX file of 10,000 lines.

        Columns are known by their titles: `Код` and `Наименование`, and where there are any `Тип организации`,
        `Муниципалитет` (code or name), `Уровень`, `ИНН` and `ОГРН`, in these or similar words. What a line does not say
        stays; the same file again changes nothing; a line that is wrong stops no other, and is told with its column.
        """
        file = b"".join([piece async for piece in file_of(sent, LARGEST_FILE)])
        imported = await import_directory(repository, DirectoryRequest(code, who, clock(), occurred_at, dry_run), file)
        refused = [
            list(line_faults((one.line.number, one.line.code), one.refusal, one.titles, language))
            for one in imported.refused
        ]
        return directory_view(dry_run, imported.fates, refused)

    return router
