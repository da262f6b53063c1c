"""Leaves for repeated attempts in the database, and the count of the attempts that they are for."""

from collections import Counter
from collections.abc import Collection

from services.trials.attempts import below
from services.trials.domain.testing.repeats import Repeat, Sitting, Tally
from shared.storage.mongo import Mongo, Transaction


class Repeats:
    """The leaves of one database."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo["repeats"]
        self._attempts = mongo["attempts"]

    async def tally(self, paths: Collection[str], tx: Transaction) -> Tally:
        """Returns the attempts on entries' paths, and the leaves for more."""
        if not paths:
            return Tally()
        on, fields = {"path": {"$in": list(paths)}}, {"path": 1, "diagnostic": 1, "round": 1, "above": 1}
        taken: Counter[Sitting] = Counter()
        async for row in self._attempts.find(on, fields, session=tx):
            taken[Sitting(row["path"], row["diagnostic"], row.get("round", 1))] += 1
        allowed: dict[Sitting, int] = {}
        async for row in self._rows.find(on, fields, session=tx):
            sitting = Sitting(row["path"], row["diagnostic"], row["round"])
            allowed[sitting] = max(row["above"] + 1, allowed.get(sitting, 0))
        return Tally(taken, allowed)

    async def put(self, repeat: Repeat, tx: Transaction) -> None:
        """Stores a leave."""
        document = repeat.document()
        await self._rows.replace_one({"_id": document["_id"]}, document, upsert=True, session=tx)

    async def destroy_of(self, participant: str, tx: Transaction) -> int:
        """Destroys the leaves on an entry's paths; returns how many there were."""
        return (await self._rows.delete_many({"path": below(participant)}, session=tx)).deleted_count
