"""A table as a file of one of three formats: written beside the event loop, in the folder for such, under no name."""

from contextlib import ExitStack
from functools import partial
from tempfile import TemporaryFile
from typing import BinaryIO, Literal, Protocol

from services.analytics.exports.comma_separated import CommaSeparated
from services.analytics.exports.table import Batch, Table
from services.analytics.exports.workbook import Workbook
from shared.base.side_thread import aside

Format = Literal["csv", "xlsx", "parquet"]
MEDIA: dict[Format, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}


HEAVY = 10_000
"""The weight of an end or a begin: a library is loaded, rows are packed."""


class Writing(Protocol):
    """A file while it is written."""

    at_once: int
    """Rows that are written together: whoever needs the side thread waits for them, some hundredths of a second."""

    def add(self, batch: Batch) -> None:
        """Writes rows."""

    def close(self) -> None:
        """Ends the file."""

    def discard(self) -> None:
        """Lets go of what was written."""


async def written(table: Table, format: Format) -> BinaryIO:
    """Returns the file, at its begin; its content is gone with it, even where the process is killed.

    A batch is all of it that is in memory. Raises BadInput where the format has no room for the table.
    """
    with ExitStack() as failing:
        file: BinaryIO = failing.enter_context(TemporaryFile())
        writing = await aside(lambda: _begun(file, table, format), HEAVY)
        failing.callback(writing.discard)
        async for batch in table.batches:
            for begin in range(0, len(batch), writing.at_once):
                rows = batch[begin : begin + writing.at_once]
                await aside(partial(writing.add, rows), len(rows))
        await aside(writing.close, HEAVY)
        file.seek(0)
        failing.pop_all()
    return file


def _begun(file: BinaryIO, table: Table, format: Format) -> Writing:
    match format:
        case "csv":
            return CommaSeparated(file, table)
        case "xlsx":
            return Workbook(file, table)
        case "parquet":
            from services.analytics.exports.parquet import Parquet  # 60 MB of libraries that no other work needs

            return Parquet(file, table)
