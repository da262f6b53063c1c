"""The staff of organisations: each account that acted here with a grant for one, gathered behind the answers.

A grant stands in a token of the identity provider alone: until its holder acts, nobody here can know of it. What is
kept is the account's keyed id, the grant, and the first and the last day; never a name.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from pymongo import UpdateOne
from typing_extensions import override

from services.registration.collections import STAFF
from services.registration.domain.organisations import NATION
from shared.identity.grants import Role
from shared.identity.principal import Principal
from shared.programme.moments import zone
from shared.storage.loops import WriteBehind
from shared.storage.mongo import Mongo, by_ids
from shared.storage.outbox import Clock

FLUSH_SECONDS = 1.0
MOST = 50_000
"""Grants in memory: beyond that the one first seen makes room, and is written again when its holder acts."""
Classes = frozenset[str] | None


class Held(NamedTuple):
    """A grant of an account."""

    account: str
    org: str
    role: Role


class Belonging(NamedTuple):
    """The organisation to which a grant's belongs, and the offset of its clock."""

    organisation: str
    utc_offset: str


class Presences(WriteBehind):
    """The accounts that one process has answered; a loop of its API. Each grant is written once an hour at most."""

    name = "presences"
    pause_seconds = FLUSH_SECONDS

    def __init__(self, mongo: Mongo, retention: timedelta, clock: Clock) -> None:
        """An account that has not acted for as long as the retention is forgotten."""
        super().__init__("presences wait")
        self._mongo = mongo
        self._retention = retention
        self._clock = clock
        self._waiting: dict[Held, Classes] = {}
        self._known: dict[Held, tuple[datetime, Classes]] = {}

    def saw(self, who: Principal) -> None:
        """Notes the grants of who was answered, unless they are known this hour."""
        hour = self._clock().replace(minute=0, second=0, microsecond=0)
        for held, classes in _held(who).items():
            if self._known.get(held) != (hour, classes):
                _make_room(self._known)
                _make_room(self._waiting)
                self._known[held] = hour, classes
                self._waiting[held] = classes

    @override
    async def step(self) -> None:
        noted = dict(self._waiting)
        if not noted:
            return
        await self._write(noted)
        for held, classes in noted.items():
            if self._waiting.get(held) == classes:
                self._waiting.pop(held, None)

    async def _write(self, noted: Mapping[Held, Classes]) -> None:
        belongings = await self._belongings({held.org for held in noted})
        now, writes = self._clock(), []
        for held, classes in noted.items():
            if (belonging := belongings.get(held.org)) is not None:
                day = now.astimezone(zone(belonging.utc_offset)).date().isoformat()
                narrowed = None if classes is None else sorted(classes)
                said = {**held._asdict(), "organisation": belonging.organisation, "classes": narrowed}
                change = {"$set": said | {"expires": now + self._retention}, "$min": {"first": day}}
                writes.append(UpdateOne({"_id": "/".join(held)}, {**change, "$max": {"last": day}}, upsert=True))
        if writes:
            await self._mongo[STAFF].bulk_write(writes, ordered=False)

    async def _belongings(self, codes: Collection[str]) -> dict[str, Belonging]:
        """The owner of each code, of a venue's its organisation; one that the register does not know is nobody's."""
        owners = {code: code for code in codes}
        owners |= {row["_id"]: row["organisation"] for row in await by_ids(self._mongo["venues"], codes)}
        wanted = {*owners.keys(), *owners.values()}
        offsets = {row["_id"]: row["utc_offset"] for row in await by_ids(self._mongo["organisations"], wanted)}
        found = {}
        for code, owner in owners.items():
            organisation = code if code in offsets else owner
            if organisation in offsets:
                found[code] = Belonging(organisation, offsets[organisation])
        return found | ({NATION: Belonging(NATION, "+00:00")} if NATION in codes else {})


def _held(who: Principal) -> dict[Held, Classes]:
    """The grants in organisations, each with the classes of all that are of one role there; None for all classes."""
    found: dict[Held, Classes] = {}
    for grant in who.grants:
        if grant.org is not None:
            held = Held(who.account, grant.org, grant.role)
            before = found.get(held, frozenset())
            found[held] = None if grant.classes is None or before is None else before | grant.classes
    return found


def _make_room(known: dict[Held, tuple[datetime, Classes]] | dict[Held, Classes]) -> None:
    if len(known) >= MOST:
        del known[next(iter(known))]
