"""Who asks, and in which scope: bearer tokens of an OpenID provider, verified against its published keys."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Annotated, Any, Literal, TypeGuard, cast, get_args

from fastapi import Depends, Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.errors import Forbidden, Unauthenticated
from shared.issuer import IssuerKeys, published
from shared.keys import derive, keyed_id

Role = Literal[
    "national-operator",
    "regional-operator",
    "municipal-operator",
    "navigator",
    "venue",
    "mentor",
    "guardian",
    "pupil",
    "service",
]
ROLES: frozenset[str] = frozenset(get_args(Role))
FAMILY = frozenset({"guardian", "pupil"})
"""Roles whose reach comes from redeemed codes, never from what a token claims."""
NATION = "RU"
ALGORITHMS = ["ES256", "RS256", "EdDSA"]
MOST_TOKENS = 10_000
"""So many are remembered; the one that was unused for longest makes room."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One role in one organisation; `classes` narrows a navigator's school. Guardian and pupil have no organisation."""

    role: Role
    org: str | None = None
    classes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """The organisations that a principal's admitted grants reach."""

    grants: tuple[Grant, ...]

    def covers(self, *organisations: str | None, school_class: str | None = None) -> bool:
        """Whether a grant reaches any of the organisations that an object belongs to, from region to school."""
        places = {NATION, *organisations} - {None}
        return any(
            grant.org in places and (grant.classes is None or school_class is None or school_class in grant.classes)
            for grant in self.grants
        )


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks."""

    subject: str
    account: str
    """Keyed hash of issuer and subject: what `guardian.linked` and `account.linked` bind to."""
    grants: tuple[Grant, ...]

    def limited_to(self, *roles: Role) -> "Principal":
        """The principal with the grants of these roles alone; raises Forbidden when there are none."""
        admitted = tuple(grant for grant in self.grants if grant.role in roles)
        if not admitted:
            raise Forbidden(f"needs one of the roles {', '.join(roles)}")
        return Principal(self.subject, self.account, admitted)

    def has(self, role: Role) -> bool:
        """Whether a grant of this role is there."""
        return any(grant.role == role for grant in self.grants)

    @property
    def scope(self) -> Scope:
        """What the grants reach."""
        return Scope(self.grants)

    def must_cover(self, *organisations: str | None, school_class: str | None = None) -> None:
        """Raises Forbidden outside the scope."""
        if not self.scope.covers(*organisations, school_class=school_class):
            raise Forbidden("outside the scope of the token's grants")


class Tokens:
    """Verifies tokens: signature by the provider's keys, issuer, audience, expiry.

    What a token says is remembered, under its SHA-256, until it expires or the keys are fetched again: a token whose
    key was withdrawn lives on for a minute at most.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        master_key: bytes,
        keys: IssuerKeys | None = None,
        clock: Callable[[], float] = time.time,
        most: int = MOST_TOKENS,
    ) -> None:
        self._issuer = issuer.rstrip("/")
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(clock()),
            leeway=30,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        self._account_key = derive(master_key, "account")
        self._keys = keys or IssuerKeys(partial(published, self._issuer))
        self._clock = clock
        self._most = most
        self._known: dict[bytes, tuple[Principal, float]] = {}
        self._known_by: KeySet | None = None

    async def principal(self, authorization: str | None) -> Principal:
        """The principal of an `Authorization` header; raises Unauthenticated, or Unavailable without the keys."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("no bearer token")
        for anew in (False, True):
            keys = await self._keys.get(anew)
            try:
                return self._remembered(token, keys)
            except (JoseError, ValueError, TypeError, RecursionError) as error:
                unknown_key = isinstance(error, ValueError) or type(error).__name__ == "InvalidKeyIdError"
                if anew or not unknown_key:
                    raise Unauthenticated(f"the token is not valid: {type(error).__name__}") from None
        raise AssertionError("unreachable")

    def _remembered(self, token: str, keys: KeySet) -> Principal:
        if keys is not self._known_by:
            self._known, self._known_by = {}, keys
        digest = sha256(token.encode()).digest()
        principal, expires = self._known.pop(digest, (None, 0.0))
        if principal is None or expires <= self._clock():
            principal, expires = self._verified(token, keys)
        if len(self._known) == self._most:
            del self._known[next(iter(self._known))]
        self._known[digest] = principal, expires
        return principal

    def _verified(self, token: str, keys: KeySet) -> tuple[Principal, float]:
        """Whom a token stands for, and when it expires in seconds since 1970; raises JoseError or ValueError."""
        claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
        self._claims.validate(claims)
        subject = str(claims["sub"])
        account = keyed_id(self._account_key, f"{self._issuer}\n{subject}")
        return Principal(subject, account, grants_of(claims.get("grants"))), claims["exp"]


def grants_of(claim: object) -> tuple[Grant, ...]:
    """The grants of a claim; what is not one is not granted."""
    granted = (_grant(entry) for entry in claim) if isinstance(claim, list) else ()
    return tuple(grant for grant in granted if grant is not None)


def _grant(entry: object) -> Grant | None:
    """One entry's grant; None where a part is of another type, since to ignore `classes` would widen the reach, and
    for a national operator of anything but the nation: its routes ask for nothing more than the role."""
    if not isinstance(entry, dict):
        return None
    role, org, classes = entry.get("role"), entry.get("org"), entry.get("classes")
    if not isinstance(role, str) or role not in ROLES:
        return None
    if role in FAMILY:
        return Grant(cast(Role, role))
    if not isinstance(org, str | None) or not _are_names(classes):
        return None
    if role == "national-operator" and org != NATION:
        return None
    return Grant(cast(Role, role), org, None if classes is None else frozenset(classes))


def _are_names(classes: object) -> TypeGuard[list[str] | None]:
    return classes is None or (isinstance(classes, list) and all(isinstance(name, str) for name in classes))


def admit(*roles: Role) -> Any:
    """A route's dependency: the principal with its grants of these roles. The signature is the permission."""

    async def principal(request: Request) -> Principal:
        tokens: Tokens = request.app.state.tokens
        return (await tokens.principal(request.headers.get("authorization"))).limited_to(*roles)

    principal.roles = roles  # type: ignore[attr-defined]
    return Depends(principal)


NationalOperator = Annotated[Principal, admit("national-operator")]
RegionOperator = Annotated[Principal, admit("national-operator", "regional-operator")]
Operator = Annotated[Principal, admit("national-operator", "regional-operator", "municipal-operator")]
STAFF: tuple[Role, ...] = ("national-operator", "regional-operator", "municipal-operator", "navigator")
"""Who acts for the pupils of a place, from the nation down to a class."""
SchoolStaff = Annotated[Principal, admit(*STAFF)]
VenueOperator = Annotated[Principal, admit("national-operator", "regional-operator", "venue")]
VenueStaff = Annotated[Principal, admit("national-operator", "regional-operator", "venue", "mentor")]
Family = Annotated[Principal, admit("guardian", "pupil")]
FeedConsumer = Annotated[Principal, admit("national-operator", "regional-operator", "service")]
