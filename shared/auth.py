"""Who asks, and in which scope: bearer tokens of an OpenID provider, verified against its published keys."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeGuard, cast, get_args

import aiohttp
from fastapi import Depends, Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.errors import Forbidden, Unauthenticated, Unavailable
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
REFETCH_SECONDS = 10.0
"""At most so often are the provider's keys fetched again for a key id that is not known."""


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
    """Verifies tokens: signature by the provider's keys, issuer, audience, expiry."""

    def __init__(self, issuer: str, audience: str, master_key: bytes) -> None:
        self._issuer = issuer.rstrip("/")
        self._claims = jwt.JWTClaimsRegistry(
            leeway=30,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        self._account_key = derive(master_key, "account")
        self._keys: KeySet | None = None
        self._fetched = float("-inf")
        self._fetching = asyncio.Lock()

    async def principal(self, authorization: str | None) -> Principal:
        """The principal of an `Authorization` header; raises Unauthenticated, or Unavailable without the keys."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("no bearer token")
        claims = await self._verified(token)
        subject = str(claims["sub"])
        return Principal(
            subject, keyed_id(self._account_key, f"{self._issuer}\n{subject}"), grants_of(claims.get("grants"))
        )

    async def _verified(self, token: str) -> Mapping[str, Any]:
        for last in (False, True):
            keys = await self._key_set(fresh=last)
            try:
                decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
                self._claims.validate(decoded.claims)
            except (JoseError, ValueError) as error:
                unknown_key = isinstance(error, ValueError) or type(error).__name__ == "InvalidKeyIdError"
                if last or not unknown_key:
                    raise Unauthenticated(f"the token is not valid: {type(error).__name__}") from None
            else:
                return dict(decoded.claims)
        raise AssertionError("unreachable")

    async def _key_set(self, fresh: bool) -> KeySet:
        async with self._fetching:
            if self._keys is None or (fresh and time.monotonic() - self._fetched > REFETCH_SECONDS):
                self._keys = await self._fetch()
                self._fetched = time.monotonic()
            return self._keys

    async def _fetch(self) -> KeySet:
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5), raise_for_status=True) as http:
                async with http.get(f"{self._issuer}/.well-known/openid-configuration") as answer:
                    where = (await answer.json())["jwks_uri"]
                async with http.get(where) as answer:
                    return KeySet.import_key_set(await answer.json())
        except (aiohttp.ClientError, TimeoutError, KeyError, ValueError) as error:
            raise Unavailable(f"the identity provider's keys cannot be had: {type(error).__name__}") from error


def grants_of(claim: object) -> tuple[Grant, ...]:
    """The grants of a claim; what is not one is not granted."""
    granted = (_grant(entry) for entry in claim) if isinstance(claim, list) else ()
    return tuple(grant for grant in granted if grant is not None)


def _grant(entry: object) -> Grant | None:
    """One entry's grant; None where a part is of another type, since to ignore `classes` would widen the reach."""
    if not isinstance(entry, dict):
        return None
    role, org, classes = entry.get("role"), entry.get("org"), entry.get("classes")
    if not isinstance(role, str) or role not in ROLES:
        return None
    if role in FAMILY:
        return Grant(cast(Role, role))
    if not isinstance(org, str | None) or not _are_names(classes):
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
SchoolStaff = Annotated[Principal, admit("national-operator", "regional-operator", "municipal-operator", "navigator")]
VenueOperator = Annotated[Principal, admit("national-operator", "regional-operator", "venue")]
VenueStaff = Annotated[Principal, admit("national-operator", "regional-operator", "venue", "mentor")]
Family = Annotated[Principal, admit("guardian", "pupil")]
FeedConsumer = Annotated[Principal, admit("national-operator", "regional-operator", "service")]
