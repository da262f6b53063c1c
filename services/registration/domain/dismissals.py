"""Dismissals: two entries of one name and birth date whom an operator has looked at, and who are two children. Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from services.registration.domain.participants import Participant
from shared.base.errors import BadInput, Conflict
from shared.base.models import Count, Input
from shared.programme.moments import as_stored
from shared.programme.texts import Id, Reason

MOST_DISMISSALS = 100
"""Of one entry."""
Pair = frozenset[str]
"""The ids of two entries."""


def _two(ids: tuple[str, ...]) -> tuple[str, ...]:
    if len(ids) < 2:
        raise PydanticCustomError("too_few", "names two entries")
    return ids


class DismissalRequest(Input):
    """Two entries that are not one pupil."""

    participants: Annotated[tuple[Id, ...], Count(0, 2), AfterValidator(_two), Field(json_schema_extra={"minItems": 2})]
    """Ids of the two entries, in any order."""
    reason: Reason
    """The reason why they are two; it names nobody."""


class Dismissal(BaseModel):
    """Two entries that are two children, as an operator said."""

    model_config = ConfigDict(frozen=True)

    id: str
    participants: tuple[str, str]
    """In order."""
    reason: str
    at: datetime

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The dismissal of a stored row."""
        return cls.model_validate({**row, "id": row["_id"]})


def dismiss(pair: Sequence[Participant], reason: str, are_namesakes: bool, now: datetime) -> Dismissal:
    """Says of two entries that they are two children, whichever of them is named first.

    Raises BadInput for one entry twice, Conflict where one is merged into another, or where they are no candidates.
    """
    first, second = pair
    if first.id == second.id:
        raise BadInput.field("participants/1", "is the first one")
    for at, entry in enumerate(pair):
        if entry.merged is not None:
            raise Conflict.about(f"participants/{at}", "the entry is merged into another one", "merged-already")
    if not are_namesakes:
        detail = "the entries have not the same name and birth date: nobody takes them for one"
        raise Conflict.about("participants", detail, "no-candidates")
    low, high = sorted((first.id, second.id))
    return Dismissal(id=dismissal_id(low, high), participants=(low, high), reason=reason, at=as_stored(now))


def dismissal_id(low: str, high: str) -> str:
    """The id of the dismissal of two entries, given in order: 32 hexadecimal digits."""
    return sha256(f"{low}\n{high}".encode()).hexdigest()[:32]


def undecided(entries: Sequence[str], dismissed: Collection[Pair]) -> list[list[str]]:
    """Returns the groups of entries that may still be one pupil, each in order and of two at least.

    Two are in one group where a chain of pairs joins them of which none was dismissed.
    """
    left, groups = sorted(entries), []
    while left:
        group = [left.pop(0)]
        for one in group:  # it grows meanwhile
            met = [other for other in left if frozenset((one, other)) not in dismissed]
            left = [other for other in left if other not in met]
            group += met
        if len(group) > 1:
            groups.append(sorted(group))
    return groups
