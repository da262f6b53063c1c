"""The part of the register by which lines of a directory are judged, read at once for many of them."""

from collections.abc import Iterable, Mapping, Sequence

from services.registration.collections import GIVEN
from services.registration.domain.directories import DirectoryLine, Surroundings
from services.registration.domain.organisations import Organisation
from services.registration.domain.school_names import SchoolNames
from shared.base.side_thread import aside
from shared.identity.grants import FITS
from shared.identity.principal import Principal
from shared.storage import code_twins
from shared.storage.clocks import ClockReader
from shared.storage.mongo import WHOLE, Document, Mongo, Transaction, by_ids
from shared.storage.namesakes import namesakes

CATALOGUE = "organisations"


class Register:
    """The organisations of one database, as an import and a definition need them."""

    def __init__(self, mongo: Mongo, clocks: ClockReader) -> None:
        self._mongo = mongo
        self._clocks = clocks
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
        clocks = await self._clocks.known()
        found = {row["_id"]: Organisation.of(row).on(clocks) for row in rows}
        named = {name for code in codes for name in namesakes(code)}
        regions = [row for row in await code_twins.spelt(self._mongo, CATALOGUE, named, tx) if row["kind"] == "region"]
        return Surroundings(region, list(found.values()), frozenset(row["_id"] for row in regions))

    async def schools_of(self, who: Principal) -> SchoolNames:
        """The open schools that a principal's grants in regions, municipalities and schools reach, by their names."""
        reached = [(kind, grant.org) for grant in who.grants for kind in FITS[grant.role]]
        fields = {"region": "region", "municipality": "parent", "school": "_id"}
        ways: list[Document] = [{fields[kind]: org} for kind, org in reached if kind in fields]
        return await self.schools_within(ways)

    async def schools_within(self, ways: Sequence[Document]) -> SchoolNames:
        """The open schools that one of these queries matches, by their names."""
        if not ways:
            return SchoolNames([], {})
        query: Document = {"$or": list(ways), "kind": "school", "closed": None}
        rows = await self._rows.find(query, batch_size=WHOLE).to_list(None)
        schools = await aside(lambda: list(map(Organisation.of, rows)), len(rows))
        towns = await by_ids(self._rows, {school.municipality for school in schools if school.municipality})
        return SchoolNames(schools, {row["_id"]: row["name"] for row in towns})

    async def must_be_alone(self, code: str, tx: Transaction) -> None:
        """Raises Conflict where a code is new to the register and differs from another by case alone."""
        await code_twins.must_be_alone(self._mongo, CATALOGUE, code, tx)

    async def sharing(self, code: str, numbers: Mapping[str, str | None], tx: Transaction) -> list[Organisation]:
        """The other organisations that have one of these numbers of legal entities, by `inn` and `ogrn`."""
        ways = [{name: {"$eq": number, **GIVEN}} for name, number in numbers.items() if number is not None]
        query = {"_id": {"$ne": code}, "$or": ways}
        rows = await self._rows.find(query, session=tx).to_list(None) if ways else []
        return [Organisation.of(row) for row in rows]

    async def regions_named(self, code: str) -> set[str]:
        """The regions in whose name a code is, however it is spelt."""
        found = await code_twins.spelt(self._mongo, CATALOGUE, namesakes(code))
        return {row["_id"] for row in found if row["kind"] == "region"}

    async def keep_apart(self, codes: Iterable[str], tx: Transaction) -> None:
        """Lets whoever enters one of these new codes in another case of its letters meanwhile conflict."""
        await code_twins.fence(self._mongo, CATALOGUE, codes, tx)
