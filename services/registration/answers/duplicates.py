"""Candidates for a merge as they are shown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from services.registration.answers.organisations import OrganisationNames
from services.registration.answers.participants import Names
from services.registration.domain.dismissals import Dismissal
from services.registration.domain.participants import Participant
from shared.base.models import Answer
from shared.http.paging import Page

Reason = Literal["same-name-and-birth-date", "same-guardian-account"]


class DismissalView(Answer):
    """Two entries of which an operator has said that they are two children."""

    dismissal: str
    """Id of the dismissal."""
    participants: list[str]
    """Ids of the two entries."""
    reason: str
    """The reason that was given."""
    dismissed_at: datetime
    """The time when it was said, UTC."""

    @classmethod
    def of(cls, dismissal: Dismissal) -> "DismissalView":
        """One dismissal."""
        ids = list(dismissal.participants)
        return cls(dismissal=dismissal.id, participants=ids, reason=dismissal.reason, dismissed_at=dismissal.at)


class DismissalDone(DismissalView):
    """The answer to who dismisses two entries."""

    new: bool
    """False where they were dismissed before; the reason is that of then."""


class EntryView(Answer):
    """One of the entries that may be one pupil."""

    participant: str
    """Random id, the same in every service."""
    name: str | None
    """Full name as the school entered it."""
    birth_date: str | None
    """Date of birth as `2007-05-17`."""
    region: str
    """Code of the region."""
    school: str
    """Code of the school."""
    school_name: str | None
    """Name of that school."""
    school_class: Annotated[str, Field(serialization_alias="class")]
    """The class as the school writes it, for instance «7А»."""
    seasons: list[str]
    """Seasons into which it was entered."""
    guardians_linked: int
    """Number of guardians who opened a cabinet for it."""
    consented: bool
    """True while a consent is in force."""


class CandidateView(Answer):
    """Entries that may be one pupil; nobody but staff says whether they are."""

    reasons: list[Reason]
    """The reasons why they may: all have the same birth date and name, whatever its case and its Ё; and one guardian's
    account has cabinets of several."""
    entries: list[EntryView]
    """Two or more of them."""
    dismissal: DismissalView | None
    """The word of an operator that the two are two; null among those of whom nobody has said it."""

    @classmethod
    def of(
        cls,
        entries: Sequence[Participant],
        names: Names,
        schools: OrganisationNames,
        now: datetime,
        dismissal: Dismissal | None = None,
    ) -> "CandidateView":
        """Some entries with what the vault says of them."""
        accounts = [set(entry.linked.values()) for entry in entries]
        shared = any(one & other for n, one in enumerate(accounts) for other in accounts[:n])
        reasons: tuple[Reason, ...] = ("same-name-and-birth-date", "same-guardian-account")
        return cls(
            reasons=list(reasons if shared else reasons[:1]),
            entries=[
                EntryView(
                    participant=entry.id,
                    **{field: names.get(entry.id, {}).get(field) for field in ("name", "birth_date")},
                    **entry.place.model_dump(include={"region", "school", "school_class"}),
                    school_name=schools.get(entry.place.school),
                    seasons=sorted(entry.seasons),
                    guardians_linked=len(entry.linked),
                    consented=entry.consent_at(now) is not None,
                )
                for entry in entries
            ],
            dismissal=None if dismissal is None else DismissalView.of(dismissal),
        )


class CandidatePage(Page[CandidateView]):
    """A page of candidates."""
