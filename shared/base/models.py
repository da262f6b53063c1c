"""The bases of what is sent to a service and what it answers: strict types, described fields, bounded lists."""

from collections.abc import Sized
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_before_validator_function

from shared.base.wording import complaint

MOST_UNKNOWN = 10
"""Fields of an object that are not known are named up to here; more are refused together."""


class Input(BaseModel):
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
            raise complaint("too_many", "has {count} items; {most} is the most", count=len(sent), most=self.most)
        return sent


class Answer(BaseModel):
    """The base of all that routes answer; the text under a field is its description in the OpenAPI document."""

    model_config = ConfigDict(use_attribute_docstrings=True)
