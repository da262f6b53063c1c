"""Use cases: a consent is given and withdrawn, by who decides about it or by staff who hold it on paper."""

from datetime import datetime

from services.registration.domain import consents as decisions
from services.registration.domain import majority
from services.registration.domain.cabinets import SELF
from services.registration.domain.caller import Caller
from services.registration.domain.consents import ConsentRequest
from services.registration.domain.participants import Consent, Participant
from services.registration.repository import Repository
from shared.base.errors import BadInput
from shared.identity.principal import Principal
from shared.programme.moments import happened_at, zone
from shared.storage.decision import Decision
from shared.storage.mongo import Transaction


async def give_consent(
    repository: Repository, who: Principal, id: str, request: ConsentRequest, now: datetime
) -> Participant:
    """Puts a consent in force; a family's own is one to a template or a published document, given in the cabinet.

    Until the 18th birthday a guardian gives it, from then on the pupil.
    """
    caller = Caller(who)

    async def body(tx: Transaction) -> Participant:
        pupil = caller.decides_about((await repository.participants.load([id], tx)).get(id))
        given = _acted_at(caller, pupil, request.given_at, now, "given_at")
        own = _own_word(caller, pupil)
        by = await _giver(repository, pupil, own, request.guardian, given, tx)
        channel = decisions.channel_of(request.channel, is_own=own is not None)
        templates = await repository.templates.of(pupil.seasons, [pupil.place.region], tx)
        agreed = templates.agreed(request, channel, pupil.place.region, pupil.seasons, given)
        if own is not None and agreed.template is None and not await repository.is_published(agreed.version):
            raise BadInput.field("version", "is no published consent document")
        consent = Consent(
            version=agreed.version,
            channel=channel,
            given_at=given,
            guardian=by,
            template=agreed.template,
            register_number=request.register_number,
            until=agreed.until,
        )
        decision = decisions.give_consent(pupil, consent)
        await repository.participants.save([decision], tx)
        await repository.templates.mark_used([decision], tx)
        return decision.state

    return await repository.transact(body)


async def withdraw_consent(
    repository: Repository, who: Principal, id: str, occurred_at: datetime | None, now: datetime
) -> Participant:
    """Ends the consent in force."""
    caller = Caller(who)

    async def body(tx: Transaction) -> Participant:
        pupil = caller.decides_about((await repository.participants.load([id], tx)).get(id))
        time = _acted_at(caller, pupil, occurred_at, now, "occurred_at")
        own = _own_word(caller, pupil)
        if own is not None:
            majority.must_decide(own == SELF, await _is_of_age(repository, pupil, time, tx))
        decision: Decision[Participant] = decisions.withdraw_consent(pupil, time)
        await repository.participants.save([decision], tx)
        return decision.state

    return await repository.transact(body)


def _own_word(caller: Caller, pupil: Participant) -> str | None:
    """The guardian as whom the caller decides, or `SELF` for the pupil; None for staff."""
    return SELF if caller.is_pupil(pupil) else caller.guardian_of(pupil)


async def _giver(
    repository: Repository, pupil: Participant, own: str | None, named: str | None, given: datetime, tx: Transaction
) -> str:
    """The one who gives a consent; raises Conflict where it is another one's to give."""
    of_age = await _is_of_age(repository, pupil, given, tx)
    if own is None:
        return majority.giver(pupil, named, of_age)
    majority.must_decide(own == SELF, of_age)
    return own


async def _is_of_age(repository: Repository, pupil: Participant, time: datetime, tx: Transaction) -> bool:
    return majority.is_of_age((await repository.sealed.read([pupil.id], tx)).get(pupil.id), time)


def _acted_at(caller: Caller, participant: Participant, given: datetime | None, now: datetime, word: str) -> datetime:
    """The time at which a consent was given or withdrawn: staff enter the one on paper, a family acts now."""
    if given is not None and not caller.is_staff_of(participant):
        raise BadInput.field(word, "only staff say when it happened")
    return happened_at(given, now, zone(participant.place.utc_offset), word)
