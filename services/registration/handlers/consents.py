"""Use cases: a guardian's consent is given and withdrawn, by the guardian or by staff who hold it on paper."""

from datetime import datetime

from services.registration.domain import consents as decisions
from services.registration.domain.caller import Caller
from services.registration.domain.consents import ConsentRequest
from services.registration.domain.participants import Consent, Participant
from services.registration.repository import Repository
from shared.base.errors import BadInput
from shared.identity.principal import Principal
from shared.programme.moments import happened_at, zone
from shared.storage.decision import Decision


async def give_consent(
    repository: Repository, who: Principal, id: str, request: ConsentRequest, now: datetime
) -> Participant:
    """Puts a consent in force; a guardian's own is one to a published document, given in the cabinet."""
    caller = Caller(who)
    is_acceptable = not who.has("guardian") or await repository.is_published(request.version)

    def decide(current: Participant | None) -> Decision[Participant]:
        participant = caller.keeps_consent_of(current)
        own = caller.guardian_of(participant)
        if own is not None and not is_acceptable:
            raise BadInput.field("version", "is no published consent document")
        consent = Consent(
            version=request.version,
            channel=decisions.channel_of(request.channel, is_own=own is not None),
            given_at=_acted_at(caller, participant, request.given_at, now, "given_at"),
            guardian=decisions.giver(participant, own, request.guardian),
        )
        return decisions.give_consent(participant, consent)

    return await repository.participants.update(id, decide)


async def withdraw_consent(
    repository: Repository, who: Principal, id: str, occurred_at: datetime | None, now: datetime
) -> Participant:
    """Ends the consent in force."""
    caller = Caller(who)

    def decide(current: Participant | None) -> Decision[Participant]:
        participant = caller.keeps_consent_of(current)
        time = _acted_at(caller, participant, occurred_at, now, "occurred_at")
        return decisions.withdraw_consent(participant, time)

    return await repository.participants.update(id, decide)


def _acted_at(caller: Caller, participant: Participant, given: datetime | None, now: datetime, word: str) -> datetime:
    """The time at which a consent was given or withdrawn: staff enter the one on paper, a guardian acts now."""
    if given is not None and not caller.is_staff_of(participant):
        raise BadInput.field(word, "only staff say when it happened")
    return happened_at(given, now, zone(participant.place.utc_offset), word)
