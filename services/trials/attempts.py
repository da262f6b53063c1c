"""Attempts in the database, with the answers and profiles: they belong to no aggregate of a pupil's own events."""

from collections.abc import Collection, Iterable, Sequence

from services.trials.domain.catalogue.diagnostics import Attempt
from shared.storage.mongo import Document, Mongo, Transaction, by_ids


class Attempts:
    """The attempts of one database, by their natural keys."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo["attempts"]

    async def load(self, keys: Iterable[str], tx: Transaction) -> dict[str, Attempt]:
        """Returns the attempts that exist among the natural keys."""
        return {d["_id"]: Attempt.of(d) for d in await by_ids(self._rows, keys, tx)}

    async def on(self, paths: Collection[str], tx: Transaction) -> dict[str, list[Attempt]]:
        """Returns the attempts on paths, by the path's id."""
        found: dict[str, list[Attempt]] = {}
        rows = await self._rows.find({"path": {"$in": list(paths)}}, session=tx).to_list(None) if paths else []
        for attempt in map(Attempt.of, rows):
            found.setdefault(attempt.path, []).append(attempt)
        return found

    async def add(self, attempts: Sequence[Attempt], tx: Transaction) -> None:
        """Stores new attempts."""
        if attempts:
            await self._rows.insert_many([a.document() for a in attempts], ordered=False, session=tx)

    async def destroy(self, keys: Iterable[str], tx: Transaction) -> None:
        """Destroys attempts by their natural keys."""
        if gone := list(keys):
            await self._rows.delete_many({"_id": {"$in": gone}}, session=tx)

    async def take_back(self, ids: Collection[str], tx: Transaction) -> dict[str, str]:
        """Destroys attempts by their own ids, on whichever path; returns the id of the path that had each."""
        query = {"id": {"$in": list(ids)}}
        found = {row["id"]: row["path"] async for row in self._rows.find(query, {"id": 1, "path": 1}, session=tx)}
        await self._rows.delete_many(query, session=tx)
        return found

    async def destroy_of(self, participant: str, tx: Transaction) -> int:
        """Destroys the attempts on an entry's paths; returns how many there were.

        By the paths' ids, since an entry has one too in a season in which only another entry was that it was joined to.
        """
        return (await self._rows.delete_many({"path": below(participant)}, session=tx)).deleted_count


def below(participant: str) -> Document:
    """Matches the ids of a participant's paths, and of what stands below them."""
    return {"$gte": f"{participant}/", "$lt": f"{participant}0"}  # "0" follows "/"
