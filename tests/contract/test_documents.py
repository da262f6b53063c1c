"""What the OpenAPI documents promise: valid, whole, and telling a caller all that can come back."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from shared.http.openapi import MOST_BYTES, ROLES, SLUGS
from tests.drivers.documents import SERVICES, Json, document, judge, operations, resolved

EVERY = [(service, method, path, operation) for service in SERVICES for method, path, operation in operations(service)]
NAMES = [f"{method} {path}" for _, method, path, _ in EVERY]
FIGURES = {f"/analytics/public/regions/{{code}}/{figure}" for figure in ("funnel", "ranking", "competencies")}
OPEN = {"/registration/certificates/{number}", "/trials/pictures/{code}", *FIGURES}
"""What a stranger asks who has no token."""
every_operation = pytest.mark.parametrize(("service", "method", "path", "operation"), EVERY, ids=NAMES)


@pytest.mark.parametrize("service", SERVICES)
def test_a_document_is_valid_openapi_3_1(service: str) -> None:
    found = document(service)
    assert found["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(found).iter_errors()] == []
    names = [operation["operationId"] for _, _, operation in operations(service)]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("service", SERVICES)
def test_a_schema_is_named_once(service: str) -> None:
    schemas = document(service)["components"]["schemas"]
    assert [name for name in schemas if "__" in name or name.endswith(("-Input", "-Output"))] == [], (
        "clients call it so"
    )


@every_operation
def test_an_operation_says_what_it_does_and_for_whom(service: str, method: str, path: str, operation: Json) -> None:
    assert len(operation["summary"].split()) > 1
    is_open = path in OPEN
    assert operation.get("security", []) == ([] if is_open else [{"bearer": []}])
    assert bool(operation.get(ROLES)) is not is_open
    assert all(f"`{role}`" in operation["description"] for role in operation.get(ROLES, ()))
    assert operation.get("requestBody", {MOST_BYTES: 1})[MOST_BYTES] > 0


@every_operation
def test_an_operation_tells_every_refusal_as_a_problem(service: str, method: str, path: str, operation: Json) -> None:
    answers = {status: resolved(service, answer) for status, answer in operation["responses"].items()}
    refused = set() if path in OPEN else {"401", "403"}
    expected = {*refused, "422", "503"} | ({"400", "408", "413", "415"} if "requestBody" in operation else set())
    assert expected <= answers.keys()
    for status, answer in answers.items():
        if status >= "400":
            assert answer["content"] == {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            }
            assert answer[SLUGS]


@every_operation
def test_a_success_has_a_schema(service: str, method: str, path: str, operation: Json) -> None:
    for status, answer in operation["responses"].items():
        if status < "300":
            assert answer["content"]
            assert all(content["schema"] for content in answer["content"].values()), status


def _told(service: str) -> Iterator[tuple[str, str, str]]:
    """Every field of every model, and every parameter: where it stands, its name and its text."""
    for model, schema in document(service)["components"]["schemas"].items():
        for name, field in schema.get("properties", {}).items():
            yield model, name, field.get("description", "")
    for method, path, operation in operations(service):
        for parameter in operation.get("parameters", ()):
            yield f"{method} {path}", parameter["name"], parameter.get("description", "")


def _says_more(name: str, text: str) -> bool:
    """Whether a text says anything that the name does not."""
    words = set(re.findall(r"\w+", text.lower())) - {"a", "an", "the", "of"}
    return bool(words - set(re.split(r"[_-]", name.lower())))


@pytest.mark.parametrize("service", SERVICES)
def test_fields_and_parameters_are_described(service: str) -> None:
    told = list(_told(service))
    untold = [f"{where}: {name}" for where, name, text in told if not _says_more(name, text)]
    assert told
    assert untold == []


def test_a_text_that_repeats_the_name_is_none() -> None:
    assert not _says_more("school_class", "The class of the school")
    assert not _says_more("name", "")
    assert _says_more("minutes", "Length in minutes")


FORBIDDEN = {"type": "forbidden", "title": "Forbidden", "status": 403, "detail": "no"}
EMPTY: Json = {"items": [], "next": None}


@pytest.mark.parametrize(
    ("status", "media", "body", "fault"),
    [
        (200, "application/json", EMPTY, None),
        (403, "application/problem+json", FORBIDDEN, None),
        (418, "application/problem+json", FORBIDDEN, "not documented"),
        (403, "application/json", FORBIDDEN, "documented is"),
        (403, "application/problem+json", FORBIDDEN | {"type": "slot-full"}, "documented are"),
        (200, "application/json", {"items": []}, "outside its schema"),
        (200, "application/json", {"items": [{}], "next": None}, "outside its schema"),
        (200, "text/html", "<p>", "documented is"),
    ],
)
def test_an_answer_that_no_document_tells_of_is_found(status: int, media: str, body: Any, fault: str | None) -> None:
    raw = json.dumps(body).encode()
    if fault is None:
        judge("GET", "/trials/slots", status, media, raw)
    else:
        with pytest.raises(AssertionError, match=fault):
            judge("GET", "/trials/slots", status, media, raw)
