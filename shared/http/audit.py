"""The audit log: every write and every read of a person, by whom, in which role and by which route.

Entries are gathered in memory and written in batches, so that nobody waits for them: within a second, and at the end of
the process; what a killed process had gathered is lost. Actors are random ids, and only `audit_actors` tells whose: who
is taken out of it is in no entry any more. Entries are forgotten when their retention is over.
"""

import secrets
from collections import deque
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import IndexModel, UpdateOne
from pymongo.errors import BulkWriteError
from typing_extensions import override

from shared.base.errors import Unavailable
from shared.base.telemetry import logger
from shared.identity.acting import NAMELESS, PERSONS, READING, Actor, actor_of
from shared.storage.collections import Collections, Kept
from shared.storage.loops import WriteBehind
from shared.storage.mongo import WHOLE, Document, Mongo

LOG, ACTORS = "audit_log", "audit_actors"
CORRECTIONS = "corrections"
"""Corrections of persons, of a service that holds identities, in the transaction that makes them: `participant`,
`person`, `field`, `at`, who (`changed`), and marks of the `old` and the `new` value."""
COLLECTIONS: Collections = {
    LOG: Kept(
        [
            IndexModel([("participants", 1), ("at", 1)]),
            IndexModel([("actor", 1), ("at", 1)]),
            IndexModel("at"),
            IndexModel("expires", expireAfterSeconds=0),
        ],
        persons=["participants", "on.participant", "on.owner", "on.guardian", "on.contact"],
    ),
    ACTORS: Kept(persons=["_id"]),
}
FLUSH_SECONDS = 0.5
IS_THERE = 11000
"""MongoDB's code for a row whose id is there already."""
BATCH = 1_000
MOST_WAITING = 20_000
"""Entries in memory. While the database takes none, no person is shown beyond them; a write that has happened is
counted as lost in the process's log instead, since it cannot be taken back."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request that wrote something or showed a person."""

    at: datetime
    actor: Actor
    participants: tuple[str, ...]
    on: dict[str, str]
    """What the address names."""
    status: int
    id: ObjectId = field(default_factory=ObjectId)
    """Of its row: a batch whose writing was broken off, as at the end of a process, is written again."""


class AuditLog(WriteBehind):
    """The log of one process; a loop of its API."""

    name = "audit"
    pause_seconds = FLUSH_SECONDS

    def __init__(self, mongo: Mongo, retention: timedelta, clock: Callable[[], datetime]) -> None:
        super().__init__("audit waits")
        self._mongo = mongo
        self._retention = retention
        self._clock = clock
        self._waiting: deque[Entry] = deque()
        self._lost = 0

    def must_have_room(self) -> None:
        """Raises Unavailable where a person would be shown without a trace."""
        if len(self._waiting) >= MOST_WAITING:
            raise Unavailable("the audit log cannot be written")

    def note(self, scope: MutableMapping[str, Any], status: int, noted: int | None = None) -> int | None:
        """Gathers the entry of a request that is being answered: how many of the persons it is about are on record.

        `noted` is what came back before, None at first and while there is nothing to be kept: a stream shows somebody
        else now and then. An id in the address may have white space around it, which the route does not see.
        """
        persons = list(scope.get(PERSONS, ()))
        if noted == len(persons):
            return noted
        actor = actor_of(scope)
        on = {name: str(value).strip() for name, value in scope.get("path_params", {}).items()}
        new = persons[noted:] if noted is not None or "participant" not in on else [*persons, on["participant"]]
        shows = bool(new) or (noted is None and NAMELESS in scope)
        if actor is None or status >= 400 or (scope["method"] in READING and not shows):
            return noted
        if len(self._waiting) >= MOST_WAITING:
            self._lost += 1
        else:
            self._waiting.append(Entry(self._clock(), actor, tuple(dict.fromkeys(new)), on, status))
        return len(persons)

    async def tell(self, entry: Entry) -> None:
        """Writes the entry of what is done behind a request that has been answered, and all that waits.

        What cannot be written waits, as in a request; `run` writes it.
        """
        self._waiting.append(entry)
        await self.flush()

    @override
    async def step(self) -> None:
        while self._waiting:
            batch = [self._waiting[n] for n in range(min(BATCH, len(self._waiting)))]
            await self._write(batch)
            for _ in batch:
                self._waiting.popleft()
        if self._lost:
            logger.error("audit entries lost", count=self._lost)
            self._lost = 0

    async def _write(self, batch: Sequence[Entry]) -> None:
        names = await self._names({entry.actor.account for entry in batch if entry.actor.account})
        rows = [self._row(entry, names) for entry in batch]
        try:
            await self._mongo[LOG].insert_many(rows, ordered=False)
        except BulkWriteError as error:
            if any(one["code"] != IS_THERE for one in error.details["writeErrors"]):
                raise

    async def _names(self, accounts: set[str]) -> dict[str, str]:
        """The ids of actors by account, random for those who act for the first time."""
        names = await self._known(accounts)
        new = accounts - names.keys()
        if new:
            writes = [UpdateOne({"_id": a}, {"$setOnInsert": {"actor": secrets.token_urlsafe(12)}}, True) for a in new]
            await self._mongo[ACTORS].bulk_write(writes, ordered=False)
            names |= await self._known(new)  # another process may have been faster
        return names

    async def _known(self, accounts: set[str]) -> dict[str, str]:
        rows = await self._mongo[ACTORS].find({"_id": {"$in": list(accounts)}}, batch_size=WHOLE).to_list(None)
        return {row["_id"]: row["actor"] for row in rows}

    def _row(self, entry: Entry, names: dict[str, str]) -> Document:
        return {
            "_id": entry.id,
            "at": entry.at,
            "actor": names.get(entry.actor.account or ""),
            "roles": list(entry.actor.roles),
            "route": entry.actor.route,
            "on": entry.on,
            "participants": list(entry.participants),
            "status": entry.status,
            "expires": entry.at + self._retention,
        }
