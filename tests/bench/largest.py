"""The largest bodies that routes take: sound ones, and those that are wrong in as many places as fit."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from shared.http.routes import Route
from tests.builders.registration import pupil, roster
from tests.builders.trials import OFFER, VENUE

LONGEST_CODE = 40
TIME = "2020-09-14T10:00:00+03:00"
ITEMS = [f"item-{n:03}".ljust(LONGEST_CODE, "x") for n in range(500)]
OPTIONS = ["no".ljust(LONGEST_CODE, "n"), "yes".ljust(LONGEST_CODE, "y")]
INSTRUMENT = {
    "name": "Ж" * 200,
    "method": "Ж" * 200,
    "scales": [{"code": "scale", "name": "Ж" * 200}],
    "options": [{"code": code, "points": n} for n, code in enumerate(OPTIONS)],
    "items": [{"code": code, "scale": "scale"} for code in ITEMS],
}
Part = Callable[[int], str]
MANY = ",".join(f'"x{n}":1' for n in range(10))
"""Fields that are not known, as many as are named one by one."""
WRONG: Mapping[str, Part] = {
    "numbers": lambda n: "1",
    "lists": lambda n: "[]",
    "objects": lambda n: "{}",
    "texts": lambda n: '"x"',
    "unknown fields": lambda n: f"{{{MANY}}}",
    "too many unknown fields": lambda n: "{" + ",".join(f'"x{m}":1' for m in range(200)) + "}",
}
FIELDS = ("items", "scales", "options", "diagnostics", "accessibility", "grades")
BATCHES: Mapping[str, tuple[str, int, Part]] = {
    "pupils": (
        '"season":"2020","school":"RU-ROS-001-S01","class":"7А","occurred_at":"2020-09-14T10:00:00+03:00",',
        1000,
        lambda n: f'{{"external_ref":"{n}","name":1,"birth_date":1,"guardian":{{{MANY}}},"consent":{{{MANY}}},{MANY}}}',
    ),
    "attempts": (
        "",
        100,
        lambda n: f'{{"ref":"{n}","answers":{{{",".join(f"{chr(34)}{code}{chr(34)}:1" for code in ITEMS)}}},{MANY}}}',
    ),
    "participants": ("", 200, lambda n: '{"a":1}'),
    "slots": (
        f'"venue":"{VENUE}","season":"2020",',
        200,
        lambda n: f'{{"ref":"{n}","kind":1,"grades":["a","b"],"accessibility":[{",".join(["1"] * 20)}],{MANY}}}',
    ),
}
"""By its list: the rest of a batch's body, the most items, and one that is wrong all over."""


def limits(app: FastAPI) -> Iterator[tuple[str, str, int]]:
    """Method, path and largest body of every route that takes one."""
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, Route) and isinstance(route, APIRoute) and route.body_field is not None:
            for method in context.methods or ():
                yield method, str(context.path_format), route.largest_body


def unsound(most: int) -> Iterator[tuple[str, bytes]]:
    """Bodies of at most so many bytes that are wrong all over, each with what it is full of."""
    for name, part in WRONG.items():
        yield f"list of {name}", filled("[", part, "]", most)
        for listed in FIELDS:
            yield f"{listed}: {name}", filled(f'{{"{listed}":[', part, "]}", most)
        for listed, (rest, _, _) in BATCHES.items():
            yield f"{listed}: {name}", filled(f'{{{rest}"{listed}":[', part, "]}", most)
    for listed, (rest, items, part) in BATCHES.items():
        yield f"{listed}: wrong all over", filled(f'{{{rest}"{listed}":[', part, "]}", most, items)
    yield "presences: wrong all over", filled("[", lambda n: f"{{{MANY}}}", "]", most, 1000)
    yield "unknown fields", filled("{", lambda n: f'"x{n}":1', "}", most)
    yield "answers", filled('{"answers":{', lambda n: f'"x{n}":1', "}}", most)
    yield "levels", b"[" * (most // 2) + b"]" * (most // 2)
    yield "one text", b'"' + b"x" * (most - 2) + b'"'
    yield "escapes", b'"' + b"\\u0000" * ((most - 2) // 6) + b'"'


def filled(begin: str, part: Part, end: str, most: int, items: int = 10**9) -> bytes:
    """A text of at most so many bytes and items."""
    size, parts = len(f"{begin}{end}".encode()) - 1, list[str]()
    while len(parts) < items and (size := size + len(part(len(parts))) + 1) <= most:
        parts.append(part(len(parts)))
    return f"{begin}{','.join(parts)}{end}".encode()


def sound_roster(number: int) -> Any:
    """A thousand pupils with a guardian each, and the longest of names, letters escaped."""

    def line(n: int) -> dict[str, Any]:
        guardian = {"ref": f"g{number}/{n}".ljust(100, "x"), "name": "Щ" * 200}
        return pupil(f"{number}/{n}".ljust(100, "x"), name="Ж" * 200, guardian=guardian)

    return roster([line(n) for n in range(1000)])


def sound_attempts(participants: Sequence[str], number: int) -> Any:
    """A hundred attempts of five hundred answers with the longest of codes."""
    answers = dict.fromkeys(ITEMS, OPTIONS[number % 2])
    attempt = {"season": "2020", "diagnostic": "readiness", "answers": answers, "occurred_at": TIME}
    return {"attempts": [{**attempt, "ref": f"r{number}", "participant": p} for p in participants]}


def sound_slots(number: int) -> Any:
    """Two hundred slots with twenty marks of accessibility each."""
    marks = [f"mark-{n}".ljust(LONGEST_CODE, "x") for n in range(20)]
    slots = [{**OFFER, "ref": f"{number}/{n}", "accessibility": marks} for n in range(200)]
    return {"venue": VENUE, "season": "2020", "slots": slots}


def text(body: Any) -> bytes:
    """As a client sends it that escapes all letters."""
    return json.dumps(body).encode()
