"""Pupils' own codes, which trials signs and this service prints: it reads whose each is, and keeps none. Pure."""

import base64
import json
from typing import Annotated

from pydantic import Field

from shared.base.models import Count, Input

LONGEST, MOST = 512, 300
"""Characters of a code, and codes of a class: thirty pages."""
Code = Annotated[str, Field(max_length=LONGEST, pattern=r"^[\w-]+\.[\w-]+\.[\w-]+$")]


class DoorCodes(Input):
    """The codes of a class, as trials tells them."""

    codes: Annotated[list[Code], Count(1, MOST)]
    """A `token` of `GET /trials/schools/{school}/door-codes` each; pupils who have none here get no card."""


def pupil_of(code: str) -> str | None:
    """Returns the id of the pupil whose own code it says it is; None where it is none.

    Nobody is let in by what is said here: at the door the signature is checked.
    """
    try:
        header, payload = (json.loads(_octets(part)) for part in code.split(".")[:2])
        pupil = payload["pupil"] if header["typ"] == "bilet-pupil" else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return pupil if isinstance(pupil, str) else None


def _octets(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
