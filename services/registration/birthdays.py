"""The 18th birthdays of children in the vault's rows, as keyed marks: a day is found, and nobody is opened."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import NamedTuple

from pymongo import UpdateOne

from services.registration.collections import UNAGED
from services.registration.domain.majority import majority
from services.registration.name_index import NameIndex
from services.registration.person_keys import PersonKeys
from shared.base.side_thread import aside
from shared.identity.vault import Identity, Vault
from shared.storage.mongo import Mongo, Transaction, by_ids
from shared.storage.outbox import Clock


class Adult(NamedTuple):
    """A child whose 18th birthday is a day, as the vault's row says it without being opened."""

    id: str
    region: str
    mark: bytes
    day: date


class Birthdays:
    """The days on which children come of age, each in its child's row until it was dealt with."""

    def __init__(self, mongo: Mongo, vault: Vault, index: NameIndex, clock: Clock) -> None:
        self._rows = mongo["vault"]
        self._keys = PersonKeys(mongo)
        self._vault = vault
        self._index = index
        self._clock = clock

    def mark_of(self, said: Identity, since: date) -> bytes | bool:
        """The mark of the day on which a child comes of age.

        False of a guardian, and of who had come of age before a day: no cabinet is to be ended.
        """
        born = said.get("birth_date")
        day = None if born is None else majority(date.fromisoformat(born))
        return False if day is None or day < since else self._index.day_mark(day.isoformat())

    async def coming_of_age(self, days: Iterable[date]) -> list[Adult]:
        """The children whose 18th birthday is one of some days and was not dealt with."""
        asked = list(days)
        marks = await aside(lambda: {self._index.day_mark(day.isoformat()): day for day in asked}, len(asked))
        query = {"majority": {"$in": list(marks)}}
        rows = await self._rows.find(query, {"majority": 1, "region": 1}).to_list(None)
        found = ((row, bytes(row["majority"])) for row in rows)
        return [Adult(row["_id"], row.get("region", ""), mark, marks[mark]) for row, mark in found]

    async def comes_of_age(self, person: str, mark: bytes, tx: Transaction) -> bool:
        """Tells whether the mark is still that of a child's day."""
        return await self._rows.find_one({"_id": person, "majority": mark}, {"_id": 1}, session=tx) is not None

    async def is_of_age(self, person: str, tx: Transaction) -> None:
        """Notes that a child's 18th birthday was dealt with."""
        await self._rows.update_one({"_id": person}, {"$set": {"majority": False}}, session=tx)

    async def of_age(self, pupils: Iterable[str], tx: Transaction) -> set[str]:
        """The pupils among some whose 18th birthday was dealt with."""
        query = {"_id": {"$in": list(pupils)}, "majority": False}
        return {row["_id"] for row in await self._rows.find(query, {"_id": 1}, session=tx).to_list(None)}

    async def unmarked(self, most: int) -> list[str]:
        """Some persons whom an earlier release sealed, which has marked no days."""
        return [row["_id"] for row in await self._rows.find(UNAGED, {"_id": 1}).limit(most).to_list(None)]

    async def mark(self, persons: Collection[str], active: Collection[str], tx: Transaction) -> None:
        """Marks these: who came of age before, only where the pupil is active now.

        A row whose key is gone says of nobody when a child comes of age.
        """
        today = self._clock().date()
        found = await self._keys.joined(await by_ids(self._rows, persons, tx), tx)
        rows = {row["_id"]: row for row in found}

        def write(person: str) -> UpdateOne:
            said = self._vault.open(rows[person]) if person in rows else {}
            mark = self.mark_of(said, since=date.min if person in active else today)
            return UpdateOne({"_id": person, **UNAGED}, {"$set": {"majority": mark}})

        writes = await aside(lambda: list(map(write, persons)), len(persons))
        if writes:
            await self._rows.bulk_write(writes, ordered=False, session=tx)
