"""Education programmes in the database: those of a region stand in one row, and are imported as a whole."""

from collections.abc import Collection, Sequence

from services.trials.domain.catalogue.education import EducationProgramme
from shared.identity.acting import acting, changed
from shared.storage.mongo import Document, Mongo, Transaction


class Education:
    """The education programmes of regions."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo["education"]

    async def put(self, region: str, programmes: Sequence[EducationProgramme], tx: Transaction) -> None:
        """Stores the programmes of a region in place of those of before."""
        row = {"_id": region, "programmes": [one.model_dump() for one in programmes], **changed(acting())}
        await self._rows.replace_one({"_id": region}, row, upsert=True, session=tx)

    async def of(self, region: str, competencies: Collection[str] | None = None) -> list[EducationProgramme]:
        """Returns the programmes of a region, those that go on with one of some competencies, or all."""
        found: Document | str = "$programmes"
        if competencies is not None:
            goes_on = {"$gt": [{"$size": {"$setIntersection": ["$$one.competencies", list(competencies)]}}, 0]}
            found = {"$filter": {"input": found, "as": "one", "cond": goes_on}}
        steps: list[Document] = [{"$match": {"_id": region}}, {"$project": {"programmes": found}}]
        rows = await self._rows.aggregate(steps).to_list(None)
        return [EducationProgramme.model_validate(one, strict=False) for row in rows for one in row["programmes"]]
