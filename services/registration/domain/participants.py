"""Participants: pupils in the programme, by season, with guardians, consents and accounts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from services.registration.domain.cabinets import CabinetOwner
from services.registration.domain.placements import Place, Placement, local_day, placed_on
from shared.contracts.registration import ArchiveReason, ConsentChannel
from shared.programme.clocks import Clocks
from shared.programme.moments import zone

NO_KEY = "\x1f"
"""A character that no school's key has: nobody finds by it whom it stands for."""
FIRST_KEY = "\x20"
"""Every school's key comes after it, and those that begin with `NO_KEY` before."""
Key = tuple[str, str]
"""A school's code, and the school's own key of a pupil or a guardian as it is written."""


class Archiving(BaseModel):
    """A pupil's stay in the archive."""

    model_config = ConfigDict(frozen=True)

    reason: ArchiveReason
    at: datetime


class Consent(BaseModel):
    """A consent of a legal representative, or of the pupil who is of age: a separate document that names its giver."""

    model_config = ConfigDict(frozen=True)

    version: str
    channel: ConsentChannel
    given_at: datetime
    guardian: str
    """The guardian who gave it, `SELF` for the pupil; empty once the giver was erased: the consent stays as it was."""
    withdrawn_at: datetime | None = None
    template: str | None = None
    """Digest of the text; None where the region had no template."""
    register_number: str | None = None
    """The school's own, of one on paper."""
    until: datetime | None = None
    """The time from which on it is in force no longer; None where it has no term."""

    def is_over(self, time: datetime) -> bool:
        """Tells whether its term is over at a time."""
        return self.until is not None and self.until <= time


def former_key(school: str, ref_key: str) -> str:
    """A school's own key of a pupil who has left it, folded, beside the school's code."""
    return f"{school}/{ref_key}"


class Adopted(BaseModel):
    """All that a pupil has taken on from a duplicate, so that it can be given back."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    guardians: tuple[str, ...] = ()
    cabinets: dict[str, str] = Field(default_factory=dict)
    """The account by guardian."""
    account: str | None = None
    consent: Consent | None = None
    seasons: dict[str, datetime | None] = Field(default_factory=dict)
    """The time of the pupil's own registration, which was later, or none, by season."""
    former: tuple[str, ...] = ()
    """Keys by which schools know the duplicate."""
    disability: bool = False


class Merged(BaseModel):
    """The word of a duplicate's row: the pupil to whom it leads, and what it was before."""

    model_config = ConfigDict(frozen=True)

    into: str
    at: datetime
    before: "Participant"


class Participant(CabinetOwner):
    """A pupil in the programme; the name and the birth date are in the vault."""

    placements: tuple[Placement, ...] = ()
    """One a day; none as long as one roster alone has said where the pupil is."""
    external_ref: str
    """The school's own key of the pupil, as it was first written."""
    ref_key: str | None = None
    """Its fold, which finds the pupil however the key is written; none where another pupil of the school has it."""
    former: tuple[str, ...] = ()
    """The keys of the schools that the pupil has left, as `former_key` writes them."""
    archived: Archiving | None = None
    archivings: int = 0
    """How often the pupil has been put there."""
    erased_at: datetime | None = None
    """The time at which all that leads to the person was destroyed; the row is left for its place and its sequence."""
    lost: bool = False
    """True where that was no erasure: the pupil was entered after the backup from which the database was put back."""
    merged: Merged | None = None
    """Set where this is another entry of a pupil, whose id leads to that one."""
    duplicates: dict[str, Adopted] = Field(default_factory=dict)
    """Other entries of this pupil, by id."""
    disability: bool = False
    disability_at: datetime | None = None
    """The time of what was said of it last; an earlier release kept none."""
    kept: tuple[str, ...] = ()
    """The guardians whose cabinets the pupil keeps from the 18th birthday on."""
    seasons: dict[str, datetime]
    """The time of the registration, by season."""
    consents: tuple[Consent, ...] = ()
    """All that were ever given, the newest last."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The participant of a stored row."""
        return cls.model_validate({**row, "id": row["_id"]})

    @property
    def is_mistake(self) -> bool:
        """True where the pupil was entered by mistake, and was never there."""
        return self.archived is not None and self.archived.reason == "mistake"

    @property
    def consent(self) -> Consent | None:
        """The last consent unless it was withdrawn; its term may be over."""
        newest = self.consents[-1] if self.consents else None
        return None if newest is None or newest.withdrawn_at is not None else newest

    def consent_at(self, time: datetime) -> Consent | None:
        """The last consent as it is in force at a time, which does not lie before it."""
        newest = self.consent
        return None if newest is None or newest.is_over(time) else newest

    @property
    def history(self) -> tuple[Placement, ...]:
        """The placements, at least that of the roster; an earlier release kept the last one of several alone."""
        if self.placements:
            return self.placements
        last = max(self.seasons.values()).astimezone(zone(self.place.utc_offset))
        return (Placement(day=local_day(last), place=self.place),)

    def place_on(self, day: str) -> Place | None:
        """The place on a day: that of the latest placement until then; None before the first."""
        until = [placement for placement in self.history if placement.day <= day]
        return max(until, key=lambda placement: placement.day).place if until else None

    def placed(self, time: datetime, place: Place, follows: str = "") -> Self:
        """The pupil who belongs to a place from the day of a time on, unless a later day says otherwise.

        What was said of the day before does not matter any more. `follows` is the school that went there.
        """
        day, clock = local_day(time), time.isoformat()[-6:]
        is_its_own = time.astimezone(zone(place.utc_offset)).utcoffset() == time.utcoffset()
        others = [placement for placement in self.history if placement.day != day]
        year = next((placement.year for placement in self.history if placement.day == day), "")
        told = Placement(day=day, place=place, clock="" if is_its_own else clock, follows=follows, year=year)
        placements = (*others, told)
        newest = max(placements, key=lambda placement: placement.day)
        return self.model_copy(update={"placements": placements, "place": newest.place})


def on_clocks(pupil: Participant, clocks: Clocks) -> Participant:
    """The pupil whose places have their clocks; that of a day is the clock of the place on that day."""
    place, placements = placed_on(clocks, pupil.place, pupil.placements)
    is_same = place is pupil.place and all(a is b for a, b in zip(placements, pupil.placements, strict=True))
    return pupil if is_same else pupil.model_copy(update={"place": place, "placements": placements})
