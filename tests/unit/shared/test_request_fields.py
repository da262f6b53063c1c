"""A refusal names a field that the request has: words of the domain are found where the route declares them."""

from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Body, Depends, Header
from pydantic import BaseModel, ValidationError
from yarl import URL

from shared.base.errors import BadInput, FieldError
from shared.http.request_fields import located
from tests.drivers.pointers import named, stands

router = APIRouter()


def _key(idempotency_key: Annotated[str | None, Header()] = None) -> str | None:
    return idempotency_key


@router.post("/schools/{code}/things")
async def taken(
    code: str, body: Annotated[dict[str, str], Body()], key: Annotated[str, Depends(_key)], day: str = ""
) -> None:
    """A route with a field in every place."""


@router.delete("/things/{id}")
async def removed(id: str, occurred_at: str | None = None) -> None:
    """A route without a body."""


def where(word: str, route: Any) -> list[str]:
    return [error.pointer for error in located((FieldError(word, "is wrong"),), route)]


@pytest.mark.parametrize(
    ("word", "taken", "removed"),
    [
        ("code", ["path:code"], []),
        ("day", ["query:day"], []),
        ("idempotency-key", ["header:idempotency-key"], []),
        ("occurred_at", ["/occurred_at"], ["query:occurred_at"]),
        ("/items/3", ["/items/3"], ["/items/3"]),
        ("query:after", ["query:after"], ["query:after"]),
    ],
)
def test_a_word_is_found_where_the_route_declares_it(word: str, taken: list[str], removed: list[str]) -> None:
    assert [where(word, route) for route in router.routes] == [taken, removed]


def test_a_wrong_key_of_a_map_is_its_entry() -> None:
    class Answers(BaseModel):
        answers: dict[Annotated[str, Body(max_length=3)], str]

    with pytest.raises(ValidationError) as wrong:
        Answers(answers={"a/long one": "yes"})
    assert [error.pointer for error in BadInput.invalid(wrong.value, "/attempts/2").errors] == [
        "/attempts/2/answers/a~1long one"
    ]


@pytest.mark.parametrize(
    ("pointer", "is_there"),
    [
        ("/pupils/0/name", True),
        ("/pupils/0/birth_date", True),
        ("/pupils/0/consent/version", False),
        ("/pupils/1", False),
        ("", True),
        ("query:season", True),
        ("query:sent", True),
        ("query:code", False),
        ("path:code", True),
        ("header:Idempotency-Key", False),
        ("school", False),
    ],
)
def test_the_tests_look_at_pointers(pointer: str, is_there: bool) -> None:
    url = URL("http://host/registration/schools/RU-ROS-001-S01/participants?sent=1")
    assert stands(pointer, "GET", url, b'{"pupils": [{"name": "A"}]}') is is_there
    assert [*named({"items": [{"problem": {"errors": [{"pointer": pointer}]}}, {}]})] == [pointer]


def test_a_wrong_shape_is_told_in_the_words_of_json() -> None:
    class Body(BaseModel):
        answers: dict[str, str]

    with pytest.raises(ValidationError) as wrong:
        Body.model_validate({"answers": []})
    assert [error.detail for error in BadInput.invalid(wrong.value).errors] == ["Input should be an object"]
    with pytest.raises(ValidationError) as wrong:
        Body.model_validate([])
    assert [error.detail for error in BadInput.invalid(wrong.value).errors] == ["Input should be an object"]
