"""Needs that a place or a programme serves, each once."""

from typing import Annotated, get_args

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from shared.base.models import Count
from shared.programme.needs import Need

BESIDE_PICTURES: frozenset[Need] = frozenset({"sign-language", "large-print", "assistant"})
"""Needs of pupils who may read little: to them diagnostics beside pictures are offered, and forced upon nobody."""


def each_once(needs: tuple[Need, ...]) -> tuple[Need, ...]:
    """Returns needs as they are; raises PydanticCustomError where one is named twice."""
    if len(set(needs)) < len(needs):
        raise PydanticCustomError("need_twice", "names a need twice")
    return needs


Needs = Annotated[tuple[Need, ...], Count(0, len(get_args(Need))), AfterValidator(each_once)]
"""Needs that are served, each once."""

__all__ = ["BESIDE_PICTURES", "Need", "Needs", "each_once"]
