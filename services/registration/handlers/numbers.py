"""Use case: a region's operator fills the schools' years from a report of numbers of pupils by school and class."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO

from services.registration.domain.number_columns import NEEDED, TITLES
from services.registration.domain.numbers import (
    NumberLine,
    NumberReader,
    NumbersRequest,
    Told,
    by_school,
    enter_numbers,
    is_sum,
)
from services.registration.domain.school_years import SchoolYear, year_id
from services.registration.handlers.covered import covered_region
from services.registration.repository import Repository
from shared.base.errors import BadInput, FieldError, ServiceError
from shared.base.side_thread import LIGHT, aside, paced
from shared.base.wording import worded
from shared.storage.decision import Decision
from shared.tables.columns import Columns
from shared.tables.files import opened

MOST_LINES = 50_000
UNPACKED = 64 * 1024 * 1024
"""Bytes of a part of a workbook: twice what so many lines have."""
"""Classes of a region, and as many again."""
CHUNK = 100
"""Schools of one transaction."""
IS_PUPILS = "a list of pupils, one a line: send it to `POST /registration/imports`"
COLUMNS = Columns(TITLES, NEEDED, {IS_PUPILS: Columns({"name": ["ФИО…", "Ф.И.О.…", "Фамилия…"]}, [["name"]])})


@dataclass(slots=True)
class Filled:
    """The outcome of a report."""

    lines: int = 0
    titles: Mapping[str, str] = field(default_factory=dict)
    """The title of each column as it stands in the file."""
    schools: Counter[Told] = field(default_factory=Counter)
    refused: list[tuple[NumberLine, ServiceError]] = field(default_factory=list)


async def fill_years(repository: Repository, request: NumbersRequest, file: bytes) -> Filled:
    """Fills the years of the schools of a report, some schools a transaction; the same again changes nothing.

    Of a dry run nothing is stored. Raises NotFound for an unknown region, Forbidden outside the scope, BadInput where
    the file is no table with the columns that are needed.
    """
    region = await covered_region(repository, request.who, request.region)
    rows, titles = await aside(partial(_read, file), LIGHT)
    names = await repository.register.schools_within([{"region": region.id}])
    codes = await repository.organisations.load({values["school"] for _, values, _ in rows if "school" in values})
    reader = NumberReader(names, codes, region.id)
    lines = await aside(lambda: [reader.line(*row) for row in paced(rows)], len(rows))
    schools, refused = by_school(lines)
    filled = Filled(len(lines), titles, refused=[(line, BadInput.of(line.faults)) for line in refused])
    every = list(schools.items())
    for begin in range(0, len(every), CHUNK):
        await _fill(repository, request, dict(every[begin : begin + CHUNK]), filled)
    filled.refused.sort(key=lambda pair: pair[0].number)
    return filled


def _read(file: bytes) -> tuple[list[tuple[int, Mapping[str, str], str]], dict[str, str]]:
    """The rows of a file by line, with cells and faults, without those of sums; and the titles of its columns."""
    with opened(BytesIO(file), COLUMNS, UNPACKED) as table:
        rows: list[tuple[int, Mapping[str, str], str]] = []
        for row in paced(table.rows):
            if is_sum(values := table.values(row)):
                continue
            if len(rows) >= MOST_LINES:
                raise BadInput.field("", worded("holds more than {most} lines: divide it", most=MOST_LINES))
            rows.append((row.line, values, row.fault))
        return rows, {name: table.header.texts[place] for name, place in table.columns.places.items()}


async def _fill(
    repository: Repository, request: NumbersRequest, lines: Mapping[str, Sequence[NumberLine]], filled: Filled
) -> None:
    """Fills the years of some schools, and notes what came of it; a school that is refused stops no other."""
    schools = await repository.organisations.load(lines)
    ids = {code: year_id(code, request.year) for code in lines}
    told: dict[str, Told | ServiceError] = {}

    def decide(known: Mapping[str, SchoolYear]) -> list[Decision[SchoolYear]]:
        made = []
        for code, own in lines.items():
            try:
                decision = enter_numbers(known.get(ids[code]), schools[code], request.year, own)
            except ServiceError as refusal:
                told[code] = refusal
                continue
            told[code] = "changed" if decision.made else "known"
            made.append(decision)
        return made

    if request.dry_run:
        decide(await repository.school_years.load(ids.values()))
    else:
        await repository.school_years.update_many(ids.values(), decide)
    for code, fate in told.items():
        if isinstance(fate, ServiceError):
            filled.refused += _refused(lines[code], fate)
        else:
            filled.schools[fate] += 1


def _refused(lines: Sequence[NumberLine], refusal: ServiceError) -> list[tuple[NumberLine, ServiceError]]:
    """All lines of a school, with what is wrong with each; what is of none of them is said of all."""
    own: dict[int, list[FieldError]] = {}
    for error in refusal.errors:
        _, _, rest = error.pointer.lstrip("/").partition("pupils/")
        place, _, word = rest.partition("/")
        if place.isdecimal() and int(place) < len(lines):
            own.setdefault(int(place), []).append(FieldError(word or "class", error.detail))
    if not own:
        return [(line, refusal) for line in lines]
    wrong = lines[min(own)].number
    others = [FieldError("", worded("line {line} of the same school is wrong", line=wrong))]
    return [(line, BadInput.of(own.get(at, others))) for at, line in enumerate(lines)]
