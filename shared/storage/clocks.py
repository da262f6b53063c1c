"""The clocks of a database's organisations, in the register or in a copy of it, read now and then."""

import time
from collections.abc import Callable, Iterable

from shared.programme.clocks import Clocks
from shared.storage.mongo import WHOLE, Document, Mongo

BELIEVED_SECONDS = 2.0
"""A clock changes once in years, and is announced before; whoever changes one here reads it anew (`forget`)."""
WITH_A_CLOCK: Document = {"$or": [{"kind": "region"}, {"kind": "municipality", "clocks": {"$type": "array"}}]}
FIELDS = {"kind": 1, "utc_offset": 1, "clocks": 1}


class ClockReader:
    """The clocks of one database, as one process knows them."""

    def __init__(self, mongo: Mongo, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rows = mongo["organisations"]
        self._monotonic = monotonic
        self._known = Clocks()
        self._until = 0.0

    async def known(self, regions: Iterable[str] = ()) -> Clocks:
        """Returns the clocks, those of some regions among them if they are there by now."""
        if self._monotonic() >= self._until or not self._known.own.keys() >= set(regions):
            rows = await self._rows.find(WITH_A_CLOCK, FIELDS, batch_size=WHOLE).to_list(None)
            self._known, self._until = Clocks.of_rows(rows), self._monotonic() + BELIEVED_SECONDS
        return self._known

    def forget(self) -> None:
        """Lets the next one read them anew."""
        self._until = 0.0
