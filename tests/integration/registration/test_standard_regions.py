"""The national operator enters the regions of the standard at once, over HTTP on real Kafka and MongoDB."""

from collections.abc import AsyncIterator

import pytest_asyncio

from deploy.local.stack import Infrastructure
from tests.drivers.registration import NATIONAL, REGIONAL, Registration, registration


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        yield service


async def test_all_regions_are_entered_once_and_those_that_are_there_stay(running: Registration) -> None:
    own = {"kind": "region", "name": "Волгоградская область до 2021", "utc_offset": "+04:00"}
    assert (await running.define("RU-VGG", **own))[0] == 200
    assert (await running.define("ru-mow", **{**own, "name": "Тоже Москва"}))[0] == 200
    status, some = await running.call("POST", "/regions", {"codes": ["RU-SA", "RU-VGG"]}, grants=[NATIONAL])
    assert (status, some) == (200, {"entered": ["RU-SA"], "known": ["RU-VGG"], "taken": []})
    status, every = await running.call("POST", "/regions", {}, grants=[NATIONAL])
    assert (status, len(every["entered"]), every["taken"]) == (200, 79, ["RU-MOW"])
    assert every["known"] == ["RU-ROS", "RU-SA", "RU-VGG"]
    before = await running.documents()
    status, again = await running.call("POST", "/regions", {}, grants=[NATIONAL])
    assert (status, again["entered"], len(again["known"])) == (200, [], 82)
    _, page = await running.call("GET", "/organisations?kind=region&limit=1000", grants=[REGIONAL])
    shown = {item["code"]: (item["name"], item["utc_offset"]) for item in page["items"]}
    assert shown["RU-SA"] == ("Республика Саха (Якутия)", "+09:00")
    assert shown["RU-VGG"] == (own["name"], "+04:00")
    assert (await running.call("POST", "/regions", {}, grants=[REGIONAL]))[0] == 403
    for said, pointer in (
        ({"codes": ["RU-TY", "RU-XX"]}, "/codes/1"),
        ({"occurred_at": "2099-01-01T00:00:00Z"}, "/occurred_at"),
        ({"all": True}, "/all"),
    ):
        status, refused = await running.call("POST", "/regions", said, grants=[NATIONAL])
        assert (status, [error["pointer"] for error in refused["errors"]]) == (422, [pointer])
    assert await running.documents() == before
