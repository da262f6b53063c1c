"""Public figures are made of released numbers alone: no field of theirs takes another."""

from collections.abc import Iterator
from typing import Any, get_args

from fastapi.routing import APIRoute
from pydantic import BaseModel

from services.analytics.disclosure.answers import PublicFigures
from services.analytics.disclosure.released import Shown, ShownShare
from tests.drivers.documents import application

PATH = "/analytics/public/"
OF_NO_PUPILS = {"least", "revision", "position", "min_n", "rank", "not_ranked"}
"""Numbers that stand for the method and the log, or follow from the rows beside them."""
TAKEN = [get_args(shown)[1] for shown in (Shown, ShownShare)]


def _types(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _types(part)


def _open_numbers(model: type[BaseModel]) -> Iterator[str]:
    """The fields that would take any number, in the model and those inside it."""
    for name, field in model.model_fields.items():
        types = list(_types(field.annotation))
        if {int, float} & set(types) and not any(taken in field.metadata for taken in TAKEN):
            yield name
        for inner in types:
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from _open_numbers(inner)


async def test_an_answer_of_a_public_route_takes_released_numbers_alone() -> None:
    with application("analytics") as app:
        routes = [route for route in app.routes if isinstance(route, APIRoute) and route.path.startswith(PATH)]
        models = {route.response_model for route in routes}
    assert len(models) == len(routes) == 3
    assert all(issubclass(model, PublicFigures) for model in models)
    assert {name for model in models for name in _open_numbers(model)} == OF_NO_PUPILS


def test_a_number_that_anything_can_be_put_into_is_found() -> None:
    class Inner(BaseModel):
        shown: Shown
        pupils: int | None

    class Outer(BaseModel):
        rows: list[Inner]

    assert set(_open_numbers(Outer)) == {"pupils"}
