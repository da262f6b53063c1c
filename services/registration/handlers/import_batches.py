"""Use case: some rows of a file are entered as rosters of their classes are, and the import says how far it is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from pydantic import ValidationError

from services.registration.domain.admission import CHILD_KNOWN, TRANSFER_NEEDED
from services.registration.domain.birth_dates import BirthDates
from services.registration.domain.enrolment import Enrolled
from services.registration.domain.import_lines import Line, LineReader, names_nobody, plain
from services.registration.domain.imports import MOST_REFUSED, Counts, Import
from services.registration.domain.opening_balances import OpeningBalance
from services.registration.domain.organisations import Organisation
from services.registration.domain.roster_entries import PupilEntry, RosterHeader
from services.registration.domain.school_names import SchoolNames
from services.registration.handlers.import_keys import Earlier, give_keys
from services.registration.handlers.refused_lines import refused_line, trace_of
from services.registration.handlers.rosters import RosterRequest, RosterResult, judge, register
from services.registration.imports import LineReason, RefusedLine
from services.registration.repository import Repository
from services.registration.tried_lines import Trace
from shared.base.errors import BadInput, ServiceError
from shared.base.side_thread import aside
from shared.http.batch import Item, Outcome
from shared.programme.texts import REF
from shared.storage.decision import NewId
from shared.storage.mongo import Transaction
from shared.tables.table import Row, Table

TELLING = {CHILD_KNOWN, TRANSFER_NEEDED}
"""Refusals that tell that a child of a name and birth date is there."""


@dataclass(slots=True)
class Entered:
    """The outcome of a batch of rows."""

    imported: Import
    """The import after it."""
    participants: list[str] = field(default_factory=list)
    """The pupils who were entered or changed."""
    found: int = 0
    """The children whom the sender has found by their names."""


@dataclass(frozen=True)
class Batch:
    """Rows of an import that are entered together."""

    imported: Import
    table: Table
    rows: Sequence[Row]
    now: datetime
    names: SchoolNames | None = None
    """The schools that lines may name; None where they have codes."""
    dates: BirthDates | None = None
    """The birth dates by name of earlier lines; None where the sender sees every child whom a line could find."""

    @cached_property
    def texts(self) -> Mapping[int, Sequence[str]]:
        """The cells of each row, by its line, without those that nobody has asked for: a phone, a СНИЛС."""
        return {row.line: self.table.read(row) for row in self.rows}


@dataclass(frozen=True, slots=True)
class _Class:
    """The lines of one class, as the roster that they make, or why they make none."""

    lines: Sequence[Line]
    request: RosterRequest | ServiceError


async def enter(repository: Repository, batch: Batch, new_id: NewId) -> Entered:
    """Enters rows, keeping how far the import is in the same transaction; of a dry run that alone.

    Raises Overtaken where another process has gone on with the import.
    """
    every, broken = await aside(lambda: _read(batch), len(batch.rows))
    lines = [line for line in every if not line.archived]
    schools = await repository.organisations.load({line.school for line in lines if line.school})
    earlier = Earlier(await _tried(repository, batch, lines, schools) if batch.imported.dry_run else ())
    await give_keys(repository, lines, schools, batch.imported.who.scope, earlier)
    classes = await aside(lambda: list(_classes(batch, lines, schools)), len(lines))
    requests = [one.request for one in classes if isinstance(one.request, RosterRequest)]
    trial = await _trial(repository, batch, lines, schools) if batch.imported.dry_run else None
    found = [Entered(batch.imported)]

    async def then(results: Sequence[RosterResult], tx: Transaction) -> None:
        outcomes = list(_outcomes(classes, results))
        entered = _entered(batch, outcomes, Counts(refused=len(broken), skipped=len(every) - len(lines)))
        refused = [*broken, *_refused(repository, batch, schools, outcomes)]
        kept = max(0, MOST_REFUSED - batch.imported.counts.refused)
        await repository.imports.progress(batch.imported, entered.imported, refused[:kept], batch.now, tx)
        if trial is None:
            await repository.balances.keep(_balances(batch.imported, outcomes), batch.imported.actor, tx)
        else:
            fit = [(line, trial.traces[line.number]) for line, one in outcomes if not isinstance(one, ServiceError)]
            await repository.imports.tried.keep(batch.imported, fit, trial.seen, batch.now, tx)
        found[0] = entered

    if trial is None:
        await register(repository, requests, new_id, then)
    else:
        results = await judge(repository, [*trial.before, *requests], new_id)
        await repository.transact(lambda tx: then(results[len(trial.before) :], tx))
    return found[0]


@dataclass(frozen=True, slots=True)
class _Trial:
    """The lines of a dry run that were judged before, as far as those of a batch meet them."""

    traces: Mapping[int, Trace]
    """Of the batch, by line."""
    seen: set[str]
    """The words of earlier lines."""
    before: Sequence[RosterRequest]
    """The rosters of earlier lines, which are judged again before those of the batch."""


async def _tried(
    repository: Repository, batch: Batch, lines: Sequence[Line], schools: Mapping[str, Organisation]
) -> list[Line]:
    """The earlier lines about the pupils of a batch, by their keys and by the marks of those who have none."""
    words = await aside(lambda: {w for line in lines for w in trace_of(repository, line, schools).words}, len(lines))
    met, _ = await repository.imports.tried.met(batch.imported, words)
    return met


async def _trial(
    repository: Repository, batch: Batch, lines: Sequence[Line], schools: Mapping[str, Organisation]
) -> _Trial:
    traces = await aside(lambda: {line.number: trace_of(repository, line, schools) for line in lines}, len(lines))
    words = {word for trace in traces.values() for word in trace.words}
    met, seen = await repository.imports.tried.met(batch.imported, words)
    theirs = await repository.organisations.load({line.school for line in met})
    before = [one.request for one in _classes(batch, met, theirs) if isinstance(one.request, RosterRequest)]
    return _Trial(traces, seen, before)


def _read(batch: Batch) -> tuple[list[Line], list[RefusedLine]]:
    """The rows as lines, and those whose cells cannot be used."""
    imported = batch.imported
    reader = LineReader(imported.school, imported.school_class, batch.table.days_from, batch.names)
    broken = [
        RefusedLine(row.line, batch.texts[row.line], [LineReason("", "", row.fault)], BadInput.slug)
        for row in batch.rows
        if row.fault
    ]
    read = [(row, batch.table.values(row)) for row in batch.rows if not row.fault]
    lines = [reader.line(row.line, values) for row, values in read if not names_nobody(row.texts, values)]
    if batch.dates is not None:
        for line in lines:
            batch.dates.judge(line)
    return lines, broken


def _classes(batch: Batch, lines: Sequence[Line], schools: Mapping[str, Organisation]) -> Iterator[_Class]:
    """Yields the lines by class, in the order in which classes come."""
    grouped: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        grouped.setdefault((line.school, line.school_class), []).append(line)
    for (school, school_class), group in grouped.items():
        try:
            header = RosterHeader.model_validate(
                {
                    "season": batch.imported.season,
                    "school": school,
                    "class": school_class,
                    "occurred_at": batch.imported.occurred_at,
                    "exception": batch.imported.exception,
                }
            )
        except ValidationError as error:
            faults = [plain(fault) for fault in BadInput.invalid(error).errors]
            yield _Class(group, BadInput.of(replace(fault, pointer=fault.pointer.lstrip("/")) for fault in faults))
            continue
        offset = schools[school].utc_offset if school in schools else "+00:00"
        items: list[Item[PupilEntry]] = [Item(line.at, line.entry(offset)) for line in group]
        refs = [REF.read(line.said.get("external_ref")) for line in group]
        imported = batch.imported
        request = RosterRequest(
            items=items, who=imported.who, now=batch.now, by=imported.actor, header=header, refs=refs
        )
        yield _Class(group, request)


def _outcomes(classes: Sequence[_Class], results: Sequence[RosterResult]) -> Iterator[tuple[Line, Outcome[Enrolled]]]:
    """The outcome of each line; what refuses a class refuses all its lines, beside what is wrong with each."""
    told = iter(results)
    for one in classes:
        result = next(told) if isinstance(one.request, RosterRequest) else one.request
        if not isinstance(result, ServiceError):
            yield from zip(one.lines, result, strict=True)
            continue
        for line in one.lines:
            own = {fault.pointer.removeprefix(line.at).lstrip("/"): fault for fault in line.faults}
            more = (fault for fault in result.errors if fault.pointer not in own)
            yield line, BadInput.of([*own.values(), *more]) if own else result


def _balances(imported: Import, outcomes: Sequence[tuple[Line, Outcome[Enrolled]]]) -> list[OpeningBalance]:
    """The opening balances of the pupils who were entered, each as the last line about the pupil says it."""
    year = imported.counted_in
    told = [
        OpeningBalance(participant=outcome.value.pupil.id, year=year, **line.counted)
        for line, outcome in outcomes
        if year is not None and line.counted is not None and not isinstance(outcome, ServiceError)
    ]
    return list({balance.id: balance for balance in told}.values())


def _entered(batch: Batch, outcomes: Sequence[tuple[Line, Outcome[Enrolled]]], others: Counts) -> Entered:
    """The import behind a batch, and whom it was about."""
    done = [outcome for _, outcome in outcomes if not isinstance(outcome, ServiceError)]
    refusals = [outcome for _, outcome in outcomes if isinstance(outcome, ServiceError)]
    counts = Counts(
        created=sum(one.new for one in done),
        known=sum(not one.new for one in done),
        corrected=sum(bool(one.value.corrected) for one in done),
        moved=sum(one.value.moved_from is not None for one in done),
        refused=len(refusals),
    ).plus(others)
    before = batch.imported
    far = {"last_line": batch.rows[-1].line, "counts": before.counts.plus(counts), "stuck": 0}
    after = before.model_copy(update=far)
    found = sum(refusal.type in TELLING for refusal in refusals)
    participants = [] if before.dry_run else [one.value.pupil.id for one in done]
    return Entered(after, participants, found)


def _refused(
    repository: Repository,
    batch: Batch,
    schools: Mapping[str, Organisation],
    outcomes: Sequence[tuple[Line, Outcome[Enrolled]]],
) -> Iterator[RefusedLine]:
    for line, why in outcomes:
        if isinstance(why, ServiceError):
            trace = trace_of(repository, line, schools)
            yield refused_line(line, trace, why, batch.table, batch.texts[line.number])
