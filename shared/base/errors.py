"""The refusals that a caller is told, as a tree, and their form as RFC 9457 problem documents.

ServiceError
├── BadInput             422  a field is wrong; names each by JSON pointer
├── MalformedJson        400  the body is no JSON text
├── MalformedRequest     400  this is no HTTP
├── BrokenOff            400  the sender left before the body was there
├── TooSlow              408  the body did not arrive in time; the connection ends
├── BodyTooLarge         413  the body is larger than its route takes
├── UrlTooLong           414  the address is longer than any of ours
├── NotAcceptable        406  the answer has no media type that the request takes
├── UnsupportedMediaType 415  the body is of another type or coding
├── HeadTooLarge         431  the headers are larger than we take
├── Unauthenticated      401  no token, or not a valid one
├── Forbidden            403  outside the scope of the token's grants
│   └── Excluded         403  inside that of grants of which the account was put out
├── NotFound             404  not there, or its existence is a secret
├── Conflict             409  the state does not allow it
├── NotKnownYet          409  another service's fact has not arrived; retry
└── Unavailable          503  a dependency does not answer; retry
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shared.base.wording import WORDING, Worded

MOST_ERRORS, MOST_ERRORS_OF_AN_ITEM = 50, 10
"""So many wrong fields are named in an answer, and of one item of a batch; of the others only the number is said."""
IN_JSON = dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "Input should be an object") | {
    "missing": "is missing"
}
"""What pydantic says in Python's words, in those of JSON and of this system."""
PATTERNS = {
    "greater_than_equal": "Input should be greater than or equal to {ge}",
    "less_than_equal": "Input should be less than or equal to {le}",
    "string_pattern_mismatch": "String should match pattern '{pattern}'",
    "literal_error": "Input should be {expected}",
}
"""What pydantic says with something in it, by type, as far as a line of a file can meet it."""
LONGEST_WORDS = 300
"""Characters of a pointer or a reason, since both may repeat a name that the caller chose."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One offending field and the reason.

    `pointer` is a JSON pointer (RFC 6901) into the request's body, or `query:`, `path:` or `header:` and a name. A rule
    that knows no request says its own word for the field, and `shared.http.request_fields` finds where that stands.
    """

    pointer: str
    detail: str


class ServiceError(Exception):
    """A refusal that a caller is told; `slug` is stable and becomes the problem's `type`."""

    slug: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False
    headers: Mapping[str, str] = {}
    """Of the answer; an instance may have its own."""

    def __init__(self, detail: str, *, slug: str | None = None, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.type = slug or self.slug
        self.errors = tuple(errors)

    @classmethod
    def about(cls, word: str, detail: str, slug: str | None = None) -> Self:
        """Makes a refusal about the field that a domain calls by its word; an empty word is about none."""
        return cls(detail, slug=slug, errors=[FieldError(word, detail)] if word else [])

    def moved(self, where: Callable[[str], str]) -> Self:
        """The same refusal about fields that stand elsewhere: `where` gives the pointer of each.

        A detail that names the fields names them by their new places.
        """
        moved, summary = copy(self), _summary(self.errors)
        moved.errors = tuple(FieldError(where(e.pointer), e.detail) for e in self.errors)
        if self.detail.startswith(summary):
            moved.detail = _summary(moved.errors) + self.detail.removeprefix(summary)
        return moved

    def problem(self) -> dict[str, Any]:
        """The RFC 9457 document."""
        document: dict[str, Any] = {
            "type": self.type,
            "title": self.type.replace("-", " ").capitalize(),
            "status": self.status,
            "detail": str(self.detail),
        }
        if self.errors:
            document["errors"] = [{"pointer": _shown(e.pointer), "detail": _shown(e.detail)} for e in self.errors]
        if self.retryable:
            document["retryable"] = True
        return document


class BadInput(ServiceError):
    """A field is wrong."""

    slug, status = "bad-input", 422

    @classmethod
    def field(cls, pointer: str, detail: str) -> "BadInput":
        """One wrong field, named in the summary too."""
        return cls.of([FieldError(pointer, detail)])

    @classmethod
    def of(cls, faults: Iterable[FieldError], most: int = MOST_ERRORS) -> "BadInput":
        """Several wrong fields; beyond `most` they are only counted."""
        fields = list(faults)
        more = f"; and {len(fields) - most} more" if len(fields) > most else ""
        return cls(_summary(fields[:most]) + more, errors=fields[:most])

    @classmethod
    def invalid(cls, error: ValidationError, prefix: str = "", most: int = MOST_ERRORS) -> "BadInput":
        """The complaints of a pydantic validation, without the values that were sent."""
        said = error.errors(include_url=False, include_input=False)
        return cls.of((FieldError(pointer(prefix, e["loc"]), _sentence(e)) for e in said), most)


class MalformedJson(ServiceError):
    """The body is no JSON text."""

    slug, status = "malformed-json", 400

    @classmethod
    def because(cls, reason: str) -> "MalformedJson":
        """With where and why."""
        return cls(f"the body is not JSON: {reason}", errors=[FieldError("", reason)])


class MalformedRequest(ServiceError):
    """The request is no HTTP."""

    slug, status = "malformed-request", 400


class BrokenOff(ServiceError):
    """The sender left before the body was there; nobody reads the answer."""

    slug, status = "broken-off", 400


class TooSlow(ServiceError):
    """The body did not arrive in time."""

    slug, status, retryable = "too-slow", 408, True
    headers = {"Connection": "close"}  # noqa: RUF012  # one for all, and never changed


class BodyTooLarge(ServiceError):
    """The body is larger than its route takes."""

    slug, status = "body-too-large", 413

    @classmethod
    def beyond(cls, most: int) -> "BodyTooLarge":
        """With what the route takes."""
        return cls(f"the body may have {most} bytes at most")


class UrlTooLong(ServiceError):
    """The address is longer than any of ours."""

    slug, status = "url-too-long", 414

    @classmethod
    def beyond(cls, most: int) -> "UrlTooLong":
        """With what is taken."""
        return cls(f"the address may have {most} bytes at most")


class HeadTooLarge(ServiceError):
    """The headers are larger than we take."""

    slug, status = "head-too-large", 431

    @classmethod
    def beyond(cls, most: int) -> "HeadTooLarge":
        """With what is taken."""
        return cls(f"the headers may have {most} bytes at most")


class UnsupportedMediaType(ServiceError):
    """The body is of another type or coding."""

    slug, status = "unsupported-media-type", 415


class NotAcceptable(ServiceError):
    """The answer has none of the media types that the request takes."""

    slug, status = "not-acceptable", 406


class Unauthenticated(ServiceError):
    """No token, or not a valid one."""

    slug, status = "unauthenticated", 401
    headers = {"WWW-Authenticate": "Bearer"}  # noqa: RUF012  # one for all, and never changed


class Forbidden(ServiceError):
    """Outside the scope of the token's grants."""

    slug, status = "forbidden", 403


class Excluded(Forbidden):
    """The account was put out of the organisation in which the token grants the role."""

    slug = "excluded"


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


def pointer(prefix: str, location: Sequence[int | str]) -> str:
    """A JSON pointer below `prefix`: `("pupils", 3, "grade")` is `/pupils/3/grade`.

    Of a map's wrong key, which pydantic locates as `(key, "[key]")`, it is the pointer of the map's entry.
    """
    parts = location[:-1] if location and location[-1] == "[key]" else location
    return prefix + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def word(*parts: str) -> str:
    """Makes a domain's word for a part of a field: of `("answers", "q/9")` it is `answers/q~19`."""
    return pointer("", parts)[1:]


def is_word(named: str) -> bool:
    """Tells a domain's own word for a field (`occurred_at`, `guardian/ref`) from a pointer."""
    return named != "" and not named.startswith(("/", "query:", "path:", "header:"))


def _sentence(said: ErrorDetails) -> str:
    """The sentence of a validation about one field, with its pattern where something fills that."""
    parts = {name: part for name, part in said.get("ctx", {}).items() if isinstance(part, str | int)}
    pattern = parts.pop(WORDING, PATTERNS.get(said["type"]))
    known = IN_JSON.get(said["type"])
    return known or (Worded.of(str(pattern), parts, said["msg"]) if pattern and parts else said["msg"])


def _summary(errors: Iterable[FieldError]) -> str:
    return "; ".join(f"{_shown(e.pointer) or 'the body'}: {_shown(e.detail)}" for e in errors)


def _shown(words: str) -> str:
    """Words that any answer can hold: not too long, and without the half of a surrogate pair."""
    short = words if len(words) <= LONGEST_WORDS else f"{words[: LONGEST_WORDS - 1]}…"
    return short.encode(errors="replace").decode()
