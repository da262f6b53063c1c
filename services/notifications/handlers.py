"""The use case of notifications: a family is told of events."""

from collections.abc import Mapping, Sequence

from services.notifications import domain
from services.notifications.domain import Readers
from services.notifications.repository import Repository
from shared.contracts.event import Envelope
from shared.identity.family import LinkChange
from shared.storage.mongo import Transaction


async def tell(
    repository: Repository, events: Sequence[Envelope], links: Mapping[str, Sequence[LinkChange]], tx: Transaction
) -> None:
    """Stores a notice for each event that has none yet, and who may read them after the changes of each pupil's links.

    Numbers come from the heads, which the same transaction writes: two writers of one pupil conflict, so the order of
    numbers is the order of commit, and a reader that has seen a number has missed none below it.
    """
    if not events and not links:
        return
    heads = await repository.heads({*(envelope.event.key for envelope in events), *links}, tx)
    stored = await repository.stored(events, tx)
    notices = domain.number(events, stored, {participant: head.last for participant, head in heads.items()})
    known = {participant: heads[participant].readers if participant in heads else Readers() for participant in links}
    await repository.save(notices, {id: known[id].after(changes) for id, changes in links.items()}, tx)
