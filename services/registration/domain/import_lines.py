"""Rows of a file as lines of rosters: each cell is read for what it says, and a fault names its line and column."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from pydantic import ValidationError

from services.registration.domain.class_cells import class_of
from services.registration.domain.classes import GRADES
from services.registration.domain.identities import NUMBERS
from services.registration.domain.import_columns import CHANNELS, COUNTS, GIVERS
from services.registration.domain.opening_balances import MOST_COUNTED
from services.registration.domain.roster_entries import PupilEntry
from services.registration.domain.school_names import SchoolNames
from shared.base.errors import MOST_ERRORS_OF_AN_ITEM, BadInput, FieldError
from shared.base.wording import worded
from shared.contracts.codes import ORGANISATION
from shared.programme.texts import class_form
from shared.tables import cells
from shared.tables.columns import folded

PLACES = {"school", "school_name", "municipality", "class", "letter", "grade"}
"""The columns that say where a pupil learns, and not who."""
IMPAIRED = {"овз", "инвалид", "инвалидность", "ребенок инвалид"}
"""Cells that repeat the title of their column, and mean yes."""
INN_DIGITS = 10
PLAIN = {
    "Input should be less than or equal to 11": "must be from 1 to 11",
    "Input should be greater than or equal to 1": "must be from 1 to 11",
    "String should match pattern '^[0-9]{10}$'": "must have ten digits",
    "String should match pattern '^[0-9]{13}$'": "must have thirteen digits",
    f"String should match pattern '{ORGANISATION}'": "must be 2 to 40 Latin letters, digits and dashes",
}
"""What a validator says, and the same in plain words."""
NO_PATRONYMIC = re.compile(r"(\s+[-–—])+$")
"""A dash where the third word of a name would stand."""
GRADE = re.compile(r"[0-9]{1,2}")


@dataclass(slots=True)
class Line:
    """One row of a file: the class that it belongs to, and what it says of a pupil."""

    number: int
    school: str
    school_class: str
    said: dict[str, Any]
    """The pupil as a roster's line is sent; keys that the file does not have are still missing."""
    consent_day: date | None = None
    counted: dict[str, int] | None = None
    """What another system counted of the pupil, by column; None where the file has no such columns."""
    archived: bool = False
    """True where the file says that the pupil is in the archive."""
    faults: list[FieldError] = field(default_factory=list)
    """About its columns."""

    @property
    def at(self) -> str:
        """The place that refusals name."""
        return worded("line {line}", line=self.number)

    def entry(self, utc_offset: str) -> PupilEntry | BadInput:
        """The pupil, where the line can be read; days of consents are those of a clock `utc_offset`."""
        consent = self.said.get("consent")
        if consent is not None and self.consent_day is not None:
            consent["given_at"] = f"{self.consent_day.isoformat()}T00:00:00{utc_offset}"
        try:
            entry = PupilEntry.model_validate(self.said)
        except ValidationError as error:
            faulty = {fault.pointer for fault in self.faults}
            more = [plain(f) for f in BadInput.invalid(error, self.at, MOST_ERRORS_OF_AN_ITEM).errors]
            if f"{self.at}/class" in faulty:
                faulty.add(f"{self.at}/grade")  # it follows from the class
            rest = [f for f in more if f.pointer not in faulty]
            return BadInput.of([*self.faults, *rest], MOST_ERRORS_OF_AN_ITEM)
        return BadInput.of(self.faults) if self.faults else entry


class LineReader:
    """Reads rows; what the request says of all of them counts where the row does not say it."""

    def __init__(
        self, school: str | None, school_class: str | None, days_from: date, names: SchoolNames | None = None
    ) -> None:
        self._school = school
        self._school_class = school_class
        self._days_from = days_from
        self._names = names or SchoolNames([], {})

    def line(self, number: int, values: Mapping[str, str]) -> Line:
        """The line of a row, by the cells of its columns."""
        line = Line(number, "", "", {})
        line.archived = self._archived(line, values)
        if "school" not in values and self._school is None and "school_name" in values:
            line.school = self._named(line, values)
        else:
            line.school = self._same(line, "school", values.get("school"), self._school)
        name = self._same(line, "class", class_of(values), self._school_class, class_form)
        line.school_class = class_form(name)
        line.said = dict(self._said(line, values))
        _must_begin_with_a_grade(line)
        if not values.keys().isdisjoint(COUNTS):
            line.counted = {word: self._read(line, values, word, _count) or 0 for word in COUNTS}
        return line

    def _named(self, line: Line, values: Mapping[str, str]) -> str:
        """The code of a school that the row names; empty where a fault says why there is none."""
        try:
            return self._names.code(values["school_name"], values.get("municipality"))
        except BadInput as refusal:
            line.faults += [FieldError(f"{line.at}/{fault.pointer}", fault.detail) for fault in refusal.errors]
            return ""

    def _archived(self, line: Line, values: Mapping[str, str]) -> bool:
        """Tells whether the row has a day on which the pupil went into the archive, and not a word for none."""
        said = values.get("archived_on", "").casefold()
        return said not in cells.NO and self._read(line, values, "archived_on", self._day) is not None

    def _same(
        self, line: Line, word: str, said: str | None, all_said: str | None, form: Callable[[str], str] = str
    ) -> str:
        """The word of the row, or of the request; a fault where the two differ."""
        if said is not None and all_said is not None and form(said) != form(all_said):
            line.faults.append(FieldError(f"{line.at}/{word}", "is another one than that of the request"))
        found = all_said or said or ""
        if not found:
            line.faults.append(FieldError(f"{line.at}/{word}", "is missing"))
        return found

    def _said(self, line: Line, values: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
        if (ref := values.get("external_ref")) is not None:
            yield "external_ref", ref
        if name := _name(values):
            yield "name", name
        if (born := self._read(line, values, "birth_date", self._day)) is not None:
            yield "birth_date", born.isoformat()
        if grade := GRADE.match(line.school_class):
            said = self._read(line, values, "grade", cells.whole)
            yield "grade", int(grade[0]) if said is None else said
        flags = [self._read(line, values, word, _impairment) for word in ("disability", "invalid")]
        yield "disability", any(flags)
        if self._read(line, values, "namesake", cells.yes):
            yield "namesake", True
        for word, at in (("guardian", "guardian"), ("second_guardian", "guardians")):
            if called := values.get(word):
                ref = values.get(f"{word}_ref")
                guardian = {"name": called} | ({} if ref is None else {"ref": ref})
                if at == "guardian":
                    guardian = _numbered(values) | guardian
                yield at, guardian if at == "guardian" else [guardian]
        if consent := self._consent(line, values):
            yield "consent", consent

    def _consent(self, line: Line, values: Mapping[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if version := values.get("consent_version"):
            found["version"] = version
        if number := values.get("consent_number"):
            found["register_number"] = number
        if channel := self._read(line, values, "consent_channel", _channel, "consent/channel"):
            found["channel"] = channel
        if self._read(line, values, "consent_by", _is_by_pupil, "consent/by_pupil"):
            found["by_pupil"] = True
        line.consent_day = self._read(line, values, "consent_day", self._day, "consent/given_at")
        if line.consent_day is not None:
            found["given_at"] = line.consent_day.isoformat()  # `entry` says at which clock
        return found

    def _day(self, text: str) -> date:
        return cells.day(text, self._days_from)

    def _read(
        self, line: Line, values: Mapping[str, str], word: str, read: Callable[[str], Any], named: str | None = None
    ) -> Any:
        """The value of a cell; None where there is none, or a fault says why, which a line's word may name."""
        if (text := values.get(word)) is None:
            return None
        try:
            return read(text)
        except ValueError as error:
            line.faults.append(FieldError(f"{line.at}/{named or word}", error.args[0]))
            return None


def names_nobody(texts: Sequence[str], values: Mapping[str, str]) -> bool:
    """Tells a row that is no line about a pupil: a numbered one of a form that was left empty, or one of sums."""
    first = next(filter(None, texts), "")
    return values.keys() <= PLACES or ("birth_date" not in values and cells.begins_sums(first))


def _impairment(text: str) -> bool:
    return folded(text) in IMPAIRED or cells.yes(text)


def _channel(text: str) -> str:
    found = CHANNELS.get(folded(text))
    if found is None:
        raise ValueError("must be бумага, госуслуги or кабинет")
    return found


def _is_by_pupil(text: str) -> bool:
    found = GIVERS.get(folded(text))
    if found is None:
        raise ValueError("must be родитель, who is the first one on the line, or ученик")
    return found


def _numbered(values: Mapping[str, str]) -> dict[str, str]:
    """An organisation's numbers, and the school's key of it, which all its wards share where no column has another."""
    found = {number: said for number in NUMBERS if (said := values.get(f"guardian_{number}")) is not None}
    if "inn" in found:  # a spreadsheet takes it for a number, and the zero at its beginning for nothing
        found["inn"] = found["inn"].zfill(INN_DIGITS)
    return found and {"kind": "organisation", "ref": f"org-{next(iter(found.values()))}", **found}


def _must_begin_with_a_grade(line: Line) -> None:
    """Notes a class of which nobody can say the grade, unless a fault says so already."""
    at, grade = f"{line.at}/class", GRADE.match(line.school_class)
    if any(fault.pointer == at for fault in line.faults) or (grade and int(grade[0]) in GRADES):
        return
    if cells.ISO.fullmatch(line.school_class) is not None:
        line.faults.append(FieldError(at, "was taken for a day by the spreadsheet: write it as a text, as «7А»"))
    else:
        line.faults.append(FieldError(at, "must begin with a grade from 1 to 11, as «7А»"))


def plain(fault: FieldError) -> FieldError:
    """A fault in words of people who fill in sheets."""
    return replace(fault, detail=PLAIN.get(fault.detail, fault.detail))


def _count(text: str) -> int:
    count = cells.whole(text)
    if not 0 <= count <= MOST_COUNTED:
        raise ValueError(worded("must be from {least} to {most}", least=0, most=MOST_COUNTED))
    return count


def _name(values: Mapping[str, str]) -> str:
    """The full name: of one cell, or of three, of which the last may be empty."""
    parts = (values.get(word, "") for word in ("last_name", "first_name", "patronymic"))
    return NO_PATRONYMIC.sub("", values.get("name") or " ".join(filter(None, parts)))
