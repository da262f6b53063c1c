"""The loop that enters files: one process at a time, a batch of rows in a step, and on from there after a restart."""

import asyncio
import io
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from pymongo.errors import PyMongoError

from services.registration.domain.birth_dates import BirthDates
from services.registration.domain.import_columns import COUNTS, columns_of
from services.registration.domain.imports import MOST_TRIES, Import, State, stored_grants
from services.registration.domain.school_names import SchoolNames
from services.registration.handlers.import_batches import Batch, Entered, enter
from services.registration.imports import PIECE, Overtaken
from services.registration.repository import Repository
from services.registration.sealed_source import SealedSource
from shared.base.errors import BadInput, ServiceError
from shared.base.side_thread import LIGHT, aside
from shared.base.telemetry import logger
from shared.http.audit import AuditLog, Entry
from shared.http.exclusions import KnownExclusions
from shared.http.limits import UNCOUNTED, Limits
from shared.messaging.lease import Lease
from shared.messaging.leased import FULL, LeasedLoop
from shared.runtime.service import Platform
from shared.storage.decision import NewId
from shared.storage.outbox import Clock
from shared.tables.columns import letter
from shared.tables.files import opened
from shared.tables.table import Row, Table

T = TypeVar("T")
ROWS = 400
"""So many rows are entered in one transaction."""
BEAT_SECONDS = 1.0
FETCH_SECONDS = 30.0
OURS = ServiceError("an error of ours; it is logged", slug="internal-error")


class _Run:
    """An import whose file is open: while some rows are entered, the next ones are read."""

    def __init__(
        self, imported: Import, source: SealedSource, table: Table, kept: ExitStack, names: SchoolNames | None
    ) -> None:
        self.imported = imported
        self.table = table
        self.names = names
        self.dates = BirthDates()
        self._source = source
        self._kept = kept
        self._ahead: asyncio.Task[list[Row]] | None = None

    async def next(self, most: int) -> list[Row]:
        """The next rows, none behind the last; raises BadInput where the file cannot be read on."""
        self._ahead = self._ahead or asyncio.create_task(self._read(most))
        rows = await asyncio.shield(self._ahead)  # a thread reads on, whoever has stopped waiting for it
        self._ahead = asyncio.create_task(self._read(most)) if rows else None
        return rows

    async def _read(self, most: int) -> list[Row]:
        with _read_from(self._source):
            return await aside(lambda: list(islice(self.table.rows, most)), LIGHT)

    async def close(self) -> None:
        """Closes the file, once nobody reads it any more."""
        if self._ahead is not None:
            await asyncio.gather(self._ahead, return_exceptions=True)
        self._kept.close()


class Importing(LeasedLoop):
    """Enters files that have been sent; small ones do not wait for large ones."""

    name = "imports"
    pause_seconds = 0.005

    def __init__(
        self, lease: Lease, repository: Repository, platform: Platform, new_id: NewId, rows: int = ROWS
    ) -> None:
        super().__init__(lease)
        self._repository = repository
        self._imports = repository.imports
        self._audit: AuditLog = platform.audit
        self._limits: Limits = platform.limits
        self._exclusions: KnownExclusions = platform.exclusions
        self._clock: Clock = platform.clock
        self._new_id = new_id
        self._rows = rows
        self._runs: dict[str, _Run] = {}
        self._closing = False

    async def step(self) -> int:
        """Enters some rows of the import that comes first, or ends it; returns FULL where there was one."""
        self._closing = False
        imported = await self._imports.next()
        await self._let_go(imported)
        if imported is None:
            return 0
        try:
            await self._beating(self._go_on(imported))
        except Overtaken:
            await self._drop(imported.id)
        return FULL

    async def _let_go(self, going_on: Import | None) -> None:
        """Closes the files of imports that were cancelled while their turn was to come."""
        others = self._runs.keys() - ({going_on.id} if going_on else set())
        for id in others - (await self._imports.under_way(others) if others and going_on else set()):
            await self._drop(id)

    async def waits(self) -> bool:
        """Tells that an import is to be gone on with."""
        return await self._imports.next() is not None

    async def close(self) -> None:
        """Closes the files; the next step opens them again."""
        self._closing = True
        for id in list(self._runs):
            await self._drop(id)

    async def _drop(self, id: str) -> None:
        run = self._runs.pop(id, None)
        if run is not None:
            await run.close()

    async def _beating(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of work that may take longer than the lease, which is renewed meanwhile."""
        task = asyncio.ensure_future(work)
        try:
            while not task.done():
                await asyncio.wait([task], timeout=BEAT_SECONDS)
                self.beat = time.monotonic()
                if not task.done():
                    await self._lease.acquire()
        except BaseException:
            self._closing = True
            task.cancel()
            await asyncio.wait([task])
            raise
        return task.result()

    async def _go_on(self, imported: Import) -> None:
        """One batch of an import; whatever its file or we are at fault with ends this import alone."""
        run = self._runs.get(imported.id)
        try:
            if run is None:
                imported = await self._imports.take(imported)
                run = self._runs[imported.id] = await self._open(imported)
            imported = run.imported
            rows = await run.next(self._rows)
            if rows:
                await self._enter(run, rows)
            else:
                await self._ended(imported, "done")
        except (PyMongoError, OSError, Overtaken):
            raise
        except ServiceError as refusal:
            await self._ended(imported, "refused" if run is None else "broken-off", refusal)
        except Exception as error:
            logger.error("import failed", error=type(error).__name__, exc_info=error)
            await self._ended(imported, "broken-off", OURS)

    async def _open(self, imported: Import) -> _Run:
        """Opens the file, as far as it is not entered already; raises BadInput where it is no table of pupils."""
        if imported.stuck > MOST_TRIES:
            raise ServiceError("the process that enters it has ended several times", slug="internal-error")
        source = SealedSource(partial(self._piece, imported, asyncio.get_running_loop()), imported.size, PIECE)
        columns = columns_of(imported.school is not None, imported.school_class is not None)
        kept = ExitStack()
        file: Any = io.BufferedReader(source)
        with _read_from(source):
            table = await aside(lambda: kept.enter_context(opened(file, columns, imported.unpacked)), LIGHT)
        names = await _names(self._repository, table, imported)
        told = {"header": table.read(table.header), "ignored": tuple(map(letter, table.columns.unknown))}
        return _Run(imported.model_copy(update=told), source, _behind(table, imported.last_line), kept, names)

    def _piece(self, imported: Import, loop: asyncio.AbstractEventLoop, number: int) -> bytes:
        """A piece of the file, for the thread that reads it."""
        coming: Future[bytes] = asyncio.run_coroutine_threadsafe(self._imports.piece(imported, number), loop)
        until = time.monotonic() + FETCH_SECONDS
        while not self._closing and time.monotonic() < until:
            try:
                return coming.result(timeout=0.5)
            except TimeoutError:
                continue
        coming.cancel()
        raise TimeoutError("the piece does not come")

    async def _enter(self, run: _Run, rows: list[Row]) -> None:
        await self._must_be_in(run)
        account, roles = run.imported.by, {grant.role for grant in run.imported.who.grants}
        counted = not roles <= UNCOUNTED
        if counted:
            await self._limits.may_look(account)
        batch = Batch(run.imported, run.table, rows, self._clock(), run.names, run.dates if counted else None)
        entered = await enter(self._repository, batch, self._new_id)
        run.imported = entered.imported
        if counted:
            self._limits.found(account, entered.found)
        await self._told(entered)

    async def _must_be_in(self, run: _Run) -> None:
        """Goes on with the sender's grants that count by now; raises Excluded where none is left."""
        await self._exclusions.look()
        who = await self._exclusions.admitted(run.imported.who)
        if who.excluded:
            left = who.limited_to(*(grant.role for grant in (*who.grants, *who.excluded)))
            run.imported = run.imported.model_copy(update={"grants": stored_grants(left)})

    async def _told(self, entered: Entered) -> None:
        """Writes down whom a batch has entered or changed."""
        if entered.participants:
            imported = entered.imported
            participants, on = tuple(dict.fromkeys(entered.participants)), {"import": imported.id}
            await self._audit.tell(Entry(self._clock(), imported.actor, participants, on, 200))

    async def _ended(self, imported: Import, state: State, why: ServiceError | None = None) -> None:
        await self._drop(imported.id)
        now = self._clock()
        await self._imports.finish(imported.over(state, now, why), now)


async def _names(repository: Repository, table: Table, imported: Import) -> SchoolNames | None:
    """The schools that the sender may name, where lines do; raises BadInput where counts and their year do not fit."""
    _must_say_year(table, imported)
    named = imported.school is None and "school_name" in table.columns.places
    return await repository.register.schools_of(imported.who) if named else None


def _must_say_year(table: Table, imported: Import) -> None:
    """Raises BadInput for counts without their year, and for a year of no counts."""
    has_counts = not table.columns.places.keys().isdisjoint(COUNTS)
    if has_counts and imported.counted_in is None:
        raise BadInput.field("", "has counts of a calendar year: say which, as `counted_in=2024` of the request")
    if imported.counted_in is not None and not has_counts:
        raise BadInput.field("", "has no counts, of which the request says the year by `counted_in`")


@contextmanager
def _read_from(source: SealedSource) -> Iterator[None]:
    """Raises what kept the file from being read, where its reader took that for a fault of the file."""
    try:
        yield
    except BadInput:
        if source.failure is not None:
            raise source.failure from None
        raise


def _behind(table: Table, line: int) -> Table:
    """The table without the rows up to a line, which are entered already."""
    rows: Iterator[Row] = (row for row in table.rows if row.line > line)
    return Table(table.columns, table.header, rows, table.days_from)
