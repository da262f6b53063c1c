"""The use case of notifications: a family is told of events."""

from collections.abc import Sequence

from services.notifications import domain
from services.notifications.domain import Reader
from services.notifications.repository import Repository
from shared.contracts.event import Envelope
from shared.storage.mongo import Transaction


async def tell(repository: Repository, events: Sequence[Envelope], readers: Sequence[Reader], tx: Transaction) -> None:
    """Stores a notice for each event that has none yet, and who may read them.

    Numbers come from the heads, which the same transaction writes: two writers of one pupil conflict, so the order of
    numbers is the order of commit, and a reader that has seen a number has missed none below it.
    """
    stored, last = set[str](), dict[str, int]()
    if events:
        stored = await repository.stored(events, tx)
        last = await repository.last({envelope.event.key for envelope in events}, tx)
    await repository.save(domain.number(events, stored, last), readers, tx)
