"""The form by which the known client asks the small OpenID provider for a token (RFC 6749, client credentials)."""

import hmac
from collections import Counter
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

from pydantic import Field, Json, ValidationError

from shared.base.models import Count, Input

FORM = "application/x-www-form-urlencoded"
LARGEST_FORM = 16 * 1024
"""Bytes."""
PASSED_OVER = frozenset({"scope", "audience", "resource"})
"""Standard fields that any client may send, and that mean nothing here."""
Code = Annotated[str, Field(min_length=1, max_length=100)]


class Refused(Exception):
    """A request that gets no token: the code of the error, the status and the reason."""

    def __init__(self, code: str, status: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.status, self.reason = code, status, reason


class GrantRequest(Input):
    """One role, in an organisation but for a family's, and perhaps in some classes of it alone."""

    role: Code
    org: Code | None = None
    classes: Annotated[list[Code], Count(0, 100)] | None = None


class TokenRequest(Input):
    """The fields of the form; `grants` is JSON."""

    grant_type: Literal["client_credentials"]
    sub: Annotated[str, Field(min_length=1, max_length=200)]
    grants: Json[Annotated[list[GrantRequest], Count(0, 100)]] = []  # noqa: RUF012  # never changed

    @property
    def claims(self) -> list[dict[str, Any]]:
        """The grants as a token holds them."""
        return [grant.model_dump(exclude_none=True) for grant in self.grants]


def read(text: bytes, client: str) -> TokenRequest:
    """Reads the form, once it proves that it comes from the client: `client` is its id and secret, a line each.

    Raises Refused. No field may be there twice, and one that is not known is refused, since `grnats` grants nothing.
    """
    fields = _fields(text)
    given = f"{fields.pop('client_id', '')}\n{fields.pop('client_secret', '')}"
    if not hmac.compare_digest(given.encode(), client.encode()):
        raise Refused("invalid_client", 401, "client_id and client_secret are not those of the client")
    try:
        return TokenRequest.model_validate({name: value for name, value in fields.items() if name not in PASSED_OVER})
    except ValidationError as error:
        wrong = sorted({str(complaint["loc"][0]) if complaint["loc"] else "" for complaint in error.errors()})
        raise Refused("invalid_request", 400, f"wrong: {', '.join(name[:40] for name in wrong[:10])}") from None


def _fields(text: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            text.decode(), keep_blank_values=True, strict_parsing=bool(text), errors="strict", max_num_fields=20
        )
    except ValueError:
        raise Refused("invalid_request", 400, f"the body is not {FORM} in UTF-8, or has more than 20 fields") from None
    twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if twice:
        raise Refused("invalid_request", 400, f"{twice[0][:40]} is there twice")
    return dict(pairs)
