"""A region's directory: each line is an organisation, decided over the register as the lines before it left it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from services.registration.domain.definitions import Definition, define, must_be_only
from services.registration.domain.directory_columns import KINDS, LEVELS
from services.registration.domain.organisations import Organisation
from shared.base.errors import MOST_ERRORS_OF_AN_ITEM, BadInput, Conflict, FieldError
from shared.base.wording import worded
from shared.contracts.codes import OrganisationCode
from shared.identity.principal import Principal
from shared.storage.decision import Decision, Decisions
from shared.storage.namesakes import must_be_own
from shared.tables.columns import folded

Fate = Literal["created", "changed", "known"]
"""The fate of a line that was not refused."""
CODE = TypeAdapter[str](OrganisationCode)
INN_DIGITS = 10


@dataclass(frozen=True, slots=True)
class DirectoryLine:
    """A line of the file by its columns; cells that are empty say nothing, and what is there stays."""

    number: int
    code: str
    values: Mapping[str, Any]
    """As a definition has them; `parent` may still be a municipality's name."""
    faults: Sequence[FieldError] = ()

    @classmethod
    def of(cls, number: int, cells: Mapping[str, str], fault: str = "") -> "DirectoryLine":
        """Reads a row; what it says wrongly is a fault of its column."""
        faults = [FieldError("", fault)] if fault else []
        values: dict[str, Any] = {name: cells[name] for name in ("name", "parent", "ogrn") if name in cells}
        if "inn" in cells:  # a spreadsheet takes it for a number, and the zero at its beginning for nothing
            values["inn"] = cells["inn"].zfill(INN_DIGITS)
        for column, words in (("kind", KINDS), ("level", LEVELS)):
            said = cells.get(column)
            if said is not None and (known := words.get(folded(said))) is None:
                faults.append(FieldError(column, "is none of the words that are known"))
            elif said is not None:
                values[column] = known
        faults += [FieldError(column, "is missing") for column in ("code", "name") if column not in cells]
        code = cells.get("code", "")
        try:
            CODE.validate_python(code)
        except ValidationError:
            faults += [FieldError("code", "must be 2 to 40 Latin letters, digits and dashes")] if code else []
        return cls(number, code, values, tuple(faults))

    @property
    def is_municipality(self) -> bool:
        """Tells that others may lie in it: it is entered before them."""
        return self.values.get("kind") == "municipality"


@dataclass(frozen=True, slots=True)
class DirectoryRequest:
    """All that a request says of the lines of its file."""

    region: str
    who: Principal
    now: datetime
    occurred_at: datetime | None = None
    dry_run: bool = False
    """True where the lines are judged and nothing is stored."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The part of the register that lines are judged by, as it is stored."""

    region: Organisation
    organisations: Sequence[Organisation]
    """The region's municipalities, those that have a line's code in any case of its letters, and those with its
    numbers."""
    regions: frozenset[str]
    """Codes of regions in whose name the code of a line may be."""


class Directory:
    """The register while lines are decided: each sees what those before it entered."""

    def __init__(self, around: Surroundings, request: DirectoryRequest) -> None:
        self._region = around.region
        self._regions = around.regions
        self._who = request.who
        self._occurred_at = request.occurred_at
        self._now = request.now
        self._decisions = Decisions(around.organisations)
        self._spelt: dict[str, str] = {}
        self._numbers: dict[str, Organisation] = {}
        self._towns: dict[str, set[str]] = {}
        for organisation in around.organisations:
            self._index(organisation)

    @property
    def made(self) -> list[Decision[Organisation]]:
        """The decisions that are to be stored."""
        return self._decisions.made

    def enter(self, line: DirectoryLine) -> Fate:
        """Enters or changes the organisation of a line; raises BadInput and Conflict about the line's columns."""
        if line.faults:
            raise BadInput.of(line.faults, MOST_ERRORS_OF_AN_ITEM)
        current = self._decisions.get(line.code)
        if current is None:
            self._must_be_new(line.code)
        elif current.region != self._region.id:
            raise Conflict.about("code", "is an organisation's of another region", "code-taken")
        definition = self._definition(line, current)
        numbers = {"inn": definition.inn, "ogrn": definition.ogrn}
        sharing = [self._numbers[number] for number in numbers.values() if number in self._numbers]
        must_be_only(numbers, [other for other in sharing if other.id != line.code], self._who)
        parent = self._region if definition.kind == "municipality" else self._decisions.get(definition.parent)
        decision = define(current, line.code, definition, parent, self._now)
        if decision.made:
            self._decisions.take(decision, None)
            self._index(decision.state)
        return "created" if current is None else "changed" if decision.made else "known"

    def _must_be_new(self, code: str) -> None:
        twin = self._spelt.get(code.lower())
        if twin is not None:
            detail = worded("{twin} exists, and differs by the case of letters alone", twin=twin)
            raise Conflict.about("code", detail, "code-taken")
        if not self._who.has("national-operator"):
            must_be_own(code, self._region.id, self._regions)

    def _definition(self, line: DirectoryLine, current: Organisation | None) -> Definition:
        """The definition of a line: what it does not say is as it was; raises BadInput about its columns."""
        kept = current.model_dump(include={"kind", "name", "parent", "level", "inn", "ogrn"}) if current else {}
        said: dict[str, Any] = {"kind": "school", **kept, **line.values, "occurred_at": self._occurred_at}
        if said["kind"] == "municipality":
            said["parent"] = self._region.id
        elif "parent" in said:
            said["parent"] = self._municipality(said["parent"])
        else:
            raise BadInput.field("parent", "is missing")
        try:
            return Definition.model_validate(said)
        except ValidationError as error:
            faults = BadInput.invalid(error, "", MOST_ERRORS_OF_AN_ITEM).errors
            raise BadInput.of(FieldError(fault.pointer[1:], fault.detail) for fault in faults) from None

    def _municipality(self, said: str) -> str:
        """The code of a municipality of the region that a cell names by its code or its name."""
        found = self._decisions.get(said)
        if found is not None and found.kind == "municipality" and found.region == self._region.id:
            return said
        codes = self._towns.get(folded(said), set())
        if len(codes) == 1:
            return min(codes)
        if codes:
            several = worded("is the name of {count} municipalities: write the code", count=len(codes))
            raise BadInput.field("parent", several)
        raise BadInput.field("parent", "is no municipality of the region, by code or by name")

    def _index(self, organisation: Organisation) -> None:
        self._spelt.setdefault(organisation.id.lower(), organisation.id)
        for number in (organisation.inn, organisation.ogrn):
            if number is not None:
                self._numbers[number] = organisation
        is_open = organisation.kind == "municipality" and organisation.closed is None
        if is_open and organisation.region == self._region.id:
            self._towns.setdefault(folded(organisation.name), set()).add(organisation.id)


def in_order(lines: Iterable[DirectoryLine]) -> list[DirectoryLine]:
    """The lines, municipalities first; of several with one code, in any case of its letters, the later are at fault."""
    first: dict[str, int] = {}
    ordered = []
    for line in lines:
        before = first.setdefault(line.code.lower(), line.number) if line.code else line.number
        if before != line.number:
            fault = FieldError("code", worded("stands already, in line {line}", line=before))
            line = DirectoryLine(line.number, line.code, line.values, (*line.faults, fault))
        ordered.append(line)
    return sorted(ordered, key=lambda line: not line.is_municipality)
