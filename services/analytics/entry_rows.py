"""The rows of a fold that has one for each entry of a pupil, loaded with those of all who are joined to it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

from services.analytics.facts import Entry
from shared.contracts.registration import Merging
from shared.messaging.poll import Received
from shared.storage.mongo import WHOLE, Collection, Document, Transaction

E = TypeVar("E", bound=Entry)


class EntryRows(Generic[E]):
    """The rows of one collection, by participant."""

    def __init__(self, collection: Collection, of: Callable[[Document], E], new: Callable[[], E]) -> None:
        self._collection, self._of, self._new = collection, of, new

    async def load(self, participants: Iterable[str], tx: Transaction) -> Mapping[str, E]:
        """Returns the entries that are there."""
        found = self._collection.find({"_id": {"$in": list(participants)}}, batch_size=WHOLE, session=tx)
        return {document["_id"]: self._of(document) async for document in found}

    async def joined(self, merged: Iterable[str], known: Mapping[str, E], tx: Transaction) -> dict[str, E]:
        """Returns the entries with all with whom they and these say that they are merged, each as it is stored.

        Of an entry that is not there yet there is an empty one. Where a fold keeps words of before too, who was parted
        again is read as well: in a season that was closed before they are one.
        """
        entries: dict[str, E] = {}
        wanted = set(merged)
        while wanted:
            away = wanted - known.keys()
            found = {**known, **await self.load(away, tx)} if away else known
            entries |= {participant: found.get(participant) or self._new() for participant in sorted(wanted)}
            wanted = {other for participant in wanted for other in entries[participant].merged_with} - entries.keys()
        return entries


def who_merged(facts: Iterable[Received], entries: Mapping[str, Entry]) -> set[str]:
    """Returns the entries that say that they are merged, and all that the facts' mergings and partings name."""
    found = {participant for participant, entry in entries.items() if entry.words and entry.merged_with}
    for received in facts:
        if isinstance(received.event, Merging):
            found |= {received.event.participant, received.event.other}
    return found


def by_participant_of(facts: Iterable[Received]) -> dict[str, Sequence[Received]]:
    """Returns the facts of each participant, in their order."""
    found: dict[str, list[Received]] = defaultdict(list)
    for received in facts:
        found[received.event.participant].append(received)
    return dict(found)
