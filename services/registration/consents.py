"""Use cases: a guardian's consent is given and withdrawn, by the guardian or by staff who hold it on paper."""

from datetime import datetime

from services.registration import domain
from services.registration.domain import Consent, Participant
from services.registration.readings import Within
from services.registration.repository import Register
from shared.base.errors import BadInput
from shared.base.models import Input
from shared.contracts.registration import ConsentChannel
from shared.identity.principal import Principal
from shared.programme.moments import Moment, happened_at, zone
from shared.programme.texts import Id, Version
from shared.storage.decision import Decision


class ConsentRequest(Input):
    """A consent; staff name its giver where the pupil has several guardians."""

    version: Version
    """Version of the document that was consented to; a guardian agrees to a published one."""
    channel: ConsentChannel | None = None
    """How it was given: by Госуслуги, on paper, or in the guardian's cabinet. Staff say it; a guardian's own consent is
    given in the cabinet."""
    given_at: Moment | None = None
    """When it was given, RFC 3339 with an offset; now where it is left out. Only staff may say it."""
    guardian: Id | None = None
    """Id of the guardian who gave it; staff name one where the pupil has several."""


async def give_consent(
    register: Register, who: Principal, id: str, request: ConsentRequest, now: datetime
) -> Participant:
    """Puts a consent in force; a guardian's own is one to a published document, given in the cabinet."""
    within = register.within(who)
    refusal = await _unpublished(register, request.version) if who.has("guardian") else None

    def decide(current: Participant | None) -> Decision[Participant]:
        participant = within.keeps_consent_of(current)
        own = within.guardian_of(participant)
        if own is not None and refusal is not None:
            raise refusal
        consent = Consent(
            version=request.version,
            channel=_channel(request.channel, is_own=own is not None),
            given_at=_acted_at(within, participant, request.given_at, now, "given_at"),
            guardian=domain.giver(participant, own, request.guardian),
        )
        return domain.give_consent(participant, consent)

    return await register.participants.update(id, decide)


async def _unpublished(register: Register, version: str) -> BadInput | None:
    """Why a guardian cannot agree to a version; None where it is published."""
    try:
        await register.documents.must_be_published(version)
    except BadInput as refusal:
        return refusal
    return None


def _channel(said: ConsentChannel | None, is_own: bool) -> ConsentChannel:
    """How a consent was given: staff say it, a guardian's own is given in the cabinet."""
    if is_own and said not in (None, "cabinet"):
        raise BadInput.field("channel", "a guardian's own consent is given in the cabinet")
    if said is None and not is_own:
        raise BadInput.field("channel", "is required: how the guardian gave it")
    return said or "cabinet"


async def withdraw_consent(
    register: Register, who: Principal, id: str, occurred_at: datetime | None, now: datetime
) -> Participant:
    """Ends the consent in force."""
    within = register.within(who)

    def decide(current: Participant | None) -> Decision[Participant]:
        participant = within.keeps_consent_of(current)
        time = _acted_at(within, participant, occurred_at, now, "occurred_at")
        return domain.withdraw_consent(participant, time)

    return await register.participants.update(id, decide)


def _acted_at(within: Within, participant: Participant, given: datetime | None, now: datetime, where: str) -> datetime:
    """When a consent was given or withdrawn: staff enter what is on paper, a guardian acts now."""
    if given is not None and not within.reaches(participant):
        raise BadInput.field(where, "only staff say when it happened")
    return happened_at(given, now, zone(participant.place.utc_offset), where)
