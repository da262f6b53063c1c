"""Use case: the school or an operator amends one pupil."""

from datetime import datetime
from functools import partial

from services.registration.domain.amendments import Amendment, AmendmentBatch
from services.registration.domain.caller import Caller
from services.registration.domain.enrolment import Enrolled
from services.registration.domain.identities import Identities
from services.registration.domain.participants import Participant
from services.registration.domain.school_keys import Guardians
from services.registration.repository import Repository
from shared.identity.acting import acting
from shared.identity.principal import Principal
from shared.programme.moments import happened_at, zone
from shared.storage.decision import NewId
from shared.storage.mongo import Transaction


async def amend(
    repository: Repository, who: Principal, id: str, amendment: Amendment, now: datetime, new_id: NewId
) -> Enrolled:
    """Changes what the amendment says otherwise; raises NotFound outside the scope."""
    by = acting()

    async def body(tx: Transaction) -> Enrolled:
        pupil = Caller(who).staff_s((await repository.participants.load([id], tx)).get(id))
        place = pupil.place
        known = await repository.guardians(((place.school, guardian.ref) for guardian in amendment.guardians), tx)
        identities = Identities(await repository.sealed.read([pupil.id, *pupil.guardians, *known.values()], tx))
        batch = AmendmentBatch(pupil, Guardians(known), identities)
        if who.scope.classes(place.region, place.municipality, place.school) is not None:
            batch.must_be_reached(amendment)
        local = zone(place.utc_offset)
        amendment.must_fit(max(pupil.seasons.values()).astimezone(local).date())
        time = happened_at(amendment.occurred_at, now, local)
        issue = partial(Participant.with_codes, codes=repository.codes, now=now)
        amended = batch.amend(amendment, time, by, issue, new_id)
        await repository.save_persons(batch, tx)
        return amended

    return await repository.transact(body)
