"""The copies in the database: kept up to date by consumers, read by use cases and reads."""

from collections.abc import Iterable, Mapping, Sequence

from pymongo import UpdateOne

from services.registration.copies.seasons import Season
from shared.contracts.trials import SeasonDefined
from shared.storage.copies import newest
from shared.storage.mongo import Document, Mongo, Transaction


class Copies:
    """Seasons and steps of one database."""

    def __init__(self, mongo: Mongo) -> None:
        self._rules = mongo["rules"]
        self._steps = mongo["steps"]

    async def seasons(self, codes: Iterable[str]) -> dict[str, Season]:
        """The seasons that trials has defined among `codes`."""
        return {row["_id"]: Season.of(row) for row in await self.definitions(codes)}

    async def definitions(self, codes: Iterable[str]) -> list[Document]:
        """The definitions of seasons among `codes`, with the fields of their events."""
        return await self._rules.find({"_id": {"$in": list(dict.fromkeys(codes))}}).to_list(None)

    async def steps(self, ids: Sequence[str]) -> list[Document]:
        """The rows of steps that exist among `ids`."""
        return await self._steps.find({"_id": {"$in": ids}}).to_list(None)

    async def define(self, defined: Iterable[tuple[SeasonDefined, str]], tx: Transaction) -> None:
        """Keeps the newest definition of each season, given with its sequence."""
        writes = [newest(season.season, season.model_dump(mode="json"), sequence) for season, sequence in defined]
        if writes:
            await self._rules.bulk_write(writes, ordered=True, session=tx)

    async def add_steps(self, taken: Mapping[str, Mapping[str, Sequence[object]]], tx: Transaction) -> None:
        """Adds to sets that only grow, by `progress_id` and name of the set: order and repetition do not matter."""
        writes = [
            UpdateOne(
                {"_id": id}, {"$addToSet": {name: {"$each": added} for name, added in steps.items()}}, upsert=True
            )
            for id, steps in taken.items()
        ]
        if writes:
            await self._steps.bulk_write(writes, ordered=False, session=tx)
