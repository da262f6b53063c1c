"""What a caller may send has bounds: every body of every route, down to the last text, as its published schema says."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import pytest
from fastapi import APIRouter
from pydantic import BaseModel, Field

from shared.base.models import Count, Input
from shared.http.authorisation import NationalOperator
from shared.http.routes import Route
from shared.programme.moments import Day
from tests.drivers.asking import Asked
from tests.drivers.documents import SERVICES, document

WITH_BODIES = ("notifications", "registration", "trials")
ENDLESS = re.compile(r"[*+]|\{\d+,\}")
CLASSES = re.compile(r"\[[^\]]*\]")
Schema = Mapping[str, Any]


def faults(schema: Schema, parts: Schema, at: str) -> Iterator[str]:
    """Where a schema lets in more than a bound says; `parts` are the components that it refers to."""
    if "$ref" in schema:
        yield from faults(parts[schema["$ref"].rpartition("/")[2]], parts, at)
    elif "anyOf" in schema or "oneOf" in schema:
        for choice in schema.get("anyOf", schema.get("oneOf", ())):
            yield from faults(choice, parts, at)
    elif "enum" in schema or "const" in schema:
        return
    else:
        yield from _OF_TYPE.get(schema.get("type", "anything"), _anything)(schema, parts, at)


def _object(schema: Schema, parts: Schema, at: str) -> Iterator[str]:
    for name, field in schema.get("properties", {}).items():
        yield from faults(field, parts, f"{at}/{name}")
    values = schema.get("additionalProperties", True)
    if values is False:
        return
    if "properties" in schema or values is True:
        yield f"{at}: takes fields that are not known"
    elif "maxProperties" not in schema:
        yield f"{at}: a map without a bound"
    else:
        yield from faults(schema.get("propertyNames", {}) | {"type": "string"}, parts, f"{at}/<name>")
        yield from faults(values, parts, f"{at}/<value>")


def _array(schema: Schema, parts: Schema, at: str) -> Iterator[str]:
    if "maxItems" not in schema:
        yield f"{at}: a list without a bound"
    for item in [*schema.get("prefixItems", ()), *filter(None, [schema.get("items")])]:
        yield from faults(item, parts, f"{at}/<item>")
    if not schema.get("prefixItems") and not schema.get("items"):
        yield f"{at}: items of any kind"


def _string(schema: Schema, parts: Schema, at: str) -> Iterator[str]:
    pattern = CLASSES.sub("", schema.get("pattern", "*"))
    bounded = "maxLength" in schema or schema.get("format") in ("date", "date-time") or not ENDLESS.search(pattern)
    if not bounded:
        yield f"{at}: a text without a bound"


def _number(schema: Schema, parts: Schema, at: str) -> Iterator[str]:
    if not {"minimum", "exclusiveMinimum"} & schema.keys() or not {"maximum", "exclusiveMaximum"} & schema.keys():
        yield f"{at}: a number without a bound"


def _anything(schema: Schema, parts: Schema, at: str) -> Iterator[str]:
    yield f"{at}: anything"


def _nothing(schema: Schema, parts: Schema, at: str) -> Iterator[str]:
    yield from ()


_OF_TYPE = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": _number,
    "number": _number,
    "boolean": _nothing,
    "null": _nothing,
}


def bodies(document: Schema) -> dict[str, list[str]]:
    """The faults of every operation's body in an OpenAPI document."""
    parts = document.get("components", {}).get("schemas", {})
    return {
        f"{method} {path}": list(faults(content["schema"], parts, ""))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for content in operation.get("requestBody", {}).get("content", {}).values()
    }


@pytest.mark.parametrize("service", SERVICES)
def test_every_list_map_text_and_number_of_a_body_has_a_bound(service: str) -> None:
    found = bodies(document(service))
    assert not {name: wrong for name, wrong in found.items() if wrong}
    assert bool(found) == (service in WITH_BODIES)


class Loose(BaseModel):
    """Takes what it does not know."""

    code: Annotated[str, Field(max_length=5)]


class Wide(Input):
    """Whatever a body must not be, and what it may be."""

    words: Annotated[list[str], Count(0, 5)]
    lists: list[Annotated[str, Field(max_length=5)]]
    maps: dict[Annotated[str, Field(max_length=5)], bool]
    keys: Annotated[dict[str, bool], Count(0, 5)]
    number: int
    half: Annotated[int, Field(ge=0)]
    code: Annotated[str, Field(pattern="^[a-z]+$")]
    short: Annotated[str, Field(pattern="^[a-z+*]{1,5}$")]
    any: Annotated[list[Any], Count(0, 5)]
    loose: Loose
    day: Day | None = None


def test_a_body_without_bounds_is_found() -> None:
    router = APIRouter(route_class=Route)

    @router.post("/wide")
    async def wide(who: NationalOperator, body: Wide) -> None:
        """Takes too much."""

    assert bodies(Asked([router]).app.openapi()) == {
        "post /wide": [
            "/words/<item>: a text without a bound",
            "/lists: a list without a bound",
            "/maps: a map without a bound",
            "/keys/<name>: a text without a bound",
            "/number: a number without a bound",
            "/half: a number without a bound",
            "/code: a text without a bound",
            "/any: items of any kind",
            "/loose: takes fields that are not known",
        ]
    }
