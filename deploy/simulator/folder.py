"""Reads a scenario's folder, `season.json` and two tables; every refusal names the file, the row and the reason."""

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from deploy.simulator.scenario import (
    CORRECTIONS,
    COUNTS,
    Competency,
    Gate,
    Municipality,
    RankingRow,
    Scenario,
    ScenarioError,
)

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
"""May stand in an address and in a topic's name."""
PLACE_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{1,31}")
"""Of a region or municipality: short enough for its schools' codes to begin with it."""
TEXT = re.compile(r"(?=.*\S).{1,150}", re.DOTALL)
OFFSET = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")

Form = tuple[str, Callable[[Any], Any]]
"""The form of a value in words, and its reader; a ValueError, TypeError or KeyError refuses it."""


def _matching(pattern: re.Pattern[str]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not pattern.fullmatch(value):
            raise ValueError
        return str(value)

    return read


def _whole(least: int) -> Form:
    def read(value: Any) -> int:
        if type(value) is not int or value < least:
            raise ValueError
        return value

    return f"a whole number of at least {least}", read


def _list(read: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    return lambda value: tuple(map(read, value if isinstance(value, list) else [None]))


def _grades(value: Any) -> tuple[int, int]:
    low, high = _list(COUNT[1])(value)
    return low, high


def _shares(value: Any) -> dict[str, float]:
    forms = [name in CORRECTIONS and type(n) in (int, float) and 0 <= n <= 1 for name, n in {**value}.items()]
    if not all(forms):
        raise ValueError
    return dict(value)


COUNT, AT_LEAST_ONE = _whole(0), _whole(1)
CODED: Form = ("of at most 40 letters, digits, hyphens and underscores", _matching(CODE))
PLACE: Form = ("of 2 to 32 letters, digits and hyphens", _matching(PLACE_CODE))
WORDS: Form = ("a text of at most 150 characters", _matching(TEXT))
DAY: Form = ("a date as 2020-12-16", date.fromisoformat)
RANKED = _list(lambda row: RankingRow(WORDS[1](row["municipality"]), COUNT[1](row["share_percent"])))

SEASON: Mapping[str, tuple[str, Form]] = {
    "season": ("season", CODED),
    "region": ("region", PLACE),
    "name_ru": ("name", WORDS),
    "utc_offset": (
        "zone",
        ("an offset as +03:00", lambda text: datetime.strptime(_matching(OFFSET)(text), "%z").tzinfo),
    ),
    "opens": ("opens", DAY),
    "closes": ("closes", DAY),
    "grades": ("grades", ("the lowest and the highest", _grades)),
    "diagnostics": ("diagnostics", ("a list of codes", _list(_matching(CODE)))),
    "trials_required": ("trials_required", AT_LEAST_ONE),
    "recommendation_gate": ("gate", (" or ".join(Gate), Gate)),
    "competencies": ("competency_count", COUNT),
    "ranking": ("ranking", ("a list of rows with `municipality` and `share_percent`", RANKED)),
    "corrections": ("corrections", (f"shares from 0 to 1 of {', '.join(CORRECTIONS)}", _shares)),
    "reported": ("reported", ("a list of notes", _list(str))),
    **{n: (n, COUNT) for n in ("registered", "participants", "recommendations", "guardians", "trial_attendances")},
}
"""By a field of the file, the scenario's own name of it and its form."""
MUNICIPALITY = {"code": ("code", PLACE), "name_ru": ("name", WORDS), **{name: (name, COUNT) for name in COUNTS}}
COMPETENCY = {"code": ("code", CODED), "name_ru": ("name", WORDS), "attended": ("attended", COUNT)}


def load(folder: Path) -> Scenario:
    """The scenario of a folder; raises `ScenarioError` with the file, the row and the reason."""
    path = folder / "season.json"
    try:
        values = json.loads(_content(path))
    except json.JSONDecodeError as error:
        raise ScenarioError(path.name, f"is not JSON: {error}") from None
    if not isinstance(values, dict):
        raise ScenarioError(path.name, "is to be a JSON object")
    return Scenario(
        **_read(SEASON, {"corrections": {}} | values, path.name),
        municipalities=tuple(Municipality(**row) for row in _table(folder / "municipalities.csv", MUNICIPALITY)),
        competencies=tuple(Competency(**row) for row in _table(folder / "competencies.csv", COMPETENCY)),
    )


def _read(forms: Mapping[str, tuple[str, Form]], values: Mapping[str, Any], file: str, row: str = "") -> dict[str, Any]:
    found = {}
    for name, (own, (words, read)) in forms.items():
        if name not in values:
            raise ScenarioError(file, f"`{name}` is missing", row)
        try:
            found[own] = read(values[name])
        except (ValueError, TypeError, KeyError):
            raise ScenarioError(file, f"`{name}` is to be {words}, not {values[name]!r}", row) from None
    return found


def _table(path: Path, columns: Mapping[str, tuple[str, Form]]) -> Iterator[dict[str, Any]]:
    """The rows of a CSV file with exactly these columns; outside `code` and `name_ru` digits are a number."""
    reader = csv.reader(_content(path).splitlines(), strict=True)
    try:
        if next(reader, []) != list(columns):
            raise ScenarioError(path.name, f"the columns are to be {','.join(columns)}", "row 1")
        for texts in reader:
            row = f"row {reader.line_num}"
            if len(texts) != len(columns):
                raise ScenarioError(path.name, f"{len(texts)} values for {len(columns)} columns", row)
            values = {name: _value(name, text) for name, text in zip(columns, texts, strict=True)}
            yield {**_read(columns, values, path.name, row), "row": row}
    except csv.Error as error:
        raise ScenarioError(path.name, f"is not CSV: {error}", f"row {reader.line_num}") from None


def _value(column: str, text: str) -> str | int:
    whole = column not in ("code", "name_ru") and text.isascii() and text.isdecimal() and len(text) < 10
    return int(text) if whole else text


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ScenarioError(path.name, f"there is no such file in {path.parent}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(path.name, f"cannot be read: {error}") from None
