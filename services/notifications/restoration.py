"""A database that was put back from a backup, or is built anew, answers no erasure a second time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from services.notifications.domain.notices import Head
from services.notifications.repository import Repository
from shared.contracts.event import Envelope
from shared.contracts.guardians import GuardianErased, ReaderErased
from shared.contracts.notifications import FamilyErased
from shared.messaging.events import Events
from shared.storage.losses import Loss
from shared.storage.mongo import Transaction


class Restorer:
    """The answers to erasures (`shared.runtime.restoration.Restorer`); all else is read again from other topics."""

    events = Events.of([FamilyErased, ReaderErased])

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def sequences(self, subjects: Collection[str], tx: Transaction) -> Mapping[str, int]:
        """Returns those answers that are known; each is the only event of its subject.

        That is `erased/<pupil>/<act>`, or for a guardian `erased/<pupil>/<guardian>/<act>`.
        """
        named = {subject: subject.split("/")[1:] for subject in subjects}
        heads = await self._repository.heads((parts[0] for parts in named.values()), tx)
        return {subject: 1 for subject, (id, *parts) in named.items() if _is_answered(heads.get(id), *parts)}

    async def apply(self, events: Sequence[Envelope], tx: Transaction) -> Sequence[Loss]:
        """Destroys again what was destroyed."""
        for envelope in events:
            event = envelope.event
            if isinstance(event, FamilyErased):
                await self._repository.erase(event.key, event.act, tx)
            if isinstance(event, ReaderErased):
                head = (await self._repository.heads([event.key], tx)).get(event.key, Head())
                told = event.model_dump(include=set(GuardianErased.model_fields))
                await self._repository.put(
                    event.key, replace(head, readers=head.readers.without(GuardianErased(**told))), tx
                )
        return []

    async def settle(self) -> None:
        """Nothing follows."""


def _is_answered(head: Head | None, *named: str) -> bool:
    """Tells whether an erasure is answered: that of a pupil, named by the act, or of a guardian, named with the act."""
    if head is None:
        return False
    *guardians, act = named
    return any(head.readers.erased.get(one) == act for one in guardians) if guardians else head.readers.act == act
