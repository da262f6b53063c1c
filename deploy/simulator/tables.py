"""Typed reading of a scenario's files; every refusal names the file, the row and the reason."""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, timezone
from pathlib import Path
from typing import Any

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
PLACE_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{1,31}")
"""Of a region or municipality: short enough for its schools' codes to begin with it."""
LONGEST_TEXT = 150
OFFSET = re.compile(r"([+-])(\d\d):([0-5]\d)")


class ScenarioError(ValueError):
    """A scenario that cannot be played: which file, which row, and why."""

    def __init__(self, file: str, reason: str, row: str = "") -> None:
        super().__init__(f"{file}, {row}: {reason}" if row else f"{file}: {reason}")


@dataclass(frozen=True, slots=True)
class Fields:
    """The named values of one JSON object or of one row; each reader returns a checked value or refuses."""

    file: str
    values: Mapping[str, Any]
    row: str = ""

    def refused(self, reason: str) -> ScenarioError:
        return ScenarioError(self.file, reason, self.row)

    def __getitem__(self, name: str) -> Any:
        if name not in self.values:
            raise self.refused(f"`{name}` is missing")
        return self.values[name]

    def text(self, name: str) -> str:
        value = self[name]
        if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXT:
            raise self.refused(f"`{name}` is to be a text of at most {LONGEST_TEXT} characters, not {value!r}")
        return value

    def code(self, name: str) -> str:
        """A code that may stand in an address and in a topic's name."""
        return self._code(name, CODE, "at most 40 letters, digits, hyphens and underscores")

    def place_code(self, name: str) -> str:
        """The code of a region or municipality."""
        return self._code(name, PLACE_CODE, "2 to 32 letters, digits and hyphens")

    def _code(self, name: str, pattern: re.Pattern[str], form: str) -> str:
        value = self.text(name)
        if not pattern.fullmatch(value):
            raise self.refused(f"`{name}` is to be of {form}, not {value!r}")
        return value

    def count(self, name: str, least: int = 0) -> int:
        value = self[name]
        if type(value) is not int or value < least:
            raise self.refused(f"`{name}` is to be a whole number of at least {least}, not {value!r}")
        return value

    def day(self, name: str) -> date:
        try:
            return date.fromisoformat(self.text(name))
        except ValueError:
            raise self.refused(f"`{name}` is to be a date as 2020-12-16, not {self[name]!r}") from None

    def zone(self, name: str) -> timezone:
        """A UTC offset, `+03:00`."""
        match = OFFSET.fullmatch(self.text(name))
        if match is None or int(match[2]) > 14:
            raise self.refused(f"`{name}` is to be an offset as +03:00, not {self[name]!r}")
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(-offset if match[1] == "-" else offset)

    def items(self, name: str) -> list[Any]:
        value = self[name]
        if not isinstance(value, list):
            raise self.refused(f"`{name}` is to be a list, not {value!r}")
        return value


def read_document(path: Path) -> Fields:
    """The object of a JSON file."""
    try:
        values = json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise ScenarioError(path.name, f"is not JSON: {error}") from None
    if not isinstance(values, dict):
        raise ScenarioError(path.name, "is to be a JSON object")
    return Fields(path.name, values)


def read_table(path: Path, columns: Sequence[str]) -> list[Fields]:
    """The rows of a CSV file with exactly these columns; outside `code` and `name_ru` digits are a number."""
    reader = csv.reader(_text(path).splitlines(), strict=True)
    rows = []
    try:
        header = next(reader, [])
        if header != list(columns):
            raise ScenarioError(path.name, f"the columns are to be {','.join(columns)}", "row 1")
        for values in reader:
            row = Fields(
                path.name, dict(zip(columns, map(_value, columns, values), strict=False)), f"row {reader.line_num}"
            )
            if len(values) != len(columns):
                raise row.refused(f"{len(values)} values for {len(columns)} columns")
            rows.append(row)
    except csv.Error as error:
        raise ScenarioError(path.name, f"is not CSV: {error}", f"row {reader.line_num}") from None
    return rows


def _value(column: str, text: str) -> str | int:
    whole = column not in ("code", "name_ru") and text.isascii() and text.isdecimal() and len(text) < 10
    return int(text) if whole else text


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ScenarioError(path.name, f"there is no such file in {path.parent}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(path.name, f"cannot be read: {error}") from None
