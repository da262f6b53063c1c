"""Grades, as commands and states have them."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from shared.base.models import Count

Grade = Annotated[int, Field(ge=1, le=11)]


def _ordered(grades: tuple[int, int]) -> tuple[int, int]:
    if grades[0] > grades[1]:
        raise PydanticCustomError("grades_disordered", "must be the lowest and the highest, in this order")
    return grades


Grades = Annotated[tuple[Grade, Grade], Count(2, 2), AfterValidator(_ordered)]
"""Lowest and highest grade, both included."""
