"""The answer of a service to an erasure: what it has cleared of a person, by collection."""

from typing import Annotated

from pydantic import Field
from typing_extensions import override

from shared.contracts.event import ParticipantEvent, Public


class Cleared(ParticipantEvent):
    """A service has cleared what it had of an erased pupil, as an act of destruction asks."""

    act: Public[str]
    """Number of the act."""
    rows: Public[Annotated[dict[str, int], Field(min_length=1)]]
    """The rows that were destroyed or emptied, by collection."""

    @property
    @override
    def subject(self) -> str:
        return f"erased/{self.participant}/{self.act}"
