"""A text that a caller sends is of a known kind: in every body, path and query of every route."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Query

from shared.base.models import Count, Input
from shared.http.authorisation import NationalOperator
from shared.http.batch import ReadAs
from shared.http.routes import Route
from shared.programme.texts import FORM, Name, Ref
from tests.drivers.asking import Asked
from tests.drivers.documents import SERVICES, document

Schema = Mapping[str, Any]
OF_HTTP = {"header if-match", "header if-none-match", "header accept", "header accept-language", "header last-event-id"}
"""Texts that HTTP itself gives a form."""
CURSORS = {"query after", "query before"}
"""Words that a page gave; each list knows its own."""


def formless(schema: Schema, parts: Schema, at: str) -> Iterator[str]:
    """Texts inside a schema of which nothing says the kind: no form, no pattern, no format, no choice of values."""
    if "$ref" in schema:
        yield from formless(parts[schema["$ref"].rpartition("/")[2]], parts, at)
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("prefixItems", ())):
        yield from formless(choice, parts, at)
    for name, field in schema.get("properties", {}).items():
        yield from formless(field, parts, f"{at}/{name}")
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            yield from formless(schema[inner], parts, f"{at}/<{inner}>")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from formless({"type": "string", **schema.get("propertyNames", {})}, parts, f"{at}/<name>")
    if schema.get("type") == "string" and not {FORM, "pattern", "format", "enum", "const"} & schema.keys():
        yield at


def faults(document: Schema) -> list[str]:
    """The texts of unknown kind that the operations of an OpenAPI document take."""
    parts = document.get("components", {}).get("schemas", {})
    found = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            named = {f"{p['in']} {p['name']}": p["schema"] for p in operation.get("parameters", ())}
            asked = [(name, schema) for name, schema in named.items() if name.lower() not in OF_HTTP | CURSORS]
            bodies = operation.get("requestBody", {}).get("content", {}).values()
            asked += [("body ", content["schema"]) for content in bodies]
            vague = (at for name, schema in asked for at in formless(schema, parts, name))
            found += [f"{method} {path}: {at}" for at in vague]
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_every_text_that_a_route_takes_is_of_a_known_kind(service: str) -> None:
    assert faults(document(service)) == []


class Vague(Input):
    """A word that is of no kind."""

    word: str


class Mixed(Input):
    """Texts of known kinds and of none, however deep."""

    name: Name
    ref: Ref | None = None
    words: Annotated[list[str], Count(0, 5)]
    map: Annotated[dict[str, Name], Count(0, 5)]
    vague: Vague | None = None
    batch: Annotated[list[Annotated[Any, ReadAs(Vague)]], Count(0, 5)]


def test_a_text_of_no_kind_is_found() -> None:
    router = APIRouter(route_class=Route)

    @router.post("/mixed/{id}")
    async def mixed(who: NationalOperator, id: str, name: Annotated[Name, Query()], season: str, body: Mixed) -> None:
        """Takes whatever comes."""

    assert faults(Asked([router]).app.openapi()) == [
        f"post /mixed/{{id}}: {at}"
        for at in (
            "path id",
            "query season",
            "body /words/<items>",
            "body /map/<name>",
            "body /vague/word",
            "body /batch/<items>/word",
        )
    ]
