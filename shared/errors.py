"""The tree of all errors, and their form as RFC 9457 problem documents.

ServiceError
├── BadInput             422  a field is wrong; names each by JSON pointer
├── Unauthenticated      401  no token, or not a valid one
├── Forbidden            403  outside the scope of the token's grants
├── NotFound             404  not there, or its existence is a secret
├── Conflict             409  the state does not allow it
├── NotKnownYet          409  another service's fact has not arrived; retry
├── Unavailable          503  a dependency does not answer; retry
└── RecordsLost          500  a topic ends before what was handled; the process ends
InvalidMessage                a record that can never be read; goes to the dead-letter topic
FactOvertaken                 a fact that names what the catalogue does not hold yet; waits
TooManyInvalid                the limit of invalid records in a row; the consumer stops
"""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import ValidationError


@dataclass(frozen=True, slots=True)
class FieldError:
    """One offending field and the reason.

    `pointer` is a JSON pointer (RFC 6901) into the request's body, or `query:`, `path:` or `header:` and a name. A rule
    that knows no request says its own word for the field, and `shared.request_fields` finds where that stands.
    """

    pointer: str
    detail: str


class ServiceError(Exception):
    """What a caller is told; `slug` is stable and becomes the problem's `type`."""

    slug: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str, *, slug: str | None = None, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.type = slug or self.slug
        self.errors = tuple(errors)

    def moved(self, pointers: Mapping[str, str]) -> Self:
        """The same refusal about fields that stand elsewhere: old pointer → new."""
        moved = copy(self)
        moved.errors = tuple(FieldError(pointers.get(e.pointer, e.pointer), e.detail) for e in self.errors)
        return moved

    def problem(self) -> dict[str, Any]:
        """The RFC 9457 document."""
        document: dict[str, Any] = {
            "type": self.type,
            "title": self.type.replace("-", " ").capitalize(),
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            document["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in self.errors]
        if self.retryable:
            document["retryable"] = True
        return document


class BadInput(ServiceError):
    """A field is wrong."""

    slug, status = "bad-input", 422

    @classmethod
    def field(cls, pointer: str, detail: str) -> "BadInput":
        """One wrong field, named in the summary too."""
        return cls(f"{pointer}: {detail}", errors=[FieldError(pointer, detail)])

    @classmethod
    def invalid(cls, error: ValidationError, prefix: str = "") -> "BadInput":
        """Every complaint of a pydantic validation, without the values that were sent."""
        fields = [
            FieldError(pointer(prefix, complaint["loc"]), complaint["msg"])
            for complaint in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        return cls("; ".join(f"{f.pointer}: {f.detail}" for f in fields), errors=fields)


class Unauthenticated(ServiceError):
    """No token, or not a valid one."""

    slug, status = "unauthenticated", 401


class Forbidden(ServiceError):
    """Outside the scope of the token's grants."""

    slug, status = "forbidden", 403


class NotFound(ServiceError):
    """Not there, or its existence is a secret."""

    slug, status = "not-found", 404


class Conflict(ServiceError):
    """The state does not allow it."""

    slug, status = "conflict", 409


class NotKnownYet(ServiceError):
    """Another service's fact has not arrived here yet."""

    slug, status, retryable = "not-known-yet", 409, True


class Unavailable(ServiceError):
    """A dependency does not answer."""

    slug, status, retryable = "unavailable", 503, True


class RecordsLost(ServiceError):
    """A topic was made anew, or its broker has lost the end of it."""

    slug = "records-lost"

    def __init__(self, group: str, partition: str, end: int, handled: int) -> None:
        super().__init__(
            f"{partition} ends at offset {end}, but {group} has handled everything below {handled}: the topic was made "
            "anew, or its broker has lost records"
        )


class InvalidMessage(Exception):
    """A record that can never be read; its text is the reason and never holds the record's values."""


class FactOvertaken(Exception):
    """Facts that name what the catalogue does not hold yet: their positions, each with what is missing."""

    def __init__(self, missing: Mapping[tuple[str, int, int], str]) -> None:
        super().__init__("; ".join(sorted(set(missing.values()))))
        self.missing = missing


class TooManyInvalid(Exception):
    """More records in a row could not be read than the limit allows: the fault is ours, not theirs."""


def pointer(prefix: str, location: Sequence[int | str]) -> str:
    """A JSON pointer below `prefix`: `("pupils", 3, "grade")` is `/pupils/3/grade`.

    Of a map's wrong key, which pydantic locates as `(key, "[key]")`, it is the pointer of the map's entry.
    """
    parts = location[:-1] if location and location[-1] == "[key]" else location
    return prefix + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
