"""Values that commands and states are made of: refs, names and grades."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from shared.bodies import Count

Ref = Annotated[str, StringConstraints(min_length=1, max_length=100)]
"""The caller's own name of what it sends: sent again, it means the same thing. Never text that is not valid Unicode."""
_REF: TypeAdapter[str] = TypeAdapter(Ref)
Name = Annotated[str, Field(min_length=1, max_length=300)]
Grade = Annotated[int, Field(ge=1, le=11)]


def _ordered(grades: tuple[int, int]) -> tuple[int, int]:
    if grades[0] > grades[1]:
        raise PydanticCustomError("grades_disordered", "must be the lowest and the highest, in this order")
    return grades


Grades = Annotated[tuple[Grade, Grade], Count(2, 2), AfterValidator(_ordered)]
"""Lowest and highest grade, both included."""


def ref(value: object) -> str | None:
    """The value where it is a Ref: anything else is neither looked up nor repeated in an answer."""
    try:
        return _REF.validate_python(value)
    except ValidationError:
        return None
