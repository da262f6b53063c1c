"""A report of numbers of pupils by school and class, which fills the school year of each school. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pydantic import ValidationError

from services.registration.domain.class_cells import class_of
from services.registration.domain.organisations import Organisation
from services.registration.domain.school_names import SchoolNames
from services.registration.domain.school_years import PupilNumber, SchoolYear, SchoolYearEntry, enter_year
from shared.base.errors import MOST_ERRORS_OF_AN_ITEM, BadInput, FieldError
from shared.base.wording import worded
from shared.contracts.codes import OrganisationCode, SeasonCode
from shared.identity.principal import Principal
from shared.storage.decision import Decision
from shared.tables import cells

Told = Literal["changed", "known"]
"""What a report has done to a school's year."""
WORDS = {"grade": "class", "school_class": "class", "pupils": "class"}
"""The column that holds what a year's entry calls by another word."""


@dataclass(frozen=True, slots=True)
class NumbersRequest:
    """All that a request says of the lines of its file."""

    region: OrganisationCode
    year: SeasonCode
    who: Principal
    now: datetime
    dry_run: bool = False
    """True where the lines are judged and nothing is stored."""


@dataclass(slots=True)
class NumberLine:
    """One row of a report: a school, and the number of pupils of a grade or of one of its classes."""

    number: int
    """The line of the file."""
    school: str = ""
    """The code of the school; empty where a fault says why there is none."""
    pupils: PupilNumber | None = None
    faults: list[FieldError] = field(default_factory=list)
    """About its columns."""


class NumberReader:
    """Reads the rows of a report about a region."""

    def __init__(self, names: SchoolNames, codes: Mapping[str, Organisation], region: str) -> None:
        """`codes` are the organisations that rows name by a code."""
        self._names = names
        self._codes = codes
        self._region = region

    def line(self, number: int, values: Mapping[str, str], fault: str) -> NumberLine:
        """The line of a row, by the cells of its columns."""
        line = NumberLine(number)
        try:
            if fault:
                raise BadInput.field("", fault)
            line.school = self._school(values)
            line.pupils = _pupils(values)
        except BadInput as refusal:
            line.faults = list(refusal.errors)
        return line

    def _school(self, values: Mapping[str, str]) -> str:
        code = values.get("school")
        if code is None and (name := values.get("school_name")) is not None:
            return self._names.code(name, values.get("municipality"))
        school = self._codes.get(code or "")
        if school is None or school.kind != "school" or school.region != self._region:
            raise BadInput.field("school", "is no school of the region" if code else "is missing")
        return school.id


def is_sum(values: Mapping[str, str]) -> bool:
    """Tells a row that holds sums of others."""
    return any(cells.begins_sums(values.get(word, "")) for word in ("municipality", "school_name", "class"))


def _pupils(values: Mapping[str, str]) -> PupilNumber:
    name, said = class_of(values) or "", dict[str, Any]()
    said = {"grade": int(name)} if name.isdecimal() else {"school_class": name, "grade": _grade(name)}
    faults = list[FieldError]()
    for word in ("total", "disabled"):
        try:
            said |= {word: cells.whole(values[word])} if word in values else {}
        except ValueError as error:
            faults.append(FieldError(word, error.args[0]))
    try:
        pupils = PupilNumber.model_validate(said)
    except ValidationError as error:
        told = BadInput.invalid(error, "", MOST_ERRORS_OF_AN_ITEM).errors
        named = [FieldError(_column(fault.pointer), fault.detail) for fault in told]
        seen = {fault.pointer for fault in faults}
        faults += [fault for fault in named if fault.pointer not in seen]
        raise BadInput.of(faults) from None
    if faults:
        raise BadInput.of(faults)
    return pupils


def _grade(name: str) -> int:
    digits = name[:2] if name[:2].isdecimal() else name[:1]
    return int(digits) if digits.isdecimal() else 0


def _column(pointer: str) -> str:
    """The column that a fault of a year's entry is about."""
    word = pointer.rpartition("/")[2]
    return WORDS.get(word, word)


def enter_numbers(
    known: SchoolYear | None, school: Organisation, year: str, lines: Sequence[NumberLine]
) -> Decision[SchoolYear]:
    """Enters the numbers of a school; its level, and grades that no line is about, stay as they were.

    Raises BadInput, about columns of `lines` by their place among these, where numbers do not fit each other, and
    Conflict for a closed school.
    """
    said = [line.pupils for line in lines if line.pupils is not None]
    grades = {number.grade for number in said}
    kept = [PupilNumber(**one.model_dump()) for one in known.pupils if one.grade not in grades] if known else []
    try:
        entry = SchoolYearEntry(level=known.level if known else None, pupils=(*said, *kept))
    except ValidationError as error:
        raise BadInput.invalid(error) from None
    return enter_year(known, school, year, entry)


def by_school(lines: Iterable[NumberLine]) -> tuple[dict[str, list[NumberLine]], list[NumberLine]]:
    """The lines of each school whose lines can all be read, and those of the others.

    A school's numbers are entered together: a sum over some of its classes would be wrong without a sign of it.
    """
    schools: dict[str, list[NumberLine]] = {}
    nowhere = list[NumberLine]()
    for line in lines:
        (schools.setdefault(line.school, []) if line.school else nowhere).append(line)
    for code in [code for code, own in schools.items() if any(line.faults for line in own)]:
        own = schools.pop(code)
        wrong = next(line.number for line in own if line.faults)
        for line in own:
            line.faults = line.faults or [FieldError("", worded("line {line} of the same school is wrong", line=wrong))]
        nowhere += own
    return schools, nowhere
