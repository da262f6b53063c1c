"""Rows that a snapshot reads ahead: the same as without, in one answer."""

from shared.base.settings import Settings
from shared.storage.mongo import Mongo, by_ids


async def test_rows_read_ahead_are_those_of_the_snapshot(settings: Settings) -> None:
    mongo = Mongo(settings.mongo_url, f"{settings.mongo_database_prefix}ahead")
    pupils, paths = mongo["pupils"], mongo["paths"]
    await pupils.insert_many([{"_id": id, "grade": 8} for id in ("a", "b")])
    await paths.insert_one({"_id": "a/2020"})
    async with mongo.snapshot() as snapshot:
        await mongo.read_ahead({"pupils": ["a", "none"], "paths": ["a/2020"], "needs": ["a"]}, snapshot)
        await pupils.update_many({}, {"$set": {"grade": 9}})
        assert await by_ids(pupils, ["none", "a"], snapshot) == [{"_id": "a", "grade": 8}]
        assert await by_ids(paths, ["a/2020"], snapshot) == [{"_id": "a/2020"}]
        assert await by_ids(mongo["needs"], ["a"], snapshot) == []
        both = await by_ids(pupils, ["a", "b"], snapshot)
        assert both == [{"_id": "a", "grade": 8}, {"_id": "b", "grade": 8}], "more than was read ahead"
        assert await by_ids(pupils, ["a"]) == [{"_id": "a", "grade": 9}], "outside the snapshot"
    async with mongo.snapshot() as later:
        assert await by_ids(pupils, ["a"], later) == [{"_id": "a", "grade": 9}]
    await mongo.drop()
    mongo.close()
