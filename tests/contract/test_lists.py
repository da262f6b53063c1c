"""Every list is read alike: `?after=&limit=` → `{items, next}`."""

import pytest

from tests.drivers.documents import SERVICES, Json, document, operations

UNPAGED = {"/analytics/regions/{code}/feed"}
"""The feed has the form of its own standard: `events`, and a cursor beside each page."""


def _answer(service: str, operation: Json) -> Json:
    schema = operation["responses"]["200"].get("content", {}).get("application/json", {}).get("schema", {})
    model: Json = document(service)["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], {})
    return model


READS = [(s, path, operation) for s in SERVICES for method, path, operation in operations(s) if method == "GET"]


@pytest.mark.parametrize(("service", "path", "operation"), READS, ids=[path for _, path, _ in READS])
def test_a_list_is_paged_by_cursor(service: str, path: str, operation: Json) -> None:
    fields = _answer(service, operation).get("properties", {})
    asked = {parameter["name"] for parameter in operation.get("parameters", ())}
    is_list = fields.get("items", {}).get("type") == "array" and "{code}" not in path.rpartition("/")[2]
    is_list = is_list or "next" in fields or bool({"after", "limit"} & asked)
    if is_list and path not in UNPAGED:
        assert {"items", "next"} <= fields.keys()
        assert {"after", "limit"} <= asked


def test_there_are_lists_to_look_at() -> None:
    lists = [path for service, path, operation in READS if "items" in _answer(service, operation).get("properties", {})]
    assert {"/registration/me", "/registration/organisations", "/trials/seasons", "/trials/slots"} <= set(lists)
