"""Candidates for a merge over HTTP on real Kafka and MongoDB: until they are one, or are said to be two."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from tests.builders.events import season
from tests.builders.registration import pupil
from tests.drivers.registration import NATIONAL, NAVIGATOR, REGIONAL, THERE, Registration, merge, part, registration

ELSEWHERE = {"role": "regional-operator", "org": "RU-VLA"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        await service.learn(season(closes="2099-12-16"), 2)
        yield service


async def candidates(running: Registration, where: str = "?region=RU-ROS", grants: Any = (REGIONAL,)) -> Any:
    status, body = await running.call("GET", f"/duplicates{where}", grants=list(grants))
    return [{entry["participant"] for entry in item["entries"]} for item in body["items"]] if status == 200 else status


async def test_entries_of_one_name_and_birth_date_are_shown_until_they_are_one(running: Registration) -> None:
    child = {"name": "Семёнова-Ёлкина Алёна", "birth_date": "2013-08-08"}
    (here,) = await running.enter(pupil("ca-1", **child))
    assert not any(here["participant"] in group for group in await candidates(running))
    again = {**child, "name": "семенова елкина АЛЕНА", "namesake": True}
    (there,) = await running.enter(pupil("ca-2", **again), **THERE)
    pair = {here["participant"], there["participant"]}
    assert pair in await candidates(running)
    assert pair in await candidates(running, "", [NATIONAL])
    _, body = await running.call("GET", "/duplicates?region=RU-ROS&limit=1000", grants=[REGIONAL])
    (item,) = [one for one in body["items"] if {entry["participant"] for entry in one["entries"]} == pair]
    assert item["reasons"] == ["same-name-and-birth-date"]
    assert {entry["name"] for entry in item["entries"]} == {child["name"], again["name"]}
    for entered, parent in ((here, "mother-3"), (there, "mother-3")):
        assert (await running.redeem(entered["link_code"], parent))[0] == 200
    _, body = await running.call("GET", "/duplicates?region=RU-ROS&limit=1000", grants=[REGIONAL])
    assert (
        "same-guardian-account"
        in next(one for one in body["items"] if one["entries"][0]["participant"] in pair)["reasons"]
    )
    assert await candidates(running, "", [REGIONAL]) == 403
    assert await candidates(running, "?region=RU-KAM", [REGIONAL]) == 403
    assert await candidates(running, "?region=RU-ROS", [NAVIGATOR]) == 403
    assert (await merge(running, here["participant"], there["participant"]))[0] == 200
    assert pair not in await candidates(running)
    (line,) = await running.enter(pupil("ca-3", **again | {"namesake": False}), **THERE)
    assert line["problem"]["type"] == "transfer-needed", "the duplicate's name leads to the survivor, too"
    assert (await part(running, there["participant"]))[0] == 200
    assert pair in await candidates(running)


async def dismiss(
    running: Registration, pair: Iterable[str], grants: Any = (REGIONAL,), **said: Any
) -> tuple[int, Any]:
    body = {"participants": list(pair), "reason": "Разные дети", **said}
    return await running.call("POST", "/duplicates/dismissals", body, grants=list(grants), subject="operator")


async def take_back(running: Registration, id: str, grants: Any = (REGIONAL,)) -> int:
    return (await running.call("DELETE", f"/duplicates/dismissals/{id}", grants=list(grants)))[0]


async def namesakes(running: Registration, ref: str, born: str, count: int = 2) -> list[str]:
    child = {"name": "Двойник Анна", "birth_date": born, "guardian": None, "consent": None}
    lines = (pupil(f"{ref}{n}", **child, **({"namesake": True} if n else {})) for n in range(count))
    return [(await running.enter(line))[0]["participant"] for line in lines]


async def test_two_of_whom_an_operator_says_it_are_listed_no_more(running: Registration) -> None:
    pair = await namesakes(running, "di-", "2013-09-01")
    status, done = await dismiss(running, pair)
    assert (status, done["new"], done["reason"], done["participants"]) == (200, True, "Разные дети", sorted(pair))
    again = await dismiss(running, reversed(pair), reason="Иначе")
    assert again == (200, {**done, "new": False}), "the first word stands"
    assert set(pair) not in await candidates(running)
    assert set(pair) not in await candidates(running, "", [NATIONAL])
    _, body = await running.call("GET", "/duplicates?region=RU-ROS&dismissed=true", grants=[REGIONAL])
    assert [{entry["participant"] for entry in item["entries"]} for item in body["items"]] == [set(pair)]
    assert body["items"][0]["dismissal"]["dismissal"] == done["dismissal"]
    assert await take_back(running, done["dismissal"]) == 200
    assert set(pair) in await candidates(running)
    assert await candidates(running, "?region=RU-ROS&dismissed=true") == []
    assert await take_back(running, done["dismissal"]) == 404
    await running.know(
        {"route": "POST /registration/duplicates/dismissals", "participants": {"$all": pair}}, 2, "audit_log"
    )


async def test_of_several_namesakes_those_stay_whom_nobody_told_apart(running: Registration) -> None:
    one, other, third = await namesakes(running, "se-", "2013-09-02", 3)
    await dismiss(running, (one, other))
    assert {one, other, third} in await candidates(running), "each may still be the third"
    await dismiss(running, (one, third))
    found = await candidates(running)
    assert {other, third} in found
    assert not any(one in group for group in found)
    assert (await merge(running, other, third))[0] == 200
    assert not any(other in group for group in await candidates(running)), "told apart from one, told apart from both"


async def test_of_entries_in_two_regions_the_nation_says_it(running: Registration) -> None:
    await running.define("RU-VLA", kind="region", name="Владимирская область", parent="RU", utc_offset="+03:00")
    for code, kind, parent in (("RU-VLA-001", "municipality", "RU-VLA"), ("RU-VLA-001-S01", "school", "RU-VLA-001")):
        body = {"kind": kind, "name": code, "parent": parent}
        assert (await running.call("PUT", f"/organisations/{code}", body, grants=[ELSEWHERE]))[0] == 200
    child = pupil("re-1", name="Общая Анна", birth_date="2013-09-07", guardian=None, consent=None)
    (here,) = await running.enter(child)
    (there,) = await running.enter(child, school="RU-VLA-001-S01", by=ELSEWHERE)
    pair = {here["participant"], there["participant"]}
    assert pair in await candidates(running, "", [NATIONAL])
    for by in (REGIONAL, ELSEWHERE):
        assert (await dismiss(running, pair, [by]))[0] == 404
    status, done = await dismiss(running, pair, [NATIONAL])
    assert (status, done["new"]) == (200, True)
    assert pair not in await candidates(running, "", [NATIONAL])
    assert pair in await candidates(running, "?dismissed=true", [NATIONAL])
    assert pair not in await candidates(running, "?region=RU-ROS&dismissed=true")
    assert await take_back(running, done["dismissal"], [REGIONAL]) == 404
    assert await take_back(running, done["dismissal"], [NATIONAL]) == 200


async def test_a_merge_takes_a_dismissal_back_and_an_erasure_ends_it(running: Registration) -> None:
    merged = await namesakes(running, "dm-", "2013-09-03")
    erased = await namesakes(running, "de-", "2013-09-04")
    for pair in (merged, erased):
        assert (await dismiss(running, pair))[0] == 200
    assert (await merge(running, *merged))[0] == 200
    assert (await dismiss(running, merged))[1]["type"] == "merged-already"
    assert await running.mongo["dismissals"].count_documents({"participants": {"$in": merged}}) == 0
    assert (await part(running, merged[1]))[0] == 200
    assert set(merged) in await candidates(running)
    _, answer = await running.call("DELETE", f"/participants/{erased[1]}", grants=[REGIONAL])
    assert answer["act"]["cleared"][0]["rows"]["dismissals"] == 1
    assert await running.mongo["dismissals"].count_documents({"participants": {"$in": erased}}) == 0


async def test_who_may_not_or_does_not_mean_candidates_dismisses_nobody(running: Registration) -> None:
    pair = await namesakes(running, "dn-", "2013-09-05")
    (stranger,) = await running.enter(pupil("dn-x", birth_date="2013-09-06"))
    before = await running.documents()
    assert (await dismiss(running, pair, [NAVIGATOR]))[0] == 403
    assert (await dismiss(running, pair, [{"role": "regional-operator", "org": "RU-MOW"}]))[0] == 404
    status, refused = await dismiss(running, (pair[0], "nobody"))
    assert (status, refused["errors"][0]["pointer"]) == (404, "/participants/1")
    assert (await dismiss(running, (pair[0], stranger["participant"])))[1]["type"] == "no-candidates"
    for said, pointer in (
        ({"participants": [pair[0]] * 2}, "/participants/1"),
        ({"participants": pair[:1]}, "/participants"),
        ({"participants": [*pair, "more"]}, "/participants"),
        ({"participants": [pair[0], 5]}, "/participants/1"),
        ({"reason": " "}, "/reason"),
        ({"why": "x"}, "/why"),
    ):
        status, refused = await dismiss(running, pair, **said)
        assert (status, [error["pointer"] for error in refused["errors"]]) == (422, [pointer])
    assert await running.documents() == before
