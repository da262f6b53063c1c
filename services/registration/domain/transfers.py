"""Transfers: the next school asks for a pupil by name, and the school of now, or an operator of it, answers."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from services.registration.domain.participants import Participant
from services.registration.domain.placements import Place
from shared.base.errors import Conflict, NotFound
from shared.base.models import Input
from shared.contracts.codes import OrganisationCode
from shared.programme.moments import Day, Moment
from shared.programme.texts import ClassName, PersonKey, PersonName

State = Literal["asked", "confirmed", "refused", "overtaken"]
OVERDUE = timedelta(days=14)
"""A school that has not answered for so long is spoken for by its municipality."""


class TransferRequest(Input):
    """A child whom the next school asks for."""

    school: OrganisationCode
    """Code of the school that asks."""
    school_class: Annotated[ClassName, Field(alias="class")]
    """The class to which the child comes, for instance «7А»."""
    name: PersonName
    """Full name, as the child is known elsewhere."""
    birth_date: Day
    """Date of birth as `2007-05-17`."""
    external_ref: PersonKey | None = None
    """The asking school's own key of the pupil. Where it is left out, or another pupil has it once the transfer is
    confirmed, it is the one of the school before, or the pupil's id where another pupil has that too."""
    occurred_at: Moment | None = None
    """The time from whose local day on the pupil belongs there, RFC 3339 with an offset; that of the answer where it is
    left out."""

    @property
    def identity(self) -> dict[str, str]:
        """The parts by which the child is found; they are not stored."""
        return {"name": self.name, "birth_date": self.birth_date.isoformat()}


class Transfer(BaseModel):
    """A transfer that was asked for."""

    model_config = ConfigDict(frozen=True)

    id: str
    participant: str
    left: Place
    """Where the pupil was when it was asked for."""
    joined: Place
    """Where the pupil is to go."""
    external_ref: str | None
    since: datetime | None
    """The time from which the pupil belongs there; None for that of the answer."""
    asked_at: datetime
    state: State = "asked"
    answered_at: datetime | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The transfer of a stored row."""
        return cls.model_validate({**row, "id": row["_id"]})

    def answered(self, state: State, now: datetime) -> "Transfer":
        """The transfer after an answer; raises Conflict where another was given."""
        if self.state == state:
            return self
        if self.state != "asked":
            raise Conflict(f"the transfer was {self.state} before", slug="transfer-answered")
        return self.model_copy(update={"state": state, "answered_at": now})


def wanted(found: list[Participant], school: str) -> Participant:
    """The child who is meant, among those of a name and birth date.

    Raises NotFound for none, Conflict for one who is in the school already, and for several. Who was erased, or entered
    by mistake, is none of them.
    """
    found = [pupil for pupil in found if pupil.erased_at is None and not pupil.is_mistake]
    if not found:
        raise NotFound("the region knows no child of this name and birth date", slug="child-unknown")
    if any(pupil.place.school == school for pupil in found):
        raise Conflict("the school knows a child of this name and birth date", slug="child-known")
    if len(found) > 1:
        detail = "several children have this name and birth date: an operator moves the one who is meant"
        raise Conflict(detail, slug="several-children")
    return found[0]
