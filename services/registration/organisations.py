"""Organisations in the database, each on the clock of where it lies."""

from collections.abc import Iterable, Sequence

from services.registration.domain.organisations import Organisation
from shared.storage.clocks import ClockReader
from shared.storage.decision import Decision
from shared.storage.mongo import Mongo, Transaction
from shared.storage.outbox import Outbox
from shared.storage.repository import Repository as Aggregates


class Organisations(Aggregates[Organisation]):
    """The register; what is read from it has its clock with all changes that are known by now."""

    def __init__(self, mongo: Mongo, outbox: Outbox, clocks: ClockReader) -> None:
        super().__init__(mongo, outbox, "organisations", Organisation)
        self._clocks = clocks

    async def load(self, ids: Iterable[str], tx: Transaction | None = None) -> dict[str, Organisation]:
        """The organisations that exist among `ids`."""
        found = await super().load(ids, tx)
        clocks = await self._clocks.known({organisation.region for organisation in found.values()})
        return {code: organisation.on(clocks) for code, organisation in found.items()}

    async def save(self, decisions: Sequence[Decision[Organisation]], tx: Transaction) -> None:
        """Stores decisions; the clocks that they change are read anew."""
        await super().save(decisions, tx)
        if any(decision.state.clocks is not None for decision in decisions if decision.made):
            self._clocks.forget()
