"""Passes: the code by which a booking is shown at the door, signed, so that a venue can check it without a network."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from pydantic import TypeAdapter, ValidationError

from services.trials.domain.presence.passes import OwnCode, Pass
from shared.identity.keys import derive

ALGORITHM = "Ed25519"
"""Of RFC 9864."""
KINDS: Mapping[str, TypeAdapter[Any]] = {"bilet-pass": TypeAdapter(Pass), "bilet-pupil": TypeAdapter(OwnCode)}
"""What passes and pupils' own codes say, by the type in their header: nothing else that is signed is taken for one."""


class Passes:
    """Signs the passes and pupils' own codes of one installation, and knows them again.

    The key follows from the master key, so that every replica has it and none is stored. A pass says which booking in
    which slot it is: no time, which would have to be signed anew where a slot is moved, and nothing of the pupil.
    """

    def __init__(self, master_key: bytes) -> None:
        seed = derive(master_key, "passes")
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        self._key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "d": _text(seed), "x": _text(public)})
        self._header = {"alg": ALGORITHM, "kid": self._key.thumbprint()}

    def write(self, said: Pass | OwnCode) -> str:
        """Returns a pass or a code as a compact JWS (RFC 7515), to be shown as a QR code."""
        kind = "bilet-pass" if isinstance(said, Pass) else "bilet-pupil"
        header, payload = {**self._header, "typ": kind}, KINDS[kind].dump_json(said)
        return jws.serialize_compact(header, payload, self._key, algorithms=[ALGORITHM])

    def read(self, token: str) -> Pass | OwnCode | None:
        """Returns what a pass or a code says; None for anything that was not signed here as one."""
        try:
            signed = jws.deserialize_compact(token, self._key, algorithms=[ALGORITHM])
            kind = KINDS.get(str(signed.protected.get("typ")))
            said: Pass | OwnCode | None = kind and kind.validate_json(signed.payload)
            return said
        except (JoseError, ValidationError, ValueError, TypeError, RecursionError):
            return None  # whoever shows a token may have written anything into its header

    @property
    def keys(self) -> Sequence[Mapping[str, Any]]:
        """The public keys, as in a JSON Web Key Set."""
        return [{**self._key.as_dict(private=False), "kid": self._header["kid"], "alg": ALGORITHM, "use": "sig"}]


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
