"""What a command is told when a rule stands against it: a stable slug, and the field that the rule is about."""

from shared.errors import Conflict, FieldError, NotKnownYet


def conflict(slug: str, pointer: str, detail: str) -> Conflict:
    """The state does not allow it, and waiting will not help. Without a pointer it is about no field."""
    return Conflict(detail, slug=slug, errors=[FieldError(pointer, detail)] if pointer else [])


def not_yet(slug: str, pointer: str, detail: str) -> NotKnownYet:
    """Another service's fact is missing here; it may be under way. Without a pointer it is about no field."""
    return NotKnownYet(detail, slug=slug, errors=[FieldError(pointer, detail)] if pointer else [])
