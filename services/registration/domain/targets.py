"""Targets: how many pupils and parents a region or a municipality is to bring into the programme in a school year."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.registration.domain.organisations import Organisation, must_be_open
from services.registration.domain.school_years import year_id
from shared.base.errors import BadInput
from shared.base.models import Input
from shared.contracts.targets import TargetSet
from shared.programme.moments import Moment, happened_at, zone
from shared.storage.decision import Aggregate, Decision, Happened

MOST_PERSONS = 10_000_000


class TargetEntry(Input):
    """The target of a year as an operator sets it; it replaces the one before."""

    pupils: Annotated[int, Field(ge=0, le=MOST_PERSONS)] | None = None
    """Pupils who are to take part; left out where no number was agreed."""
    parents: Annotated[int, Field(ge=0, le=MOST_PERSONS)] | None = None
    """Parents who are to open a cabinet; left out where no number was agreed."""
    occurred_at: Moment | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.pupils is None and self.parents is None:
            raise PydanticCustomError("nothing", "says neither pupils nor parents")
        return self


class Target(Aggregate):
    """The target of one organisation's year; its id is the organisation's code and the year."""

    organisation: str
    year: str
    pupils: int | None
    parents: int | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The target of a stored row."""
        return cls.model_validate({**row, "id": row["_id"]})


def set_target(
    known: Target | None, organisation: Organisation, year: str, entry: TargetEntry, now: datetime
) -> Decision[Target]:
    """Sets a target; nothing happens where it is so already.

    Raises BadInput where it is neither a region's nor a municipality's, Conflict for a closed municipality.
    """
    if organisation.kind not in ("region", "municipality"):
        raise BadInput.field("code", f"is a {organisation.kind}'s: regions and municipalities have targets")
    time = happened_at(entry.occurred_at, now, zone(organisation.utc_offset))
    state = Target(
        id=year_id(organisation.id, year),
        sequence=known.sequence if known else 0,
        organisation=organisation.id,
        year=year,
        pupils=entry.pupils,
        parents=entry.parents,
    )
    if state == known:
        return Decision(state)
    must_be_open(organisation, "code")
    event = TargetSet(
        organisation=organisation.id,
        region=organisation.region,
        municipality=organisation.municipality,
        year=year,
        pupils=state.pupils,
        parents=state.parents,
    )
    return Decision(state, (Happened(event, time),))
