"""Signs access tokens where there is no other identity provider."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, KeySetSerialization

from deploy.sidecars import secret

ALGORITHM = "ES256"
TOKEN_SECONDS = 3600

Grants = Sequence[Mapping[str, Any]]


class Issuer:
    """Signs tokens with one key in the name of one issuer URL."""

    def __init__(self, key: ECKey, url: str, audience: str = "bilet") -> None:
        self.url = url.rstrip("/")
        self._key = key
        self._audience = audience
        self._header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": key.thumbprint()}

    def token(self, subject: str, grants: Grants, now: float, lifetime: int = TOKEN_SECONDS) -> str:
        """An access token (RFC 9068) for `lifetime` seconds from `now`, in seconds since 1970."""
        claims = {
            "iss": self.url,
            "aud": self._audience,
            "sub": subject,
            "iat": int(now),
            "exp": int(now) + lifetime,
            "grants": [dict(grant) for grant in grants],
        }
        return jwt.encode(self._header, claims, self._key)

    def keys(self) -> KeySetSerialization:
        """The public key as a JSON Web Key Set."""
        return KeySet([self._key]).as_dict(private=False, use="sig", alg=ALGORITHM)

    def discovery(self) -> dict[str, Any]:
        """The document at `/.well-known/openid-configuration` below the issuer's URL."""
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint": f"{self.url}/token",
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "response_types_supported": [],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
        }


def load_key(path: Path) -> ECKey:
    """The signing key in `path`, made on first use and readable by its owner alone."""
    return ECKey.import_key(json.loads(secret.kept(path, _new_key)))


def _new_key() -> bytes:
    return json.dumps(ECKey.generate_key("P-256").as_dict(private=True)).encode()
