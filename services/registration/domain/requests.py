"""Requests for a place: a guardian asks for a child's, the school confirms or refuses. Nothing is known before it does.

A request enters nobody, and its answer is the same whether a child is known or not.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from services.registration.domain.placements import Place
from services.registration.domain.roster_entries import GuardianEntry, PupilEntry, RosterHeader
from shared.base.errors import Conflict
from shared.base.models import Input
from shared.contracts.codes import OrganisationCode, SeasonCode
from shared.programme.moments import Day, Moment
from shared.programme.texts import ClassName, PersonKey, PersonName

State = Literal["asked", "confirmed", "refused"]
Reason = Literal["not-our-pupil", "not-a-guardian", "details-differ", "no-place", "other"]
UNANSWERED, ANSWERED = timedelta(days=90), timedelta(days=30)
"""A request is forgotten so long after it was made, and after it was answered."""
MOST_OPEN = 5
"""Of an account, unanswered: the children of a family."""
MOST_WAITING = 1_000
"""Of a school, unanswered."""


class PlaceAsked(Input):
    """A child for whom a guardian asks for a place."""

    school: OrganisationCode
    """Code of the school in the register."""
    school_class: Annotated[ClassName, Field(alias="class")]
    """The class in which the child learns, for instance «7А»."""
    name: PersonName
    """Full name of the child; it is kept sealed until the school answers."""
    birth_date: Day
    """Date of birth as `2007-05-17`, for an age from 6 to 20; it is kept sealed until the school answers."""
    guardian_name: PersonName
    """Full name of the one who asks, by which the school knows a legal representative; it is kept sealed too."""

    @property
    def sealed(self) -> dict[str, str]:
        """The parts that nobody reads but the school's staff."""
        birth_date = self.birth_date.isoformat()
        return {"name": self.name, "birth_date": birth_date, "guardian_name": self.guardian_name}


class GuardianKey(Input):
    """The guardian as the school knows one."""

    ref: PersonKey
    """The school's own key of the guardian: children with the same one have the same guardian."""


class Confirmation(Input):
    """The words that a school adds when it takes the child: those of a roster's line that a guardian cannot know."""

    season: SeasonCode
    """Code of the season into which the child is entered."""
    external_ref: PersonKey
    """The school's own key of the pupil, unique within the school; one of a known pupil adds the guardian, and the
    pupil stays in the class in which the school has this one."""
    guardian: GuardianKey
    """The school's own key of the one who asked."""
    disability: bool = False
    """Limited health or disability: told to the family and in suppressed sums alone."""
    namesake: bool = False
    """True for another child than the one whom the region knows by this name and birth date."""
    occurred_at: Moment | None = None

    def word_of(self, word: str) -> str:
        """The place of a line's word in what the school said; what the guardian wrote is no part of it."""
        if word == "grade":
            return "season"  # the grade is the class's: the season is for others
        return word if word.partition("/")[0] in type(self).model_fields else ""

    def header(self, place: Place) -> RosterHeader:
        """The class and the season, as a roster names them."""
        said = {"season": self.season, "school": place.school, "class": place.school_class}
        return RosterHeader.model_validate({**said, "occurred_at": self.occurred_at})

    def line(self, place: Place, sealed: Mapping[str, str]) -> PupilEntry:
        """The line of a roster that the request comes to."""
        return PupilEntry.model_validate(
            {
                "external_ref": self.external_ref,
                "name": sealed["name"],
                "birth_date": sealed["birth_date"],
                "grade": place.grade,
                "disability": self.disability,
                "namesake": self.namesake,
                "guardian": GuardianEntry(ref=self.guardian.ref, name=sealed["guardian_name"]),
            }
        )


class Refused(Input):
    """The reason for which a school does not take the child."""

    reason: Reason
    """`not-our-pupil` where no such child learns there, `not-a-guardian` where the one who asks is no representative of
    the child, `details-differ` where the school knows the child otherwise, `no-place` or `other`."""


class PlaceRequest(BaseModel):
    """A request; what is sealed of it lies beside it until it is answered."""

    model_config = ConfigDict(frozen=True)

    id: str
    account: str
    """Keyed hash of the one who asks."""
    place: Place
    asked_at: datetime
    state: State = "asked"
    answered_at: datetime | None = None
    reason: Reason | None = None
    participant: str | None = None
    """The pupil who was entered by it."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The request of a stored row."""
        return cls.model_validate({**row, "id": row["_id"]})

    @property
    def expires(self) -> datetime:
        """The time at which it is forgotten."""
        return self.asked_at + UNANSWERED if self.answered_at is None else self.answered_at + ANSWERED

    def confirmed(self, participant: str, now: datetime) -> "PlaceRequest":
        """The request that has entered a pupil; raises Conflict where it was answered."""
        return self._answered("confirmed", now, participant=participant)

    def refused(self, reason: Reason, now: datetime) -> "PlaceRequest":
        """The request that was refused; the first reason stays. Raises Conflict where it was confirmed."""
        return self if self.state == "refused" else self._answered("refused", now, reason=reason)

    def must_be_open(self) -> None:
        """Raises Conflict where it was answered."""
        if self.state != "asked":
            raise Conflict(f"the request was {self.state} before", slug="request-answered")

    def _answered(self, state: State, now: datetime, **told: str) -> "PlaceRequest":
        self.must_be_open()
        return self.model_copy(update={"state": state, "answered_at": now, **told})


def must_have_room(of_account: int, of_school: int) -> None:
    """Raises Conflict where an account, or a school, has as many unanswered requests as there may be."""
    if of_account >= MOST_OPEN:
        raise Conflict(f"{MOST_OPEN} requests of yours wait for an answer", slug="too-many-requests")
    if of_school >= MOST_WAITING:
        raise Conflict("the school has too many requests that wait for an answer", slug="too-many-requests")
