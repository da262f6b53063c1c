"""Reads a scenario's folder, `season.json` and two tables; every refusal names the file, the row and the reason."""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from deploy.simulator.scenario import Competency, Municipality, Scenario, ScenarioError

T = TypeVar("T", Scenario, Municipality, Competency)
IN_FILES = {
    "name": "name_ru",
    "zone": "utc_offset",
    "gate": "recommendation_gate",
    "competency_count": "competencies",
}
"""The names that files have for fields; any other has its own."""


def load(folder: Path) -> Scenario:
    """The scenario of a folder; raises `ScenarioError` with the file, the row and the reason."""
    path = folder / "season.json"
    try:
        values = json.loads(_content(path))
    except json.JSONDecodeError as error:
        raise ScenarioError(path.name, f"is not JSON: {error}") from None
    if not isinstance(values, dict):
        raise ScenarioError(path.name, "is to be a JSON object")
    parts = {
        "municipalities": tuple(_table(folder / "municipalities.csv", Municipality)),
        "competencies": tuple(_table(folder / "competencies.csv", Competency)),
    }
    return _made(Scenario, values, path.name, **parts, scale=1.0)


def _made(kind: type[T], values: Mapping[str, Any], file: str, **more: Any) -> T:
    """One of this kind, of a file's values and of `more`, which no file says."""
    forms: Mapping[str, Any] = kind.__pydantic_fields__  # type: ignore[attr-defined]
    names = {own: IN_FILES.get(own, own) for own in forms if own not in more}
    known = {own: values[name] for own, name in names.items() if name in values}
    try:
        return TypeAdapter(kind).validate_python(known | more)
    except ValidationError as error:
        own = str(error.errors()[0]["loc"][0])
        wrong = f"is to be {forms[own].description}, not {known[own]!r}" if own in known else "is missing"
        raise ScenarioError(file, f"`{names[own]}` {wrong}", more.get("row", "")) from None


def _table(path: Path, kind: type[T]) -> Iterator[T]:
    """The rows of a CSV file with exactly the columns of this kind; outside its texts digits are a number."""
    forms: Mapping[str, Any] = kind.__pydantic_fields__  # type: ignore[attr-defined]
    columns = {IN_FILES.get(own, own): form.annotation for own, form in forms.items() if own != "row"}
    reader = csv.reader(_content(path).splitlines(), strict=True)
    try:
        if next(reader, []) != list(columns):
            raise ScenarioError(path.name, f"the columns are to be {','.join(columns)}", "row 1")
        for texts in reader:
            row = f"row {reader.line_num}"
            if len(texts) != len(columns):
                raise ScenarioError(path.name, f"{len(texts)} values for {len(columns)} columns", row)
            pairs = zip(columns.items(), texts, strict=True)
            values = {name: int(text) if column is int and _is_whole(text) else text for (name, column), text in pairs}
            yield _made(kind, values, path.name, row=row)
    except csv.Error as error:
        raise ScenarioError(path.name, f"is not CSV: {error}", f"row {reader.line_num}") from None


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ScenarioError(path.name, f"there is no such file in {path.parent}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(path.name, f"cannot be read: {error}") from None
