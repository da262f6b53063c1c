"""Use cases: an operator erases a pupil, and services say what they have cleared."""

from collections.abc import Sequence
from datetime import datetime

from services.registration.acts import Acts
from services.registration.collections import KEYS, REQUESTS
from services.registration.domain.erasure import Act, Cleared, Proof, Service, erase
from services.registration.domain.participants import NewId, Participant
from services.registration.repository import Repository
from shared.base.errors import NotFound
from shared.contracts import erasure as contract
from shared.identity.principal import Principal
from shared.messaging.poll import Received
from shared.programme.moments import as_stored, zone
from shared.storage.mongo import Transaction


async def erase_pupil(repository: Repository, who: Principal, id: str, now: datetime, new_id: NewId) -> Act:
    """Destroys all that leads to a pupil, also in entries that were merged, and to guardians who have no other.

    Returns the act of the entry under which the pupil went on; again, the one of before.

    Raises NotFound outside the scope.
    """

    async def body(tx: Transaction) -> Act:
        pupil = (await repository.participants.load([id], tx)).get(id)
        if pupil is None or not _covers(who, pupil):
            raise NotFound("no such participant in your scope")
        if pupil.erased_at is not None:
            return await repository.acts.of_pupil(pupil.id, tx)
        act = await _erase(repository, pupil, now, new_id, tx)
        for entry in (await repository.participants.entries(pupil.duplicates, tx)).values():
            if entry.merged is not None:  # it is the same person, with guardians of its own perhaps
                before = entry.merged.before.model_copy(update={"sequence": entry.sequence})
                await _erase(repository, before, now, new_id, tx)
        return act

    return await repository.transact(body)


async def _erase(repository: Repository, pupil: Participant, now: datetime, new_id: NewId, tx: Transaction) -> Act:
    """Destroys all that leads to one entry; the act of it."""
    time = as_stored(now).astimezone(zone(pupil.place.utc_offset))
    act = _act(pupil, f"{time.date()}-{new_id()[:8]}", time).model_copy(update=await repository.sealed.keeping(tx))
    decision = erase(pupil, act.id, time)
    requests = await repository.requests.forget(pupil.id, tx)
    rows, shared = await repository.acts.destroy(pupil, tx)
    rows[REQUESTS] = requests
    for guardian in shared:
        await repository.cabinets.unbind(guardian, pupil.id, tx)
    await repository.participants.save([decision], tx)
    apart = act.keys_apart and rows[KEYS] == rows["vault"]
    act = act.model_copy(update={"keys_apart": apart}).answered("registration", Cleared(at=time, rows=rows))
    await repository.acts.add(act, tx)
    return act


def _covers(who: Principal, pupil: Participant) -> bool:
    place = pupil.place
    return who.scope.covers(place.region, place.municipality, place.school)


def _act(pupil: Participant, number: str, time: datetime) -> Act:
    proofs = tuple(map(Proof.of, pupil.consents))
    return Act(id=number, participant=pupil.id, place=pupil.place, erased_at=time, consents=proofs)


async def answered(acts: Acts, service: Service, received: Sequence[Received], tx: Transaction) -> None:
    """Keeps the answers of a service in their acts."""
    for record in received:
        event = record.event
        if isinstance(event, contract.Cleared):
            cleared = Cleared(at=record.envelope.recordedtime, rows=event.rows)
            await acts.answer(event.act, service, cleared, tx)
