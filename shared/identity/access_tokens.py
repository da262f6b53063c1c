"""The JWTs that are access tokens: typed ones (RFC 9068), and plain ones where an installation admits them."""

from collections.abc import Mapping
from typing import Any

TYPES = frozenset({"at+jwt", "application/at+jwt"})
PLAIN_TYPES = frozenset({"jwt", "application/jwt"})
NOT_FOR_ACCESS = frozenset({"nonce", "at_hash", "c_hash", "s_hash", "events"})
"""Claims of ID tokens and of tokens that tell of an event, a logout for instance."""
SAYS_ACCESS = frozenset({"scope", "scp", "client_id", "cid", "gty"})
"""Claims that providers put into access tokens alone."""
OF_A_LOGIN = frozenset({"auth_time", "acr", "amr", "azp", "sid"})
"""Claims of ID tokens that access tokens may have too."""


def fault(header: Mapping[str, Any], claims: Mapping[str, Any], plain: bool) -> str | None:
    """Returns why a token is no access token, or None for one; `plain` admits types `JWT` and none.

    A plain token must not look like an ID token, and must say that it is an access token: by a claim of theirs, by
    Keycloak's `typ` or Cognito's `token_use`, or at least by `grants` without a claim that tells of a login.
    """
    named = header.get("typ")
    kind = named.lower() if isinstance(named, str) else named
    if kind in TYPES:
        return None
    if kind is not None and kind not in PLAIN_TYPES:
        return "its type is not at+jwt"
    if not plain:
        return "its type is not at+jwt, and plain JWTs are not admitted here"
    uses = {str(claims[name]).lower() for name in ("typ", "token_use") if name in claims}
    if not NOT_FOR_ACCESS.isdisjoint(claims) or not uses <= {"bearer", "access"}:
        return "it is an ID token, or another that is not for access"
    if uses or not SAYS_ACCESS.isdisjoint(claims) or ("grants" in claims and OF_A_LOGIN.isdisjoint(claims)):
        return None
    return "nothing in it says that it is an access token"
