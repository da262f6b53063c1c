"""Opening balances: what another system counted of a pupil before the programme was kept here. Pure.

They are told to staff under this name alone. No event, figure or stage knows them: nobody can say what they count.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

MOST_COUNTED = 1_000
"""Of one kind, within a year."""


class OpeningBalance(BaseModel):
    """The counts of one pupil in one calendar year."""

    model_config = ConfigDict(frozen=True)

    participant: str
    year: int
    diagnostics: int = 0
    trials: int = 0
    """Professional ones and partners'."""
    excursions: int = 0
    museums: int = 0
    master_classes: int = 0

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The balance of a stored row."""
        return cls.model_validate(row)

    @property
    def id(self) -> str:
        """The pupil and the year."""
        return f"{self.participant}:{self.year}"

    @property
    def is_empty(self) -> bool:
        """True where nothing was counted."""
        return not any(self.model_dump(exclude={"participant", "year"}).values())


def first_of(balances: Mapping[str, OpeningBalance], ids: Sequence[str]) -> OpeningBalance | None:
    """The balance, of one year, under the first of a pupil's ids that has one: two entries may both have been counted.

    `balances` are by participant.
    """
    return next((balances[id] for id in ids if id in balances), None)
