"""The caller's own: the grants of the token, and the pupils of the own family."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict

from services.registration.answers.organisations import OrganisationNames
from services.registration.answers.participants import ConsentView, Known, ParticipantView, told
from services.registration.domain.participants import Consent, Participant
from shared.base.models import Answer
from shared.http.paging import Page
from shared.identity.grants import Grant, Role
from shared.programme.moments import zone


class PastConsentView(ConsentView):
    """A consent that was ever given."""

    withdrawn_at: datetime | None
    """The time when it was withdrawn, on the region's clock; null where it was not."""

    @classmethod
    def past(cls, participant: Participant, consent: Consent) -> "PastConsentView":
        """A consent of a pupil, in force or not."""
        ended = consent.withdrawn_at and consent.withdrawn_at.astimezone(zone(participant.place.utc_offset))
        return cls(**told(participant, consent), withdrawn_at=ended)


class OwnPupil(ParticipantView):
    """A pupil of the own family: a child, or oneself."""

    relation: Literal["guardian", "self"]
    """The caller's relation to the pupil: a guardian, or the pupil."""
    guardian: str | None
    """Id of the guardian as whom the caller acts for the pupil; null for oneself."""
    consents: list[PastConsentView]
    """Every consent that was ever given, the newest last."""

    @classmethod
    def own(cls, participant: Participant, known: Known, guardian: str | None) -> "OwnPupil":
        """A pupil whom the caller has as this guardian; None for oneself."""
        shown = ParticipantView.of(participant, known, [guardian] if guardian else [])
        return cls(
            **{name: getattr(shown, name) for name in ParticipantView.model_fields},
            relation="guardian" if guardian else "self",
            guardian=guardian,
            consents=[PastConsentView.past(participant, consent) for consent in participant.consents],
        )


class GrantView(Answer):
    """A role that the caller's token grants."""

    role: Role
    """The role that the grant gives its holder, for instance `navigator`."""
    org: str | None
    """Code of the organisation in which it is held; null for guardian and pupil, whose codes say whose they are."""
    org_name: str | None
    """Name of that organisation; null for the nation, a venue that is no organisation, and an unknown code."""
    classes: list[str] | None
    """The classes of a school to which a navigator is narrowed; null for all."""

    @classmethod
    def of(cls, grant: Grant, names: OrganisationNames) -> "GrantView":
        """A grant with the name of its organisation."""
        classes = None if grant.classes is None else sorted(grant.classes)
        return cls(role=grant.role, org=grant.org, org_name=names.get(grant.org), classes=classes)


class Me(Page[OwnPupil]):
    """The caller: the grants, and the pupils of the own family by pages."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    account: str
    """Id of the account, by which the lists of staff name it; no service knows who it is."""
    grants: list[GrantView]
    """Every role that the token grants, but for those in organisations of which the account was put out."""
    refused: list[str]
    """The reasons why other entries of the token's claim are not granted."""
