"""The shapes of HTTP bodies: strict types, no field that is not known, and nothing without a bound."""

from collections.abc import Sequence, Sized
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_before_validator_function

from shared.errors import MOST_ERRORS_OF_AN_ITEM, BadInput
from shared.side_thread import aside

M = TypeVar("M", bound=BaseModel)
MOST_UNKNOWN = 10
"""Fields of an object that are not known are named up to here; more are refused together."""


class Body(BaseModel):
    """An object in a body: a field that is not known is refused by its name, and no type is taken for another."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    @model_validator(mode="before")
    @classmethod
    def _few_are_unknown(cls, sent: Any) -> Any:
        """Each would become an error of its own."""
        if isinstance(sent, dict) and len(sent) > len(cls.__pydantic_fields__) + MOST_UNKNOWN:
            raise PydanticCustomError("many_unknown", f"has {len(sent)} fields, most of which are not known")
        return sent


@dataclass(frozen=True, slots=True)
class Count:
    """Bounds of a list's or a map's length, checked before an item is looked at: each may become an error."""

    least: int
    most: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The schema of the list, tuple or map behind the check; JSON has no tuples, so that a list is one."""
        inner: Any = handler(source)
        inner |= {"min_length": self.least, "max_length": self.most}
        if inner["type"] == "tuple":
            inner["strict"] = False
        return no_info_before_validator_function(self._check, inner)

    def _check(self, sent: Any) -> Any:
        if isinstance(sent, Sized) and len(sent) > self.most:
            raise PydanticCustomError("too_many", f"has {len(sent)} items; {self.most} is the most")
        return sent


class Item:
    """Describes an item of a batch, which is sent as anything and read by itself (`parsed`), so that a wrong one does
    not refuse the others."""

    def __init__(self, kind: Any) -> None:
        self._adapter = TypeAdapter[Any](kind)

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The schema of the item as it should be."""
        return handler(self._adapter.core_schema)


async def each_parsed(model: type[M], items: Sequence[object], at: str) -> list[M | BadInput]:
    """The items of the list at a JSON pointer, each by itself."""
    return await aside(lambda: [parsed(model, raw, f"{at}/{i}") for i, raw in enumerate(items)], len(items))


def parsed(model: type[M], raw: object, at: str) -> M | BadInput:
    """One item of a body, at the JSON pointer `at`, or why it is refused while the others go through."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        return BadInput.invalid(error, at, MOST_ERRORS_OF_AN_ITEM)
