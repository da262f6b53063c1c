"""Use cases: an operator erases a pupil, and services say what they have cleared."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.registration.acts import Acts
from services.registration.collections import KEYS, REQUESTS
from services.registration.domain.erasure import Act, Cleared, Proof, Requester, Service, erase
from services.registration.domain.participants import Participant
from services.registration.repository import Repository
from shared.base.errors import NotFound
from shared.contracts import erasure as contract
from shared.contracts.guardians import GuardianCleared
from shared.identity.acting import Actor
from shared.identity.principal import Principal
from shared.messaging.poll import Received
from shared.programme.moments import as_stored, zone
from shared.storage.decision import NewId
from shared.storage.mongo import Transaction


@dataclass(frozen=True, slots=True)
class Erasing:
    """An erasure that is asked for: when, by whom, and where its acts get their numbers from."""

    now: datetime
    new_id: NewId
    requested_by: Requester = "staff"
    by: Actor | None = None
    """Who is kept with what changes; nobody's account where a guardian erases herself."""

    def number(self, time: datetime) -> str:
        """A number for an act of a local time."""
        return f"{time.date()}-{self.new_id()[:8]}"


async def erase_pupil(repository: Repository, who: Principal, id: str, erasing: Erasing) -> Act:
    """Destroys all that leads to a pupil, also in entries that were merged, and to guardians who have no other.

    Returns the act of the entry under which the pupil went on; again, the one of before.

    Raises NotFound outside the scope.
    """

    async def body(tx: Transaction) -> Act:
        pupil = (await repository.participants.load([id], tx)).get(id)
        if pupil is None or not _covers(who, pupil):
            raise NotFound("no such participant in your scope")
        if pupil.erased_at is not None and not pupil.lost:
            return await repository.acts.of_pupil(pupil.id, tx)
        return await erase_entries(repository, pupil, erasing, tx)

    return await repository.transact(body)


async def erase_entries(repository: Repository, pupil: Participant, erasing: Erasing, tx: Transaction) -> Act:
    """Destroys all that leads to a pupil, in every entry; returns the act of the one under which the pupil went on."""
    act = await _erase(repository, pupil, erasing, tx)
    for entry in (await repository.participants.entries(pupil.duplicates, tx)).values():
        if entry.merged is not None:  # it is the same person, with guardians of its own perhaps
            before = entry.merged.before.model_copy(update={"sequence": entry.sequence})
            await _erase(repository, before, erasing, tx)
    return act


async def _erase(repository: Repository, pupil: Participant, erasing: Erasing, tx: Transaction) -> Act:
    """Destroys all that leads to one entry; the act of it."""
    time = as_stored(erasing.now).astimezone(zone(pupil.place.utc_offset))
    act, alone = await destroyed(repository, pupil, _act(pupil, erasing, time), tx)
    decision = erase(pupil, act.id, time, alone)
    await repository.participants.save([replace(decision, by=erasing.by)], tx)
    await repository.losses.forget(pupil.id, tx)
    await repository.acts.add(act, erasing.by, tx)
    return act


async def destroyed(repository: Repository, pupil: Participant, act: Act, tx: Transaction) -> tuple[Act, list[str]]:
    """Destroys all that leads to one entry but its own row; returns the act, which is not stored yet.

    And the guardians who had no other child, and are destroyed too.
    """
    act = act.model_copy(update=await repository.sealed.keeping(tx))
    requests = await repository.requests.forget(pupil.id, tx)
    rows, shared = await repository.acts.destroy(pupil, tx)
    rows[REQUESTS] = requests
    for guardian in shared:
        await repository.cabinets.unbind(guardian, pupil.id, tx)
    alone = [guardian for guardian in pupil.guardians if guardian not in shared]
    apart = act.keys_apart and rows[KEYS] == rows["vault"]
    cleared = Cleared(at=act.erased_at, rows=rows)
    return act.model_copy(update={"keys_apart": apart}).answered("registration", cleared), alone


def _covers(who: Principal, pupil: Participant) -> bool:
    place = pupil.place
    return who.scope.covers(place.region, place.municipality, place.school)


def _act(pupil: Participant, erasing: Erasing, time: datetime) -> Act:
    return Act(
        id=erasing.number(time),
        participant=pupil.id,
        place=pupil.place,
        erased_at=time,
        requested_by=erasing.requested_by,
        consents=tuple(map(Proof.of, pupil.consents)),
    )


async def answered(acts: Acts, service: Service, received: Sequence[Received], tx: Transaction) -> None:
    """Keeps the answers of a service in their acts."""
    for record in received:
        event = record.event
        if not isinstance(event, contract.Cleared):
            continue
        cleared = Cleared(at=record.envelope.recordedtime, rows=event.rows)
        if isinstance(event, GuardianCleared):
            await acts.answer_of_child(event.act, event.participant, service, cleared, tx)
        else:
            await acts.answer(event.act, service, cleared, tx)
