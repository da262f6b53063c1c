"""Participants: registered by season, with a guardian's consent, and linked to accounts by one-time codes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.base.errors import BadInput, Conflict, FieldError
from shared.contracts.registration import (
    AccountLinked,
    ConsentChannel,
    ConsentGiven,
    ConsentWithdrawn,
    GuardianLinked,
    ParticipantRegistered,
)
from shared.programme.stages import Rules
from shared.programme.texts import class_form, ref_key
from shared.storage.decision import Aggregate, Decision, Happened

MOST_CONSENTS, CONSENTS_WITHIN = 20, timedelta(days=30)
"""Of one pupil. All are kept, here and in trials: who gives one and takes it back all day long would fill both."""
NewId = Callable[[], str]
"""Makes a random id."""


@dataclass(frozen=True, slots=True)
class Season:
    """What registration knows of a season that trials defined."""

    code: str
    grades: tuple[int, int]
    """Lowest and highest grade, both included."""
    opens: date
    closes: date
    """Its last day."""
    rules: Rules

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Season":
        """From its definition as it is stored."""
        return cls(
            code=document["season"],
            grades=(document["grades"][0], document["grades"][1]),
            opens=date.fromisoformat(document["opens"]),
            closes=date.fromisoformat(document["closes"]),
            rules=Rules.of(document),
        )

    def must_contain(self, time: datetime) -> None:
        """Raises Conflict for a time on a day outside the season."""
        if not self.opens <= time.date() <= self.closes:
            detail = f"{time.date()} lies outside season {self.code}, {self.opens} to {self.closes}"
            raise Conflict(detail, slug="outside-season", errors=[FieldError("occurred_at", detail)])


class Place(BaseModel):
    """Where a pupil belongs: what every event of a participant carries, and the region's offset."""

    model_config = ConfigDict(frozen=True)

    region: str
    municipality: str
    school: str
    school_class: Annotated[str, AfterValidator(class_form)]
    grade: int
    utc_offset: str


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
    guardians: tuple[str, ...] = ()
    linked: dict[str, str] = Field(default_factory=dict)
    """The account of each guardian who opened a cabinet for this pupil."""
    account: str | None = None
    """The pupil's own."""
    seasons: dict[str, datetime]
    """When registered, by season."""
    consents: tuple[Consent, ...] = ()
    """All that were ever given, the newest last."""
    codes: tuple[Code, ...] = ()
    """The pupil's own and each guardian's, redeemed or not: a link finds the pupil by them."""

    @property
    def consent(self) -> Consent | None:
        """The consent in force."""
        newest = self.consents[-1] if self.consents else None
        return None if newest is None or newest.withdrawn_at is not None else newest

    def guardian_with(self, account: str) -> str | None:
        """The guardian of this pupil who opened a cabinet with an account."""
        return next((guardian for guardian, known in self.linked.items() if known == account), None)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a roster says of one pupil."""

    season: str
    external_ref: str
    place: Place
    disability: bool
    guardian: str | None
    consent: Consent | None
    occurred_at: datetime


def enrol(current: Participant | None, enrolment: Enrolment, new_id: NewId) -> Decision[Participant]:
    """The pupil registered for the season; nothing happens to one who is already."""
    if current is not None and enrolment.season in current.seasons:
        return Decision(current)
    state = _first(enrolment, new_id()) if current is None else _again(current, enrolment)
    event = ParticipantRegistered(
        participant=state.id, **vars(enrolment.place), season=enrolment.season, disability=enrolment.disability
    )
    registered = Happened(event, enrolment.occurred_at)
    if enrolment.consent is None:
        return Decision(state, (registered,))
    consented = give_consent(state, enrolment.consent)
    return Decision(consented.state, (registered, *consented.happened))


def _first(enrolment: Enrolment, id: str) -> Participant:
    return Participant(
        id=id,
        place=enrolment.place,
        external_ref=enrolment.external_ref,
        ref_key=ref_key(enrolment.external_ref),
        disability=enrolment.disability,
        guardians=(enrolment.guardian,) if enrolment.guardian else (),
        seasons={enrolment.season: enrolment.occurred_at},
    )


def _again(current: Participant, enrolment: Enrolment) -> Participant:
    """The known pupil in one more season; the roster of an earlier time does not say where the pupil is now."""
    change: dict[str, object] = {"seasons": current.seasons | {enrolment.season: enrolment.occurred_at}}
    if enrolment.occurred_at >= max(current.seasons.values()):
        change |= {"place": enrolment.place, "disability": enrolment.disability}
    if enrolment.guardian and enrolment.guardian not in current.guardians:
        change["guardians"] = (*current.guardians, enrolment.guardian)
    return current.model_copy(update=change)


def giver(participant: Participant, asking: str | None, named: str | None) -> str:
    """The guardian who gives a consent: the one who asks, else the one who is named or the only one."""
    if asking is not None:
        return asking
    if not participant.guardians:
        raise Conflict("no guardian of this pupil is known who could give consent", slug="guardian-unknown")
    if named is None and len(participant.guardians) > 1:
        raise BadInput.field("guardian", "must name one of the pupil's guardians")
    if named is not None and named not in participant.guardians:
        raise BadInput.field("guardian", "is not a guardian of this pupil")
    return named or participant.guardians[0]


def give_consent(participant: Participant, consent: Consent) -> Decision[Participant]:
    """The consent in force; nothing happens where the same version or a later consent is.

    Raises Conflict for a consent that a withdrawal came after, and for one of too many.
    """
    newest = participant.consents[-1] if participant.consents else None
    if newest is not None and newest.withdrawn_at is not None and consent.given_at <= newest.withdrawn_at:
        raise Conflict("consent was withdrawn after this one had been given", slug="consent-withdrawn")
    force = participant.consent
    if force is not None and (force.version == consent.version or consent.given_at <= force.given_at):
        return Decision(participant)
    if sum(given.given_at > consent.given_at - CONSENTS_WITHIN for given in participant.consents) >= MOST_CONSENTS:
        raise Conflict(
            f"{MOST_CONSENTS} consents were given within {CONSENTS_WITHIN.days} days", slug="too-many-consents"
        )
    event = ConsentGiven(
        participant=participant.id, **vars(participant.place), version=consent.version, channel=consent.channel
    )
    state = participant.model_copy(update={"consents": (*participant.consents, consent)})
    return Decision(state, (Happened(event, consent.given_at),))


def withdraw_consent(participant: Participant, time: datetime) -> Decision[Participant]:
    """No consent in force; nothing happens where there was none. Raises BadInput for a time before it was given."""
    force = participant.consent
    if force is None:
        return Decision(participant)
    if time < force.given_at:
        raise BadInput.field("occurred_at", "is before the consent was given")
    ended = force.model_copy(update={"withdrawn_at": time})
    state = participant.model_copy(update={"consents": (*participant.consents[:-1], ended)})
    return Decision(state, (Happened(ConsentWithdrawn(participant=state.id, **vars(state.place)), time),))


def link_guardian(participant: Participant, guardian: str, account: str, time: datetime) -> Decision[Participant]:
    """The guardian's cabinet shows this pupil; raises Conflict where another account redeemed the code."""
    known = participant.linked.get(guardian)
    if _is_redeemed(known, account):
        return Decision(participant)
    event = GuardianLinked(participant=participant.id, **vars(participant.place), guardian=guardian, account=account)
    state = participant.model_copy(update={"linked": participant.linked | {guardian: account}})
    return Decision(state, (Happened(event, time),))


def link_account(participant: Participant, account: str, time: datetime) -> Decision[Participant]:
    """The pupil has an own cabinet; raises Conflict where another account redeemed the code."""
    if _is_redeemed(participant.account, account):
        return Decision(participant)
    event = AccountLinked(participant=participant.id, **vars(participant.place), account=account)
    return Decision(participant.model_copy(update={"account": account}), (Happened(event, time),))


def _is_redeemed(by: str | None, account: str) -> bool:
    if by is not None and by != account:
        raise Conflict("this code was redeemed with another account", slug="code-redeemed")
    return by is not None
