"""An upgrade gives the copies of an earlier release the names that it did not keep."""

from collections.abc import Iterator

import pytest

from deploy.cli.migrate import migrate
from shared.base.settings import Settings
from shared.storage.mongo import Mongo


@pytest.fixture
def databases(settings: Settings) -> Iterator[tuple[Mongo, Mongo]]:
    """Registration's database and trials'."""
    opened = [Mongo(settings.mongo_url, settings.database(name)) for name in ("registration", "trials")]
    yield opened[0], opened[1]
    for mongo in opened:
        mongo.close()


async def test_copies_get_their_owner_s_names_and_keep_those_they_have(
    settings: Settings, databases: tuple[Mongo, Mongo]
) -> None:
    registration, trials = databases
    await registration["organisations"].insert_many([{"_id": code, "name": f"New {code}"} for code in ("R1", "R2")])
    await trials["organisations"].insert_many([{"_id": "R1"}, {"_id": "R2", "name": "Known"}, {"_id": "R3"}])
    for _ in range(2):
        await migrate(settings)
        copies = {row["_id"]: row.get("name") async for row in trials["organisations"].find({})}
        assert copies == {"R1": "New R1", "R2": "Known", "R3": None}
    for mongo in databases:
        await mongo.drop()
