"""The problem document (RFC 9457) as a model."""

from typing import Annotated

from pydantic import Field

from shared.base.errors import ServiceError
from shared.base.models import Answer


class FieldProblem(Answer):
    """One offending part of a request."""

    pointer: str
    """JSON pointer (RFC 6901) into the body of the request; what lies outside of it is `query:`, `path:` or `header:`
    and a name."""
    detail: str
    """The reason, in English; it never repeats the value that was sent."""


class Problem(Answer):
    """A refusal of a request, or of one item of a batch (RFC 9457)."""

    type: str
    """Stable slug, for instance `slot-full`: programs decide by it."""
    title: str
    """The slug in words."""
    status: int
    """HTTP status of the refusal, also where an item is refused within a batch that is answered with 200."""
    detail: str
    """The reason in English, for whoever looks into a failure."""
    errors: list[FieldProblem] | None = None
    """The parts of the request at fault, where the refusal is about any."""
    retryable: bool | None = None
    """True where the same request may succeed later; absent otherwise."""
    violated_policies: Annotated[list[str] | None, Field(alias="violated-policies")] = None
    """The quotas that are used up; `Retry-After` and the RateLimit fields of the answer say how long to wait."""

    @classmethod
    def of(cls, refusal: ServiceError) -> "Problem":
        """The document of an error."""
        return cls.model_validate(refusal.problem())
