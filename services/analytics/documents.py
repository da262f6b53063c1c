"""The stored form of merged entries, guardians' links and cells: their documents, written and read back."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pymongo import UpdateOne

from services.analytics.enrolments import Link, Span
from services.analytics.facts import Pupil
from services.analytics.figures.cells import Cell
from services.analytics.states import packed, unpacked
from shared.programme.place import Place
from shared.storage.mongo import Document


def entry_of(row: Document) -> Pupil:
    """Returns the facts in an entry's row."""
    return unpacked(row["state"])


def entry_update(participant: str, pupil: Pupil) -> UpdateOne:
    """Returns the write of an entry's facts, or of that nothing is known yet, which changes the row in any case.

    A write that leaves a row as it is conflicts with no other.
    """
    row = {"state": packed(pupil), "others": sorted(pupil.others)}
    return UpdateOne({"_id": participant}, {"$set": row, "$inc": {"met": 1}}, upsert=True)


def guardian_id(season: str, guardian: str) -> str:
    """Returns the `_id` of a guardian's links in a season."""
    return f"{season}/{guardian}"


def guardian_document(season: str, guardian: str, links: Iterable[Link]) -> Document:
    """Returns a guardian's links in a season, by pupil."""
    stored = [
        {"participant": x.participant, **x.place._asdict(), "day": x.day, "span": list(x.span)}
        for x in sorted(links, key=_order)
    ]
    return {"_id": guardian_id(season, guardian), "season": season, "guardian": guardian, "links": stored}


def links_of(document: Document) -> set[Link]:
    """Returns the links in a guardian's document."""
    season, guardian = document["season"], document["guardian"]
    return {
        Link(
            season,
            stored["participant"],
            guardian,
            Place(*(stored[name] for name in Place._fields)),
            stored["day"],
            Span(*stored["span"]),
        )
        for stored in document["links"]
    }


def _order(link: Link) -> tuple[str, str, str]:
    return link.participant, link.span.begins, link.span.ends or ""


def cells_id(cell: Cell, partition: int) -> str:
    """Returns the `_id` of the document that a cell is packed into, by all that is said of it there.

    So two regions with a place of one code share none. An earlier release named less; its documents are summed with
    these.
    """
    return "|".join((cell.table, cell.season, cell.region, cell.municipality, cell.place, str(partition)))


class Packing:
    """The cells that a poll counts, packed under one of its partitions."""

    def __init__(self, partition: int) -> None:
        self._partition = partition
        self._cells: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
        """By document and path."""
        self._describes: dict[str, Document] = {}

    def count(self, cells: Mapping[Cell, int]) -> None:
        """Adds up cells."""
        for cell, n in cells.items():
            id = cells_id(cell, self._partition)
            if id not in self._cells:
                self._describes[id] = described(cell, self._partition)
            self._cells[id][cell.path] += n

    def writes(self) -> list[UpdateOne]:
        """Returns a write for each document of cells that changes."""
        raised = ((id, increments(paths)) for id, paths in self._cells.items())
        return [
            UpdateOne({"_id": id}, {"$setOnInsert": self._describes[id], "$inc": fields}, upsert=True)
            for id, fields in raised
            if fields
        ]


def described(cell: Cell, partition: int) -> Document:
    """Returns the fields that a document has of all cells that are packed into it."""
    return {
        "table": cell.table,
        "season": cell.season,
        "region": cell.region,
        "municipality": cell.municipality,
        "place": cell.place,
        "partition": partition,
    }


def increments(paths: Mapping[tuple[str, ...], int]) -> dict[str, int]:
    """Returns the fields to be raised: each cell's count (`n`), and beside it the sum over its days (`total`)."""
    fields: Counter[str] = Counter()
    for path, n in paths.items():
        *whole, day = map(_field_name, path)
        fields[".".join(("n", *whole, day))] += n
        fields[".".join(("total", *whole))] += n
    return {field: n for field, n in fields.items() if n}


def leaves(
    tree: Mapping[str, Any], depth: int | None = None, path: tuple[str, ...] = ()
) -> Iterator[tuple[list[str], int]]:
    """Yields every path of a packed `n` or `total` with its count.

    With a depth, paths of that length, each with the sum below it.
    """
    for name, below in tree.items():
        step = name.replace("%2E", ".").replace("%24", "$").replace("%25", "%") if "%" in name else name
        if not isinstance(below, dict):
            yield [*path, step], below
        elif len(path) + 1 == depth:
            yield [*path, step], _sum(below)
        else:
            yield from leaves(below, depth, (*path, step))


def _sum(tree: Mapping[str, Any]) -> int:
    return sum(_sum(below) if isinstance(below, dict) else below for below in tree.values())


def _field_name(text: str) -> str:
    """A name that MongoDB takes as one field: the dot and the dollar are percent-encoded."""
    return text.replace("%", "%25").replace(".", "%2E").replace("$", "%24")
