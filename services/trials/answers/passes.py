"""Passes and the keys by which they are checked, as they are shown."""

from typing import Literal

from shared.base.models import Answer


class PassView(Answer):
    """A booking's pass."""

    booking: str
    """Id of the booking."""
    slot: str
    """Id of the slot."""
    token: str
    """The pass: a JWS (RFC 7515) of type `bilet-pass` in its compact form, whose payload is booking and slot."""


class OwnCodeView(Answer):
    """A pupil's own code."""

    participant: str
    """Id of the pupil: where the named entry was merged into another one, that one's."""
    token: str
    """The code: a JWS (RFC 7515) of type `bilet-pupil` in its compact form, whose payload is the pupil's id."""


class ClassCodesView(Answer):
    """The own codes of a class."""

    codes: list[OwnCodeView]
    """A code for each pupil who takes part in the season, by their ids."""


class PassKey(Answer):
    """A public key (RFC 8037)."""

    kty: Literal["OKP"]
    """The key's family: an octet key pair."""
    crv: Literal["Ed25519"]
    """The curve on which passes are signed."""
    x: str
    """The public key, as base64url."""
    kid: str
    """The key's name, which stands in the header of a pass."""
    alg: Literal["Ed25519"]
    """The algorithm of passes (RFC 9864)."""
    use: Literal["sig"]
    """The key signs, and does nothing else."""


class PassKeys(Answer):
    """A JSON Web Key Set."""

    keys: list[PassKey]
    """The keys of passes that are good."""
