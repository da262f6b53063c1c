"""Use case: a region's operator enters the region's directory from a file, line by line."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO

from services.registration.domain.directories import (
    Directory,
    DirectoryLine,
    DirectoryRequest,
    Fate,
    in_order,
)
from services.registration.domain.directory_columns import COLUMNS
from services.registration.domain.organisations import Organisation
from services.registration.handlers.covered import covered_region
from services.registration.repository import Repository
from shared.base.errors import BadInput, ServiceError
from shared.base.side_thread import LIGHT, aside, paced
from shared.base.wording import worded
from shared.http.batch import served
from shared.programme.moments import happened_at, zone
from shared.storage.mongo import Transaction
from shared.tables.files import opened

MOST_LINES = 10_000
UNPACKED = 32 * 1024 * 1024
"""Bytes of a part of a workbook: twice what so many lines have."""
"""Organisations of a region, and as many again."""
CHUNK = 200
"""Lines of one transaction."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that was refused, with the title of the column that is at fault, where one is."""

    line: DirectoryLine
    refusal: ServiceError
    titles: dict[str, str]


@dataclass(slots=True)
class Imported:
    """The outcome of a directory's import."""

    fates: Counter[Fate] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)


async def import_directory(repository: Repository, request: DirectoryRequest, file: bytes) -> Imported:
    """Enters the organisations of a file, municipalities first, some a transaction; the same again changes nothing.

    Of a dry run nothing is stored. Raises NotFound for an unknown region, Forbidden outside the scope, BadInput where
    the file is no table with the columns that are needed.
    """
    region = await covered_region(repository, request.who, request.region)
    happened_at(request.occurred_at, request.now, zone(region.utc_offset))
    lines, titles = await aside(partial(_read, file), LIGHT)
    imported = Imported()
    size = max(1, len(lines)) if request.dry_run else CHUNK
    for begin in range(0, len(lines), size):
        chunk = lines[begin : begin + size]
        step = partial(_enter, repository, request, region, chunk)
        fates = await (step(None) if request.dry_run else repository.transact(step))
        for line, fate in zip(chunk, fates, strict=True):
            if isinstance(fate, ServiceError):
                imported.refused.append(Refused(line, fate, titles))
            else:
                imported.fates[fate] += 1
    imported.refused.sort(key=lambda refused: refused.line.number)
    return imported


def _read(file: bytes) -> tuple[list[DirectoryLine], dict[str, str]]:
    """The lines of a file in the order in which they are entered, and the title of each column as it stands in it."""
    with opened(BytesIO(file), COLUMNS, UNPACKED) as table:
        lines: list[DirectoryLine] = []
        for row in paced(table.rows):
            if len(lines) >= MOST_LINES:
                raise BadInput.field("", worded("holds more than {most} lines: divide it", most=MOST_LINES))
            lines.append(DirectoryLine.of(row.line, table.values(row), row.fault))
        titles = {name: table.header.texts[place] for name, place in table.columns.places.items()}
    return in_order(lines), titles


async def _enter(
    repository: Repository,
    request: DirectoryRequest,
    region: Organisation,
    lines: Sequence[DirectoryLine],
    tx: Transaction | None,
) -> list[Fate | ServiceError]:
    """Decides some lines over the register as it is; in a transaction, it stores what they come to."""
    around = await repository.register.around(region, lines, tx)
    directory = Directory(around, request)
    fates = await aside(partial(served, lines, directory.enter), len(lines))
    if tx is not None:
        known = {organisation.id for organisation in around.organisations}
        made = directory.made
        await repository.register.keep_apart([d.state.id for d in made if d.state.id not in known], tx)
        await repository.organisations.save(made, tx)
    return fates
