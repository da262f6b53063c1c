"""The consent to the processing of a pupil's data: given and withdrawn, a separate document each time."""

from datetime import datetime, timedelta

from services.registration.domain.participants import Consent, Participant
from services.registration.domain.templates import ConsentWords
from shared.base.errors import BadInput, Conflict
from shared.base.wording import worded
from shared.contracts.registration import ConsentChannel, ConsentGiven, ConsentWithdrawn
from shared.programme.moments import Moment
from shared.programme.texts import Id
from shared.storage.decision import Decision, Happened

MOST_CONSENTS, CONSENTS_WITHIN = 20, timedelta(days=30)
"""Bounds of one pupil's consents. All are kept, here and in trials: a guardian who gives one and takes it back all day
long would fill both."""


class ConsentRequest(ConsentWords):
    """A consent; staff name its giver where the pupil has several guardians, or is of age."""

    channel: ConsentChannel | None = None
    """The way in which it was given: by Госуслуги, on paper, or in the giver's cabinet. Staff say it; a family's own
    consent is given in the cabinet."""
    given_at: Moment | None = None
    """The time when it was given, RFC 3339 with an offset; now where it is left out. Only staff may say it."""
    guardian: Id | None = None
    """Id of the guardian who gave it; staff name one where the pupil has several, and `self` where the pupil gave it,
    who was of age then."""


def channel_of(said: ConsentChannel | None, is_own: bool) -> ConsentChannel:
    """The way in which a consent was given: staff say it, a family's own is given in the cabinet."""
    if is_own and said not in (None, "cabinet"):
        raise BadInput.field("channel", "a family's own consent is given in the cabinet")
    if said is None and not is_own:
        raise BadInput.field("channel", "is required: how it was given")
    return said or "cabinet"


def give_consent(participant: Participant, consent: Consent) -> Decision[Participant]:
    """Puts a consent in force; nothing happens where a later consent is, or the same version for as long at least.

    Raises Conflict for a consent that a withdrawal came after, and for one of too many.
    """
    newest = participant.consents[-1] if participant.consents else None
    if newest is not None and newest.withdrawn_at is not None and consent.given_at <= newest.withdrawn_at:
        raise Conflict("consent was withdrawn after this one had been given", slug="consent-withdrawn")
    if participant.consent is not None and _adds_nothing(consent, participant.consent):
        return Decision(participant)
    if sum(given.given_at > consent.given_at - CONSENTS_WITHIN for given in participant.consents) >= MOST_CONSENTS:
        raise Conflict(
            worded("{most} consents were given within {days} days", most=MOST_CONSENTS, days=CONSENTS_WITHIN.days),
            slug="too-many-consents",
        )
    said = consent.model_dump(include={"version", "channel", "template", "until"})
    event = ConsentGiven(**participant.place.event_fields(participant.id), **said)
    state = participant.model_copy(update={"consents": (*participant.consents, consent)})
    return Decision(state, (Happened(event, consent.given_at),))


def _adds_nothing(consent: Consent, force: Consent) -> bool:
    """Tells whether a consent is older than another one, or the same again while that is in force for as long."""
    if consent.given_at <= force.given_at:
        return True
    same = (consent.version, consent.template) == (force.version, force.template)
    lasts = force.until is None or (consent.until is not None and consent.until <= force.until)
    return same and lasts and not force.is_over(consent.given_at)


def withdraw_consent(participant: Participant, time: datetime) -> Decision[Participant]:
    """Ends the consent in force; nothing happens where there is none.

    Raises BadInput for a time before the consent was given.
    """
    force = participant.consent
    if force is None or force.is_over(time):
        return Decision(participant)
    if time < force.given_at:
        raise BadInput.field("occurred_at", "is before the consent was given")
    ended = force.model_copy(update={"withdrawn_at": time})
    state = participant.model_copy(update={"consents": (*participant.consents[:-1], ended)})
    return Decision(state, (Happened(ConsentWithdrawn(**state.place.event_fields(state.id)), time),))
