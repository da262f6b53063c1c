"""Values that commands and states are made of: refs, names and grades."""

from typing import Annotated

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

Ref = Annotated[str, StringConstraints(min_length=1, max_length=100)]
"""The caller's own name of what it sends: sent again, it means the same thing. Never text that is not valid Unicode."""
_REF: TypeAdapter[str] = TypeAdapter(Ref)
Name = Annotated[str, Field(min_length=1, max_length=300)]
Grades = tuple[Annotated[int, Field(ge=1, le=11)], Annotated[int, Field(ge=1, le=11)]]


def ref(value: object) -> str | None:
    """The value where it is a Ref: anything else is neither looked up nor repeated in an answer."""
    try:
        return _REF.validate_python(value)
    except ValidationError:
        return None
