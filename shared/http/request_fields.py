"""The place of a refusal's field in a request: the domain names a word, the route knows where it stands."""

from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute

from shared.base.errors import FieldError, is_word


def located(errors: tuple[FieldError, ...], route: object) -> tuple[FieldError, ...]:
    """The errors with pointers into the route's requests; a word that the route does not know is left out.

    A pointer stays as it is; a word becomes `query:word`, `path:word` or `header:word` where the route declares such a
    parameter, and `/word` where it takes a body.
    """
    found = ((error, _pointer(error.pointer, route)) for error in errors)
    return tuple(FieldError(where, error.detail) for error, where in found if where is not None)


def _pointer(named: str, route: object) -> str | None:
    if not is_word(named):
        return named
    if not isinstance(route, APIRoute):
        return None
    kinds = {field.alias: field.field_info.in_.value for field in get_flat_params(route.dependant)}  # type: ignore[attr-defined]
    if named in kinds:
        return f"{kinds[named]}:{named}"
    return f"/{named}" if route.body_field else None
