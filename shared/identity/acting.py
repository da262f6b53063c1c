"""The actor of the request that is being served, its route, and whom it is about; known wherever it is served."""

from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

PRINCIPAL = "bilet.principal"
"""Where a request's scope keeps who asks, once that is known."""
READING = frozenset({"GET", "HEAD"})
PERSONS = "bilet.persons"
"""Where it keeps the participants whom it is about."""
NAMELESS = "bilet.nameless"
"""Where it keeps that it shows persons who have no id, as refused lines of a file."""
FORGOTTEN = "bilet.forgotten"
"""Where it keeps that it erases the one who asks."""
_REQUEST: ContextVar[MutableMapping[str, Any] | None] = ContextVar("request", default=None)


@dataclass(frozen=True, slots=True)
class Actor:
    """The doer of a change: kept with the state that was changed, never in an event."""

    account: str | None
    """Keyed hash of issuer and subject; None where a consumer follows an event, and where its owner is erased."""
    roles: tuple[str, ...]
    route: str
    """`POST /trials/attempts`, or the group of a consumer."""

    def document(self) -> dict[str, Any]:
        """As it stands in a state."""
        return {"by": self.account, "roles": list(self.roles), "route": self.route}


@contextmanager
def serving(scope: MutableMapping[str, Any]) -> Iterator[None]:
    """Serves the request of this scope inside."""
    token = _REQUEST.set(scope)
    try:
        yield
    finally:
        _REQUEST.reset(token)


def acting() -> Actor | None:
    """Returns the actor of this request; None outside one, and before it is known who asks.

    A command that waits for others has to take it along: what runs them is in the context of one of them.
    """
    scope = _REQUEST.get()
    return None if scope is None else actor_of(scope)


def changed(by: Actor | None) -> dict[str, Any]:
    """The field of a stored row that says who changed it last; none where nobody acts, as in a test or a migration."""
    return {"changed": by.document()} if by else {}


def actor_of(scope: MutableMapping[str, Any]) -> Actor | None:
    """Returns the actor of a request, by the grants that its route admits."""
    who = scope.get(PRINCIPAL)
    if who is None:
        return None
    roles = tuple(sorted({grant.role for grant in who.grants}))
    return Actor(None if FORGOTTEN in scope else who.account, roles, f"{scope['method']} {route_of(scope)}")


def forget_actor() -> None:
    """Lets no row and no entry of the audit log name the account of this request, which erases it."""
    scope = _REQUEST.get()
    if scope is not None:
        scope[FORGOTTEN] = True


def route_of(scope: MutableMapping[str, Any]) -> str:
    """The path of a request's route, with its ids left open."""
    return getattr(scope.get("route"), "path", "unmatched")


def about(participants: Iterable[str]) -> None:
    """Notes whom the request shows or changes; raises Unavailable where they would be shown without a trace."""
    scope = _REQUEST.get()
    if scope is None:
        return
    if scope["method"] in READING:
        scope["app"].state.audit.must_have_room()
    scope.setdefault(PERSONS, {}).update(dict.fromkeys(participants))


def about_nameless() -> None:
    """Notes that the request shows persons who have no id; raises Unavailable where there would be no trace of it."""
    about(())
    scope = _REQUEST.get()
    if scope is not None:
        scope[NAMELESS] = True
