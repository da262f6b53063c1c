"""What became of each item of a batch: done, known from before, or refused while the others go through."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from shared.base.errors import ServiceError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """What a command led to; not `new` where it had led to that before."""

    value: T
    new: bool


Result: TypeAlias = Done[T] | ServiceError


def result(decide: Callable[[], Done[T]]) -> Result[T]:
    """What `decide` gives, or why it refuses."""
    try:
        return decide()
    except ServiceError as refusal:
        return refusal


def only(results: list[Result[T]], moved: Mapping[str, str] | None = None) -> Done[T]:
    """The result of a batch of one; raises what it was refused with, with pointers that were `moved` to new ones."""
    (single,) = results
    if isinstance(single, ServiceError):
        raise single.moved(lambda at: (moved or {}).get(at, at))
    return single
