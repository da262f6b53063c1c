"""Pupils in the database: the id of a duplicate leads to the pupil into whom it was merged."""

from collections.abc import Iterable, Sequence

from services.registration.domain.participants import Participant, on_clocks
from shared.storage.clocks import ClockReader
from shared.storage.mongo import Mongo, Transaction
from shared.storage.outbox import Outbox
from shared.storage.repository import Repository as Aggregates


class Pupils(Aggregates[Participant]):
    """All entries; reached by id, a duplicate is its survivor."""

    def __init__(self, mongo: Mongo, outbox: Outbox, clocks: ClockReader) -> None:
        super().__init__(mongo, outbox, "participants", Participant)
        self._clocks = clocks

    async def load(self, ids: Iterable[str], tx: Transaction | None = None) -> dict[str, Participant]:
        """The pupils by the ids that were asked for, of which two may be one pupil's."""
        found = await self.entries(ids, tx)
        into = {id: entry.merged.into for id, entry in found.items() if entry.merged is not None}
        survivors = await self.entries(into.values(), tx) if into else {}
        return found | {id: survivors[survivor] for id, survivor in into.items()}

    async def entries(self, ids: Iterable[str], tx: Transaction | None = None) -> dict[str, Participant]:
        """The entries with these ids, also those of duplicates."""
        found = await super().load(ids, tx)
        return {pupil.id: pupil for pupil in await self.on_clocks(list(found.values()))}

    async def on_clocks(self, pupils: Sequence[Participant]) -> list[Participant]:
        """The same pupils, as rows gave them, with the clocks of where they are and were."""
        clocks = await self._clocks.known({pupil.place.region for pupil in pupils})
        return [on_clocks(pupil, clocks) for pupil in pupils]
