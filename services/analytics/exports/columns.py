"""The columns of a figure's rows, as the model of its answer describes them, and the rows as cells of these. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from services.analytics.exports.table import Batch, Cell, Column, Kind
from services.analytics.figures.figure import Figures
from services.analytics.figures.rows import Row

KINDS: Mapping[Any, Kind] = {str: "text", int: "whole", float: "share", date: "day"}


def columns_of(answer: type[Figures]) -> Sequence[Column]:
    """Returns the columns of an answer's `rows`; raises TypeError for a row that is no flat one."""
    row: type[BaseModel] = get_args(answer.model_fields["rows"].annotation)[0]
    return [
        Column(field.alias or name, _kind(field.annotation), field.description or "")
        for name, field in row.model_fields.items()
    ]


def _kind(annotation: Any) -> Kind:
    """Returns the kind of a field, of one that may be null that of its values."""
    parts = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    (kind,) = {KINDS.get(_plain(part)) for part in parts if part is not NoneType}
    if kind is None:
        raise TypeError(f"a cell cannot hold {annotation}")
    return kind


def _plain(annotation: Any) -> Any:
    return str if get_origin(annotation) is Literal else annotation


def cells_of(rows: Sequence[Row], columns: Sequence[Column], size: int) -> Iterator[Batch]:
    """Yields rows as cells, so many at once."""
    for begin in range(0, len(rows), size):
        yield [[cell(row.get(column.name), column.kind) for column in columns] for row in rows[begin : begin + size]]


def cell(value: Any, kind: Kind) -> Cell:
    """Returns a value of an answer as a cell: days are texts there."""
    return date.fromisoformat(value) if kind == "day" and isinstance(value, str) else value
