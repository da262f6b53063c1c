"""What a command is told when a rule stands against it: a stable slug, and the field that the rule is about."""

from shared.base.errors import Conflict, FieldError, NotFound, NotKnownYet


def conflict(slug: str, pointer: str, detail: str) -> Conflict:
    """The state does not allow it, and waiting will not help. Without a pointer it is about no field."""
    return Conflict(detail, slug=slug, errors=[FieldError(pointer, detail)] if pointer else [])


def not_yet(slug: str, pointer: str, detail: str) -> NotKnownYet:
    """Another service's fact is missing here; it may be under way. Without a pointer it is about no field."""
    return NotKnownYet(detail, slug=slug, errors=[FieldError(pointer, detail)] if pointer else [])


class UnknownParticipant(NotFound):
    """Not there, outside the caller's scope, or not known here yet: one answer, so that nobody learns who exists.

    It can be sent again, since a pupil who has just been registered is known here a moment later.
    """

    slug, retryable = "participant-unknown", True

    @classmethod
    def named(cls, field: str) -> "UnknownParticipant":
        """About whom a field names."""
        detail = "no such participant in your scope; one who has just been registered is known here in a moment"
        return cls(detail, errors=[FieldError(field, detail)])
