"""A guardian's consent to the processing of a pupil's data: given and withdrawn, a separate document each time."""

from datetime import datetime, timedelta

from services.registration.domain.participants import Consent, Participant
from shared.base.errors import BadInput, Conflict
from shared.base.models import Input
from shared.contracts.registration import ConsentChannel, ConsentGiven, ConsentWithdrawn
from shared.programme.moments import Moment
from shared.programme.texts import Id, Version
from shared.storage.decision import Decision, Happened

MOST_CONSENTS, CONSENTS_WITHIN = 20, timedelta(days=30)
"""Bounds of one pupil's consents. All are kept, here and in trials: a guardian who gives one and takes it back all day
long would fill both."""


class ConsentRequest(Input):
    """A consent; staff name its giver where the pupil has several guardians."""

    version: Version
    """Version of the document that was consented to; a guardian agrees to a published one."""
    channel: ConsentChannel | None = None
    """The way in which it was given: by Госуслуги, on paper, or in the guardian's cabinet. Staff say it; a guardian's
    own consent is given in the cabinet."""
    given_at: Moment | None = None
    """The time when it was given, RFC 3339 with an offset; now where it is left out. Only staff may say it."""
    guardian: Id | None = None
    """Id of the guardian who gave it; staff name one where the pupil has several."""


def channel_of(said: ConsentChannel | None, is_own: bool) -> ConsentChannel:
    """The way in which a consent was given: staff say it, a guardian's own is given in the cabinet."""
    if is_own and said not in (None, "cabinet"):
        raise BadInput.field("channel", "a guardian's own consent is given in the cabinet")
    if said is None and not is_own:
        raise BadInput.field("channel", "is required: how the guardian gave it")
    return said or "cabinet"


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
    """Puts a consent in force; nothing happens where the same version or a later consent is.

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
        **participant.place.event_fields(participant.id), version=consent.version, channel=consent.channel
    )
    state = participant.model_copy(update={"consents": (*participant.consents, consent)})
    return Decision(state, (Happened(event, consent.given_at),))


def withdraw_consent(participant: Participant, time: datetime) -> Decision[Participant]:
    """Ends the consent in force; nothing happens where there is none.

    Raises BadInput for a time before the consent was given.
    """
    force = participant.consent
    if force is None:
        return Decision(participant)
    if time < force.given_at:
        raise BadInput.field("occurred_at", "is before the consent was given")
    ended = force.model_copy(update={"withdrawn_at": time})
    state = participant.model_copy(update={"consents": (*participant.consents[:-1], ended)})
    return Decision(state, (Happened(ConsentWithdrawn(**state.place.event_fields(state.id)), time),))
