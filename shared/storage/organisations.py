"""A service's copy of the register of organisations: kept up to date by a consumer, read by use cases."""

import time
from collections.abc import Callable, Iterable, Sequence

from pymongo import UpdateOne

from shared.contracts.event import Envelope
from shared.contracts.organisations import OrganisationClosed, OrganisationDefined
from shared.programme.clocks import Clocks
from shared.programme.organisations import Closing, Organisation, organisation
from shared.storage.clocks import ClockReader
from shared.storage.copies import newest
from shared.storage.mongo import Document, Mongo, Transaction, by_ids

FIELDS = {"id", "sequence", "closed_on", "into"}
"""What no definition sets."""


class OrganisationCopies:
    """The organisations of one database, in the collection `organisations`."""

    def __init__(self, mongo: Mongo, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rows = mongo["organisations"]
        self._clocks = ClockReader(mongo, monotonic)

    async def apply(self, told: Sequence[Envelope], tx: Transaction) -> list[Organisation]:
        """Stores what a poll tells, in whatever order definitions and closings come; returns what was defined."""
        defined = [organisation(envelope) for envelope in told if isinstance(envelope.event, OrganisationDefined)]
        closed = sorted((e for e in told if isinstance(e.event, OrganisationClosed)), key=lambda e: e.sequence)
        writes = [newest(entry.id, entry.model_dump(exclude=FIELDS), entry.sequence) for entry in defined]
        ends = {envelope.event.key: Closing.of(envelope) for envelope in closed}
        writes += [UpdateOne({"_id": code}, {"$set": end.model_dump()}, upsert=True) for code, end in ends.items()]
        if writes:
            await self._rows.bulk_write(writes, session=tx)
        return defined

    async def known(self, codes: Iterable[str], tx: Transaction | None = None) -> dict[str, Organisation]:
        """Returns the organisations known among `codes`."""
        return of_rows(await by_ids(self._rows, codes, tx))

    async def hold(self, code: str, tx: Transaction) -> None:
        """Lets this transaction conflict with whatever else is decided upon the organisation, and with its closing."""
        await self._rows.update_one({"_id": code}, {"$inc": {"held": 1}}, session=tx)

    async def clocks(self, regions: Iterable[str] = ()) -> Clocks:
        """Returns the clocks, those of the regions among `regions` that are known."""
        return await self._clocks.known(regions)


def of_rows(rows: Iterable[Document]) -> dict[str, Organisation]:
    """Returns the organisations that are defined: of others no more is known than that they are closed."""
    return {row["_id"]: Organisation.model_validate(row | {"id": row["_id"]}) for row in rows if "kind" in row}
