"""What trials learns from registration, a poll at a time: pupils and organisations, and what follows for paths."""

from collections.abc import Sequence

from services.trials import consents
from services.trials.copies import Participant, learn, organisation
from services.trials.gate import NewId
from services.trials.repository import Store
from shared.contracts.event import ParticipantEvent
from shared.contracts.registration import ConsentGiven, ConsentWithdrawn, OrganisationDefined, ParticipantRegistered
from shared.messaging.poll import Received
from shared.storage.mongo import Transaction


async def participants(store: Store, new_id: NewId, received: Sequence[Received], tx: Transaction) -> None:
    """Brings the copies of the poll's pupils up to date; what is known already changes nothing.

    The paths of those follow whose consent has lapsed once and changes again.
    """
    facts = [r.envelope for r in received if isinstance(r.event, ParticipantEvent)]
    known = await store.participants((fact.event.key for fact in facts), tx)
    pupils: dict[str, Participant] = {}
    for fact in facts:
        id = fact.event.key
        pupils[id] = learn(pupils.get(id) or known.get(id), fact)
    changed = [pupil for id, pupil in pupils.items() if pupil is not known.get(id)]
    await store.keep(changed, tx)
    asked = {fact.event.key for fact in facts if isinstance(fact.event, ConsentGiven | ConsentWithdrawn)}
    lapsed = [pupil for pupil in changed if pupil.id in asked and any(pupil.lapses)]
    if lapsed:
        await consents.follow(store, lapsed, new_id, tx)
    await store.mark_in_use({r.event.season for r in received if isinstance(r.event, ParticipantRegistered)}, tx)


async def organisations(store: Store, received: Sequence[Received], tx: Transaction) -> None:
    """Brings the copies of the poll's organisations up to date; the newest definition holds."""
    said = [organisation(r.envelope) for r in received if isinstance(r.event, OrganisationDefined)]
    newest = await store.organisations((entry.id for entry in said), tx)
    changed = {}
    for entry in said:
        if entry.id not in newest or entry.sequence > newest[entry.id].sequence:
            newest[entry.id] = changed[entry.id] = entry
    await store.keep(list(changed.values()), tx)
