"""Lines of a file that were refused, as their sender is told of them, and the ways to the persons on a line."""

from collections.abc import Mapping, Sequence

from services.registration.domain.import_columns import WORDS
from services.registration.domain.import_lines import Line
from services.registration.domain.organisations import Organisation
from services.registration.domain.participants import former_key
from services.registration.imports import LineReason, RefusedLine
from services.registration.repository import Repository
from services.registration.tried_lines import Trace
from shared.base.errors import ServiceError
from shared.programme.texts import NAME, REF, ref_key
from shared.tables.table import Table


def refused_line(line: Line, trace: Trace, why: ServiceError, table: Table, cells: Sequence[str]) -> RefusedLine:
    """Returns a line with the columns at fault, as the file calls them, and what leads to the persons on it."""
    faults = [(error.pointer.removeprefix(line.at).lstrip("/"), error.detail) for error in why.errors]
    named = [(WORDS.get(word, word), detail) for word, detail in faults] or [("", why.detail)]
    reasons = [LineReason(column, _title(table, column), detail) for column, detail in named]
    return RefusedLine(line.number, cells, reasons, why.type, trace.keys, trace.child)


def trace_of(repository: Repository, line: Line, schools: Mapping[str, Organisation]) -> Trace:
    """Returns the ways to the persons on a line, the pupil's key first."""
    refs = [line.said.get("external_ref")]
    refs += [one.get("ref") for one in (line.said.get("guardian") or {}, *line.said.get("guardians", ()))]
    keys = [former_key(line.school, ref_key(ref)) for ref in refs if REF.read(ref) is not None]
    child, school = None, schools.get(line.school)
    name, born = NAME.read(line.said.get("name")), line.said.get("birth_date")
    if school is not None and name is not None and born is not None:
        child = repository.sealed.child_mark(school.region, {"name": name, "birth_date": born})
    return Trace(keys, child)


def _title(table: Table, name: str) -> str:
    """Returns the title of a column, or of the one that stands for it, as the file has it; empty where it has none."""
    several = {"name": "last_name", "class": "grade", "grade": "class", "school": "school_name"}
    several |= {"guardian_inn": "guardian_ogrn", "consent_by": "birth_date"}
    places = table.columns.places
    at = places.get(name, places.get(several.get(name, ""), -1))
    return table.header.texts[at] if at >= 0 else ""
