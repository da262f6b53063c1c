"""The parts of an organisation, and the pupils who are or were in a school, as they are stored."""

from services.registration.collections import PLACED
from shared.storage.mongo import WHOLE, Document, Mongo, Transaction


class Residents:
    """Organisations and pupils by the organisation that they are in."""

    def __init__(self, mongo: Mongo) -> None:
        self._organisations = mongo["organisations"]
        self._participants = mongo["participants"]

    async def of_school(self, code: str) -> list[str]:
        """The ids, in order, of the pupils who are in a school or were, also of those who were erased or merged."""
        queries: list[Document] = [
            {"place.school": code},
            {"placements.place.school": {"$eq": code, **PLACED["placements.place.school"]}},
        ]
        found: set[str] = set()
        for query in queries:
            rows = self._participants.find(query, {"_id": 1}, batch_size=WHOLE)
            found.update([row["_id"] async for row in rows])
        return sorted(found)

    async def promoted_on(self, school: str, year: str) -> str | None:
        """The day from which a school's classes are those of a school year; None where it was not promoted into it."""
        there: Document = {"$eq": school, **PLACED["placements.place.school"]}
        told: Document = {"$elemMatch": {"year": year, "place.school": school}}
        found = await self._participants.find_one(
            {"placements.place.school": there, "placements": told}, {"placements": told}
        )
        return None if found is None else found["placements"][0]["day"]

    async def parts(self, code: str) -> list[str]:
        """The codes of the organisations that lie in a municipality, in order."""
        rows = self._organisations.find({"parent": code}, {"_id": 1}, batch_size=WHOLE).sort("_id", 1)
        return [row["_id"] async for row in rows]

    async def unfinished(self, parent: str) -> list[str]:
        """The codes of the organisations in a municipality whose pupils have not all been brought along."""
        query: Document = {"parent": parent, "carried": {"$gte": ""}}
        rows = self._organisations.find(query, {"_id": 1}, batch_size=WHOLE).sort("_id", 1)
        return [row["_id"] async for row in rows]

    async def open_parts(self, code: str, tx: Transaction) -> int:
        """Counts the organisations in a municipality that are not closed."""
        return await self._organisations.count_documents({"parent": code, "closed": None}, session=tx)

    async def active_pupils(self, code: str, tx: Transaction) -> int:
        """Counts the pupils in a school who are neither in the archive nor erased, each once."""
        query = {"place.school": code, "archived": None, "erased_at": None, "merged": None}
        return await self._participants.count_documents(query, session=tx)
