"""Applications of venues in the database: they are no events, since who asked and why concerns operators alone."""

from services.trials.collections import APPLICATIONS
from services.trials.domain.places.applications import Application
from shared.storage.mongo import Mongo, Transaction


class Applications:
    """The applications of one database, by venue and season."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo[APPLICATIONS]

    async def one(self, id: str, tx: Transaction | None = None) -> Application | None:
        """Returns an application; None where there is none."""
        row = await self._rows.find_one({"_id": id}, session=tx)
        return None if row is None else Application.model_validate(row | {"id": row["_id"]})

    async def waiting_of(self, organisation: str, tx: Transaction) -> int:
        """Returns how many applications of an organisation wait."""
        return await self._rows.count_documents({"organisation": organisation, "state": "asked"}, session=tx)

    async def save(self, application: Application, tx: Transaction) -> None:
        """Stores an application, new or known."""
        row = application.model_dump(exclude={"id"})
        await self._rows.replace_one({"_id": application.id}, row, upsert=True, session=tx)
