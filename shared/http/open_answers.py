"""Answers that stay open, streams and long polls: so many at once of an account, over all processes of a service."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from pymongo import DeleteOne, UpdateOne
from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern

from shared.base.quota import QuotaExceeded, Standing
from shared.base.telemetry import Trouble
from shared.http.permits import ANSWER_SECONDS, AWAY_SECONDS
from shared.storage.mongo import Mongo

COLLECTION = "open_answers"
POLICY = "open-at-once"
FREE = 2
"""So many of an account are counted by their process alone: what a family has open costs the database nothing."""
TELL_SECONDS = 5.0
LEASE_SECONDS = 20
"""After which the answers of a process that died are not counted any more."""
WAIT_SECONDS = 5.0
"""When one that is refused may try again."""


class OpenAnswers:
    """Counts them in memory, and tells the database of an account with more than a few.

    Who opens another writes first and reads then, so that of two processes at least one sees the other. N processes
    together never have more open than the limit and `FREE` for each. Without the database each counts for itself.
    """

    def __init__(self, mongo: Mongo | None) -> None:
        self._rows = None if mongo is None else mongo[COLLECTION].with_options(write_concern=WriteConcern(w=1))
        self._process = uuid4().hex
        self._open: dict[str, int] = {}
        self._told: set[str] = set()
        """Accounts of which the database has a row of this process."""
        self._telling: asyncio.Task[None] | None = None
        self._alone_until = float("-inf")
        self._trouble = Trouble("limits are kept by each process alone", policy=POLICY)

    @asynccontextmanager
    async def opened(self, account: str, most: int) -> AsyncIterator[None]:
        """Counts an answer while the body runs; raises QuotaExceeded where the account has as many as it may."""
        self._open[account] = self._open.get(account, 0) + 1
        try:
            if self._open[account] + await self._elsewhere(account, most) > most:
                raise QuotaExceeded(Standing(POLICY, most, 0, WAIT_SECONDS))
            yield
        finally:
            self._open[account] -= 1
            if not self._open[account]:
                del self._open[account]

    async def _elsewhere(self, account: str, most: int) -> int:
        """Counts the account's open answers in other processes, as far as they told."""
        few = self._open[account] <= FREE or self._open[account] > most
        if few or self._rows is None or time.monotonic() < self._alone_until:
            return 0
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._tell([account])
                others = {"account": account, "process": {"$ne": self._process}, "$expr": {"$gt": ["$until", "$$NOW"]}}
                rows = await self._rows.find(others, {"open": 1}).to_list(None)
        except (PyMongoError, TimeoutError) as error:
            self._trouble.met(type(error).__name__)
            self._alone_until = time.monotonic() + AWAY_SECONDS
            return 0
        self._trouble.over()
        return sum(row["open"] for row in rows)

    async def _tell(self, accounts: list[str]) -> None:
        """Writes how many of each account are open here."""
        writes: list[UpdateOne | DeleteOne] = []
        for account in accounts:
            id, here = f"{account} {self._process}", self._open.get(account, 0)
            if here > FREE:
                self._told.add(account)
                until = {"$add": ["$$NOW", LEASE_SECONDS * 1000]}
                row = {"account": account, "process": self._process, "open": here, "until": until}
                writes.append(UpdateOne({"_id": id}, [{"$set": row}], upsert=True))
            else:
                self._told.discard(account)
                writes.append(DeleteOne({"_id": id}))
        if self._rows is not None and writes:
            await self._rows.bulk_write(writes, ordered=False)
        if self._told and (self._telling is None or self._telling.done()):
            self._telling = asyncio.create_task(self._keep_telling())

    async def _keep_telling(self) -> None:
        while self._told:
            await asyncio.sleep(TELL_SECONDS)
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._tell(sorted(self._told))
            except (PyMongoError, TimeoutError) as error:
                self._trouble.met(type(error).__name__)
