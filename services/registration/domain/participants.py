"""Participants: pupils in the programme, by season, with guardians, consents and accounts."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.registration.codes import Codes
from shared.contracts.registration import ConsentChannel
from shared.programme import place as programme
from shared.programme.texts import class_form
from shared.storage.decision import Aggregate

Key = tuple[str, str]
"""A school's code, and the school's own key of a pupil or a guardian as it is written."""
NewId = Callable[[], str]
"""Makes a random id."""


class Place(BaseModel):
    """The place that a pupil belongs to, as every event of a participant carries it, with the region's offset."""

    model_config = ConfigDict(frozen=True)

    region: str
    municipality: str
    school: str
    school_class: Annotated[str, AfterValidator(class_form)]
    grade: int
    utc_offset: str

    def event_fields(self, participant: str) -> dict[str, Any]:
        """The fields that every event of a pupil carries who belongs here."""
        place = programme.Place(self.region, self.municipality, self.school, self.school_class, self.grade)
        return place.event_fields(participant)


class Consent(BaseModel):
    """A legal representative's consent: a separate, versioned document that names its giver."""

    model_config = ConfigDict(frozen=True)

    version: str
    channel: ConsentChannel
    given_at: datetime
    guardian: str
    withdrawn_at: datetime | None = None


class Code(BaseModel):
    """A one-time code that was handed out to a guardian, or to the pupil; only its digest is known."""

    model_config = ConfigDict(frozen=True)

    digest: bytes
    guardian: str | None = None


class Participant(Aggregate):
    """A pupil in the programme; the name and the birth date are in the vault."""

    place: Place
    external_ref: str
    """The school's own key of the pupil, as it was first written."""
    ref_key: str | None = None
    """Its fold, which finds the pupil however the key is written; none where another pupil of the school has it."""
    disability: bool = False
    disability_at: datetime | None = None
    """The time of what was said of it last; an earlier release kept none."""
    guardians: tuple[str, ...] = ()
    linked: dict[str, str] = Field(default_factory=dict)
    """The account of each guardian who opened a cabinet for this pupil."""
    account: str | None = None
    """The pupil's own."""
    seasons: dict[str, datetime]
    """The time of the registration, by season."""
    consents: tuple[Consent, ...] = ()
    """All that were ever given, the newest last."""
    codes: tuple[Code, ...] = ()
    """The pupil's own and each guardian's, redeemed or not: a link finds the pupil by them."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The participant of a stored row."""
        return cls.model_validate({**row, "id": row["_id"]})

    @property
    def consent(self) -> Consent | None:
        """The consent in force."""
        newest = self.consents[-1] if self.consents else None
        return None if newest is None or newest.withdrawn_at is not None else newest

    def with_codes(self, codes: Codes) -> Self:
        """The pupil with a code for each guardian and for the pupil, as they are stored."""
        owners = (None, *self.guardians)
        digests = ((codes.digest(codes.text(self.id, owner)), owner) for owner in owners)
        return self.model_copy(update={"codes": tuple(Code(digest=d, guardian=owner) for d, owner in digests)})
