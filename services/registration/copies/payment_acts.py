"""Acts for payment as trials signed them: ids and sums, to which names are added for who may see them. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, Self

from shared.contracts.payments import ActSigned

HEADER = ("venue", "organisation", "region", "season", "number", "pupils", "parts")
"""The fields of an act that each of its parts says."""


class ActLine(NamedTuple):
    """An attendance that is paid, or below zero taken back."""

    attendance: str
    slot: str
    kopecks: int


@dataclass(frozen=True, slots=True)
class Act:
    """An act for payment."""

    id: str
    venue: str
    organisation: str
    region: str
    season: str
    number: int
    pupils: int
    begins: date
    ends: date
    lines: tuple[ActLine, ...]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self | None:
        """The act of a stored row; None while parts of it are on their way."""
        if len(row["told"]) < row["parts"]:
            return None
        said = {name: row[name] for name in HEADER if name != "parts"}
        begins, ends = date.fromisoformat(row["begins"]), date.fromisoformat(row["ends"])
        return cls(id=row["_id"], lines=tuple(_lines(row)), begins=begins, ends=ends, **said)


def _lines(row: Mapping[str, Any]) -> Iterator[ActLine]:
    for part in range(1, row["parts"] + 1):
        told = row["told"][str(part)]
        yield from map(ActLine, told["attendances"], told["slots"], told["kopecks"])


def told(event: ActSigned) -> dict[str, Any]:
    """The fields of an act's row that one of its parts says."""
    header = {name: getattr(event, name) for name in HEADER}
    lines = {name: list(getattr(event, name)) for name in ("attendances", "slots", "kopecks")}
    return {**header, "begins": str(event.begins), "ends": str(event.ends), f"told.{event.part}": lines}
