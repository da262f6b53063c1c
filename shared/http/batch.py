"""A request that carries items: each is read, decided and answered by itself, so that a wrong one stops no other.

The edge reads the items (`read_each`); a use case loads what they name, decides them in turn (`each`) over what earlier
ones decided (`shared.storage.decision.Decisions`) and saves once. Requests that wait for each other share all of that.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, GetJsonSchemaHandler, TypeAdapter, ValidationError
from pydantic_core import CoreSchema

from shared.base.errors import MOST_ERRORS_OF_AN_ITEM, BadInput, ServiceError, is_word
from shared.base.side_thread import aside, paced
from shared.identity.acting import Actor, acting
from shared.identity.principal import Principal
from shared.storage.decision import Done

T = TypeVar("T")
R = TypeVar("R")
Q = TypeVar("Q")
M = TypeVar("M", bound=BaseModel)


class ReadAs:
    """Describes an item in the OpenAPI document; it is sent as anything and read by itself."""

    def __init__(self, kind: Any) -> None:
        self._adapter = TypeAdapter[Any](kind)

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The schema of the item as it should be."""
        return handler(self._adapter.core_schema)


@dataclass(frozen=True, slots=True)
class Item(Generic[T]):
    """One item as it stands at the JSON pointer `at` of the request, or why it cannot be read."""

    at: str
    value: T | BadInput
    word: str = ""
    """What refusals call an item that is a bare text."""

    def pointer(self, word: str) -> str:
        """Returns the place of a refusal's word in the request: in the item, or else beside all items."""
        if not is_word(word):
            return word
        if word == self.word:
            return self.at
        return f"{self.at}/{word}" if word.partition("/")[0] in _fields(self.value) else f"/{word}"


def _fields(value: object) -> Iterator[str]:
    """The names of a model's fields as they are sent."""
    fields = type(value).model_fields if isinstance(value, BaseModel) else {}
    return (field.alias or name for name, field in fields.items())


Outcome: TypeAlias = Done[T] | ServiceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Generic[T]):
    """Items that came together, by whom and when."""

    items: Sequence[Item[T]]
    who: Principal
    now: datetime
    by: Actor | None = field(default_factory=acting)
    """The caller as states keep who changed them; whatever runs the request later is not in its context."""

    @property
    def values(self) -> list[T]:
        """Of the items that can be read."""
        return [item.value for item in self.items if not isinstance(item.value, BadInput)]


async def read_each(model: type[M], sent: Sequence[object], at: str) -> list[Item[M]]:
    """The items of the list at a JSON pointer."""
    items = enumerate(paced(sent))
    return await aside(lambda: [_read(model, raw, f"{at}/{index}") for index, raw in items], len(sent), rests=True)


def _read(model: type[M], sent: object, at: str) -> Item[M]:
    try:
        return Item(at, model.model_validate(sent))
    except ValidationError as error:
        return Item(at, BadInput.invalid(error, at, MOST_ERRORS_OF_AN_ITEM))


def each(items: Iterable[Item[T]], decide: Callable[[T], Done[R]]) -> list[Outcome[R]]:
    """Decides each item in turn; a refusal names the fields where they stand in the request."""
    return [decided(item, decide) for item in paced(items)]


def decided(item: Item[T], decide: Callable[[T], Done[R]]) -> Outcome[R]:
    """Decides one item, as `each` does."""
    if isinstance(item.value, BadInput):
        return item.value
    try:
        return decide(item.value)
    except ServiceError as refusal:
        return refusal.moved(item.pointer)


def served(requests: Iterable[Q], serve: Callable[[Q], R]) -> list[R | ServiceError]:
    """Serves each request in turn; a refusal is that request's alone."""
    results: list[R | ServiceError] = []
    for request in paced(requests):
        try:
            results.append(serve(request))
        except ServiceError as refusal:
            results.append(refusal)
    return results


def only(outcomes: Sequence[Outcome[T]]) -> Done[T]:
    """The outcome of a request with one item; raises what it was refused with."""
    (single,) = outcomes
    if isinstance(single, ServiceError):
        raise single
    return single
