"""The scratch pad of a recount: a database of SQLite in a file that nobody else can open, gone with the process.

So the memory that a recount takes does not grow with the nation.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from itertools import groupby
from types import TracebackType
from typing import NamedTuple

from services.analytics.verification.rows import Row
from services.analytics.verification.told import Fact

PAGES_KIB = 16_384
"""Kept in memory of what is in the file, and of what is being sorted."""
TABLES = """
CREATE TABLE facts (entry TEXT, readers INTEGER, fact TEXT);
CREATE TABLE pupils (entry TEXT PRIMARY KEY, pupil TEXT) WITHOUT ROWID;
CREATE TABLE guardians (account TEXT, line TEXT, day TEXT, n INTEGER);
CREATE TABLE cells (cell TEXT PRIMARY KEY, live INTEGER, recounted INTEGER) WITHOUT ROWID;
"""


class Difference(NamedTuple):
    """A cell that is not what it should be."""

    cell: str
    live: int
    recounted: int


class Scratch(AbstractContextManager["Scratch"]):
    """Facts by pupil, rows of guardians by account, and every cell, live beside recounted."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None)
        for setting in (f"cache_size = -{PAGES_KIB}", "journal_mode = OFF", "synchronous = OFF"):
            self._file.execute(f"PRAGMA {setting}")
        self._file.executescript(TABLES)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def keep(self, facts: Iterable[tuple[int, Fact]]) -> None:
        """Keeps facts, each with who reads it."""
        rows = ((fact.participant, readers, fact.text()) for readers, fact in facts)
        self._write("INSERT INTO facts VALUES (?, ?, ?)", rows)

    def relate(self, pupils: Mapping[str, str]) -> None:
        """Lets entries be read together, under one name."""
        self._write("INSERT INTO pupils VALUES (?, ?)", pupils.items())

    def by_pupil(self) -> Iterator[list[tuple[int, Fact]]]:
        """Yields all facts of each pupil, in the order in which they were kept."""
        name = "coalesce((SELECT pupil FROM pupils WHERE pupils.entry = facts.entry), entry)"
        told = self._file.execute(f"SELECT {name} AS pupil, readers, fact FROM facts ORDER BY pupil, rowid")
        for _, facts in groupby(told, key=lambda row: row[0]):
            yield [(readers, Fact.of_text(text)) for _, readers, text in facts]

    def link(self, changes: Iterable[tuple[str, Row, str, int]]) -> None:
        """Keeps the changes of rows in which guardians count, with the account."""
        rows = ((account, "\t".join(row), day, n) for account, row, day, n in changes)
        self._write("INSERT INTO guardians VALUES (?, ?, ?, ?)", rows)

    def by_guardian(self) -> Iterator[list[tuple[Row, str, int]]]:
        """Yields the changes of each account, in order of rows and days."""
        changes = self._file.execute(
            "SELECT account, line, day, sum(n) FROM guardians GROUP BY account, line, day ORDER BY account, line, day"
        )
        for _, of_account in groupby(changes, key=lambda row: row[0]):
            yield [(tuple(line.split("\t")), day, n) for _, line, day, n in of_account]

    def add_live(self, cells: Mapping[str, int]) -> None:
        """Adds up cells as they are stored."""
        self._add(((cell, n, 0) for cell, n in cells.items()))

    def add_recounted(self, cells: Mapping[str, int]) -> None:
        """Adds up cells as they are counted again."""
        self._add(((cell, 0, n) for cell, n in cells.items()))

    def compared(self) -> tuple[int, int]:
        """Returns the number of cells that either has, and of those in which they differ."""
        either = "count(*) FILTER (WHERE live <> 0 OR recounted <> 0)"
        row = self._file.execute(f"SELECT {either}, count(*) FILTER (WHERE live <> recounted) FROM cells").fetchone()
        return int(row[0]), int(row[1])

    def differences(self, most: int) -> list[Difference]:
        """Returns the first cells in which both differ."""
        found = self._file.execute("SELECT * FROM cells WHERE live <> recounted ORDER BY cell LIMIT ?", (most,))
        return [Difference(*row) for row in found]

    def _add(self, rows: Iterable[tuple[str, int, int]]) -> None:
        sums = "live = live + excluded.live, recounted = recounted + excluded.recounted"
        self._write(f"INSERT INTO cells VALUES (?, ?, ?) ON CONFLICT (cell) DO UPDATE SET {sums}", rows)

    def _write(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        self._file.execute("BEGIN")
        self._file.executemany(statement, rows)
        self._file.execute("COMMIT")
