"""The route by which schools' numbers of pupils are filled from a report."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from services.registration.answers.directories import MOST_TOLD, line_faults
from services.registration.answers.numbers import NumbersView
from services.registration.api.parameters import Dry, InCode
from services.registration.domain.numbers import NumbersRequest
from services.registration.domain.school_years import Year
from services.registration.handlers.numbers import fill_years
from services.registration.repository import Repository
from shared.http.authorisation import RegionOperator
from shared.http.openapi import file_body, problems
from shared.http.routes import KIB, file_of, router_of
from shared.http.spoken import Spoken
from shared.storage.outbox import Clock
from shared.tables.files import MEDIA_TYPES

LARGEST_FILE = 4 * 1024 * KIB
"""The classes of a region."""
Into = Annotated[Year, Query(description="the school year, by the calendar year of its first day, as `2021`")]


def routes(repository: Repository, clock: Clock) -> APIRouter:
    """Returns the route of numbers."""
    router = router_of("registration")

    @router.post(
        "/regions/{code}/numbers",
        max_body_size=LARGEST_FILE,
        openapi_extra=file_body(MEDIA_TYPES, LARGEST_FILE),
        responses=problems({404: ["organisation-unknown"]}),
    )
    async def fill_numbers(
        who: RegionOperator, code: InCode, sent: Request, language: Spoken, year: Into, dry_run: Dry = False
    ) -> NumbersView:
        """Fills a year's numbers of pupils from a report by school and class, CSV or XLSX, of 50,000 lines.

        Columns are known by their titles: `Муниципалитет`, `Образовательная организация` or `Код школы`, `Класс`,
        `Численность всех учащихся …`, and `ОВЗ` where there is one. Numbers replace those of the same grades; a level,
        and other grades, stay. Of a school either all lines are entered or none; the same file again changes nothing.
        """
        file = b"".join([piece async for piece in file_of(sent, LARGEST_FILE)])
        filled = await fill_years(repository, NumbersRequest(code, year, who, clock(), dry_run), file)
        faults = [
            fault
            for line, why in filled.refused
            for fault in line_faults((line.number, line.school), why, filled.titles, language)
        ]
        return NumbersView(
            dry_run=dry_run,
            year=year,
            lines=filled.lines,
            changed=filled.schools["changed"],
            known=filled.schools["known"],
            refused=len(filled.refused),
            faults=faults[:MOST_TOLD],
        )

    return router
