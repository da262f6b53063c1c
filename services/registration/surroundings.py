"""The part of the register by which lines of a directory are judged, read at once for many of them."""

from collections.abc import Iterable, Sequence

from services.registration.collections import GIVEN
from services.registration.domain.directories import DirectoryLine, Surroundings
from services.registration.domain.organisations import Organisation
from shared.storage import code_twins
from shared.storage.mongo import WHOLE, Document, Mongo, Transaction
from shared.storage.namesakes import namesakes

CATALOGUE = "organisations"


class Register:
    """The organisations of one database, as an import needs them."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._rows = mongo[CATALOGUE]

    async def around(
        self, region: Organisation, lines: Sequence[DirectoryLine], tx: Transaction | None = None
    ) -> Surroundings:
        """The organisations that lines of a region's directory may be or meet."""
        codes = list(dict.fromkeys(line.code for line in lines if line.code))
        rows = await code_twins.spelt(self._mongo, CATALOGUE, codes, tx)
        ways: list[Document] = [{"region": region.id, "kind": "municipality"}]
        for name in ("inn", "ogrn"):
            numbers = [line.values[name] for line in lines if name in line.values]
            ways += [{name: {"$in": numbers, **GIVEN}}] if numbers else []
        for query in ways:
            rows += await self._rows.find(query, batch_size=WHOLE, session=tx).to_list(None)
        found = {row["_id"]: Organisation.of(row) for row in rows}
        named = {name for code in codes for name in namesakes(code)}
        regions = [row for row in await code_twins.spelt(self._mongo, CATALOGUE, named, tx) if row["kind"] == "region"]
        return Surroundings(region, list(found.values()), frozenset(row["_id"] for row in regions))

    async def keep_apart(self, codes: Iterable[str], tx: Transaction) -> None:
        """Lets whoever enters one of these new codes in another case of its letters meanwhile conflict."""
        await code_twins.fence(self._mongo, CATALOGUE, codes, tx)
