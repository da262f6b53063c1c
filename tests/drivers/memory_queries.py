"""The queries and changes of MongoDB that services send, over plain documents; what is not known here is refused."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from shared.storage.mongo import Document

MISSING: Any = object()
CLASSES: tuple[type | tuple[type, ...], ...] = (datetime, str, bytes, (int, float))
"""Values of two of them are never compared: no time is later than a text."""
TYPES: Mapping[str, type] = {"string": str, "binData": bytes, "date": datetime, "array": list}


def matches(document: Document, query: Mapping[str, Any], fold: bool = False) -> bool:
    """Tells whether a document is one of those that a query finds."""
    return all(_holds(document, name, said, fold) for name, said in query.items())


def _holds(document: Document, name: str, said: Any, fold: bool) -> bool:
    match name:
        case "$and":
            return all(matches(document, one, fold) for one in said)
        case "$or":
            return any(matches(document, one, fold) for one in said)
        case "$expr":
            return bool(evaluated(said, document))
    if name.startswith("$"):
        raise NotImplementedError(name)
    return _meets([*values_at(document, name.split("."))], said, fold)


def _meets(found: list[Any], said: Any, fold: bool) -> bool:
    """Tells whether the values of a field meet a condition; an array is met by itself or by one of its elements."""
    spread = [*found, *(one for value in found if isinstance(value, list) for one in value)]
    if not (isinstance(said, dict) and any(name.startswith("$") for name in said)):
        return _is_any(spread, said, fold)
    return all(_operator(found, spread, name, value, fold) for name, value in said.items())


def _operator(found: list[Any], spread: list[Any], name: str, said: Any, fold: bool) -> bool:
    match name:
        case "$in":
            return any(_is_any(spread, one, fold) for one in said)
        case "$nin":
            return not any(_is_any(spread, one, fold) for one in said)
        case "$eq":
            return _is_any(spread, said, fold)
        case "$ne":
            return not _is_any(spread, said, fold)
        case "$not":
            return not _meets(found, said, fold)
        case "$exists":
            return bool(found) is bool(said)
        case "$size":
            return any(isinstance(value, list) and len(value) == said for value in found)
        case "$type":
            return any(isinstance(value, TYPES[said]) for value in (found if said == "array" else spread))
        case "$regex":
            return any(isinstance(value, str) and re.search(said, value) for value in spread)
        case "$elemMatch":
            elements = [one for value in found if isinstance(value, list) for one in value]
            return any(isinstance(one, dict) and matches(one, said, fold) for one in elements)
    return any(_compares(value, said) and ORDER[name](value, said) for value in spread)


ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "$gt": lambda one, other: bool(one > other),
    "$gte": lambda one, other: bool(one >= other),
    "$lt": lambda one, other: bool(one < other),
    "$lte": lambda one, other: bool(one <= other),
}


def _compares(one: Any, other: Any) -> bool:
    return any(isinstance(one, kind) and isinstance(other, kind) for kind in CLASSES)


def _is_any(spread: list[Any], said: Any, fold: bool) -> bool:
    if said is None:
        return not spread or any(value is None for value in spread)
    if fold and isinstance(said, str):
        return any(isinstance(value, str) and value.casefold() == said.casefold() for value in spread)
    return any(value == said for value in spread)


def values_at(document: Any, path: list[str]) -> Iterator[Any]:
    """Yields the values that stand at a dotted path, those of each element where there is an array on the way."""
    if not path:
        yield document
    elif isinstance(document, dict):
        if path[0] in document:
            yield from values_at(document[path[0]], path[1:])
    elif isinstance(document, list):
        if path[0].isdigit():
            yield from (values_at(document[int(path[0])], path[1:]) if int(path[0]) < len(document) else ())
        else:
            yield from (value for one in document if isinstance(one, dict) for value in values_at(one, path))


def shown(document: Document, projection: Iterable[str]) -> Document:
    """Returns a document as a projection shows it, which names what is kept, or else what is left out."""
    said = dict.fromkeys(projection, 1) | (projection if isinstance(projection, dict) else {})
    chosen: dict[str, Any] = {name: value for name, value in said.items() if isinstance(value, dict)}
    if all(said.values()):
        found = projected(document, {"_id", *said.keys() - chosen.keys()})
        firsts = {name: _first(document.get(name), value) for name, value in chosen.items()}
        return found | {name: value for name, value in firsts.items() if value}
    if any(said.values()) or any("." in name for name in said):
        raise NotImplementedError(projection)
    return {name: value for name, value in document.items() if name not in said}


def _first(value: Any, said: Mapping[str, Any]) -> list[Any]:
    """Returns the first element of an array that a projection by `$elemMatch` keeps, as an array."""
    if said.keys() != {"$elemMatch"}:
        raise NotImplementedError(said)
    elements = value if isinstance(value, list) else []
    return [one for one in elements if isinstance(one, dict) and matches(one, said["$elemMatch"])][:1]


def projected(document: Document, paths: Iterable[str]) -> Document:
    """Returns the parts of a document at dotted paths, those of each element where there is an array on the way."""
    below: dict[str, list[str]] = {}
    for name, _, rest in (path.partition(".") for path in paths):
        below.setdefault(name, []).append(rest)
    parts = {name: _part(document[name], rests) for name, rests in below.items() if name in document}
    return {name: part for name, part in parts.items() if part is not MISSING}


def _part(value: Any, paths: list[str]) -> Any:
    if "" in paths:
        return value
    if isinstance(value, list):
        return [projected(one, paths) for one in value if isinstance(one, dict)]
    return projected(value, paths) if isinstance(value, dict) else MISSING


def evaluated(said: Any, document: Document) -> Any:
    """Returns the value of an expression."""
    if isinstance(said, str) and said.startswith("$"):
        return next(values_at(document, said[1:].split(".")), None)
    if not (isinstance(said, dict) and len(said) == 1 and next(iter(said)).startswith("$")):
        return said
    ((name, of),) = said.items()
    match name:
        case "$literal":
            return of
        case "$ifNull":
            return next((value for one in of if (value := evaluated(one, document)) is not None), None)
        case "$cond":
            return evaluated(of[1] if evaluated(of[0], document) else of[2], document)
        case "$and":
            return all(evaluated(one, document) for one in of)
        case "$or":
            return any(evaluated(one, document) for one in of)
    one, other = (evaluated(part, document) for part in of)
    return ORDER[name](one, other)


def change(document: Document, said: Any, inserted: bool) -> None:
    """Changes a document as an update says; `inserted` where it is a new one."""
    if isinstance(said, list):
        for stage in said:
            ((name, fields),) = stage.items()
            if name != "$set" or any("." in field for field in fields):
                raise NotImplementedError(stage)
            document |= {name: evaluated(value, dict(document)) for name, value in fields.items()}
        return
    for name, fields in said.items():
        if name == "$setOnInsert" and not inserted:
            continue
        for path, value in fields.items():
            holder, last = _holder(document, path.split("."))
            known = holder.get(last, MISSING)
            if name == "$unset":
                holder.pop(last, None)
            else:
                holder[last] = CHANGES[name](known, value)


def _holder(document: Document, path: list[str]) -> tuple[Document, str]:
    """Returns the part of a document that a path ends in; parts that lack are made."""
    if any("$" in part for part in path):
        raise NotImplementedError(".".join(path))
    for part in path[:-1]:
        document = document.setdefault(part, {})
    return document, path[-1]


def _each(value: Any) -> list[Any]:
    if not (isinstance(value, dict) and "$each" in value):
        return [value]
    if len(value) > 1:
        raise NotImplementedError(value)
    return list(value["$each"])


def _listed(known: Any) -> list[Any]:
    return [] if known is MISSING else list(known)


CHANGES: Mapping[str, Callable[[Any, Any], Any]] = {
    "$set": lambda _, value: value,
    "$setOnInsert": lambda _, value: value,
    "$inc": lambda known, value: value + (0 if known is MISSING else known),
    "$max": lambda known, value: value if known is MISSING else max(known, value),
    "$min": lambda known, value: value if known is MISSING else min(known, value),
    "$push": lambda known, value: [*_listed(known), *_each(value)],
    "$addToSet": lambda known, value: [*_listed(known), *(one for one in _each(value) if one not in _listed(known))],
}


def equal_parts(query: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yields the fields that a query fixes: a document that it inserts has them."""
    for name, said in query.items():
        if not name.startswith("$") and not (isinstance(said, dict) and any(key.startswith("$") for key in said)):
            yield name, said


def in_order(documents: Iterable[Document], keys: Iterable[tuple[str, int]]) -> list[Document]:
    """Returns documents in the order of fields; those that lack one come first, as with MongoDB."""
    found = list(documents)
    for name, direction in reversed(list(keys)):
        if name != "$natural":
            found.sort(key=partial(_place, path=name.split(".")), reverse=direction < 0)
    return found


def _place(document: Document, path: list[str]) -> tuple[bool, Any]:
    value = next(values_at(document, path), None)
    return (False, 0) if value is None else (True, value)
