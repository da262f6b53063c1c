"""Bearer tokens of an OpenID provider, verified against its published keys."""

import time
from collections.abc import Callable
from functools import partial
from hashlib import sha256

from joserfc import jwt
from joserfc.errors import JoseError

from shared.base.errors import Unauthenticated
from shared.identity import access_tokens
from shared.identity.grants import grants_of, refusals_of
from shared.identity.issuer import IssuerKeys, Published, published
from shared.identity.keys import keyed_id
from shared.identity.principal import Principal

ALGORITHMS = ["ES256", "RS256", "EdDSA"]
MOST_TOKENS = 10_000
"""So many are remembered; the one that was unused for longest makes room."""


class Tokens:
    """Verifies access tokens: signature by the provider's keys, type, issuer, audience, expiry.

    What a token says is remembered, under its SHA-256, until it expires or the keys are fetched again: a token whose
    key was withdrawn lives on for a minute at most. `plain` admits access tokens that are not typed `at+jwt`.
    """

    most = MOST_TOKENS

    def __init__(
        self,
        issuer: str,
        audience: str,
        account_key: bytes,
        keys: IssuerKeys | None = None,
        clock: Callable[[], float] = time.time,
        plain: bool = False,
    ) -> None:
        self._account_of = f"{issuer.rstrip('/')}\n"
        """Before the subject in what an account is the hash of; accounts are bound to it for good."""
        self._audience = audience
        self._account_key = account_key
        self._keys = keys or IssuerKeys(partial(published, issuer))
        self._clock = clock
        self._plain = plain
        self._known: dict[bytes, tuple[Principal, float]] = {}
        self._known_by: Published | None = None

    async def principal(self, authorization: str | None) -> Principal:
        """The principal of an `Authorization` header; raises Unauthenticated, or Unavailable without the keys."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("no bearer token")
        for anew in (False, True):
            by = await self._keys.get(anew)
            try:
                return self._remembered(token, by)
            except (JoseError, ValueError, TypeError, RecursionError) as error:
                unknown_key = isinstance(error, ValueError) or type(error).__name__ == "InvalidKeyIdError"
                if anew or not unknown_key:
                    raise Unauthenticated(f"the token is not valid: {type(error).__name__}") from None
        raise AssertionError("unreachable")

    def _remembered(self, token: str, by: Published) -> Principal:
        if by is not self._known_by:
            self._known, self._known_by = {}, by
        digest = sha256(token.encode()).digest()
        principal, expires = self._known.pop(digest, (None, 0.0))
        if principal is None or expires <= self._clock():
            principal, expires = self._verified(token, by)
        if len(self._known) == self.most:
            del self._known[next(iter(self._known))]
        self._known[digest] = principal, expires
        return principal

    def _verified(self, token: str, by: Published) -> tuple[Principal, float]:
        """Returns a token's principal and its expiry in seconds since 1970; raises JoseError or ValueError."""
        decoded = jwt.decode(token, by.keys, algorithms=ALGORITHMS)
        claims = decoded.claims
        self._registry(by.issuer).validate(claims)
        if (fault := access_tokens.fault(decoded.header, claims, self._plain)) is not None:
            raise Unauthenticated(f"the token is not valid: {fault}")
        subject = str(claims["sub"])
        account = keyed_id(self._account_key, f"{self._account_of}{subject}")
        claim = claims.get("grants")
        return Principal(subject, account, grants_of(claim), refusals_of(claim)), claims["exp"]

    def _registry(self, issuer: str) -> jwt.JWTClaimsRegistry:
        """Returns the claims that must be there: issuer by its own spelling, audience, and a time that is not over."""
        return jwt.JWTClaimsRegistry(
            now=lambda: int(self._clock()),
            leeway=30,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": self._audience},
            exp={"essential": True},
            sub={"essential": True},
        )
