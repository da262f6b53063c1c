"""Merges over HTTP on real Kafka and MongoDB: one pupil by either id, for staff of both places, and two again."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from tests.builders.events import season
from tests.builders.registration import SCHOOL, minor
from tests.drivers.registration import NAVIGATOR, OTHER_SCHOOL, REGIONAL, THERE, Registration, merge, part, registration


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        await service.learn(season(closes="2099-12-16"), 2)
        await service.learn(season("2019", opens="2019-07-07", closes="2019-12-16"))
        yield service


async def shown(running: Registration, id: str, grants: Any = (REGIONAL,)) -> dict[str, Any]:
    status, body = await running.call("GET", f"/participants/{id}", grants=list(grants))
    assert status == 200, body
    return body


async def told(running: Registration, id: str) -> list[str]:
    return [envelope.event.type.removesuffix(".v1") for envelope in await running.of(id)]


async def test_two_entries_become_one_by_either_id(running: Registration) -> None:
    (here,) = await running.enter(minor("me-1", guardian=None, consent=None))
    (there,) = await running.enter(minor("me-2", name="Иванов Петр Петрович"), **THERE)
    survivor, duplicate = here["participant"], there["participant"]
    assert (await running.redeem(there["link_code"], "mother-1"))[0] == 200
    status, answer = await merge(running, survivor, duplicate)
    assert (status, answer["state"], answer["new"], answer["cabinets"], answer["consent"]) == (
        200,
        "merged",
        True,
        1,
        True,
    )
    assert (await merge(running, survivor, duplicate))[1] == {**answer, "new": False}
    one = await shown(running, survivor)
    assert one["duplicates"] == [duplicate]
    assert one == await shown(running, duplicate), "both ids lead to the pupil"
    assert one["consent"]["guardian"] == there["guardian"]
    assert await told(running, survivor) == [
        "participant.registered",
        "participant.merged",
        "guardian.linked",
        "consent.given",
    ]
    assert (await told(running, duplicate))[-1] == "participant.merged"
    _, me = await running.call("GET", "/me", grants=[{"role": "guardian"}], subject="mother-1")
    assert [item["participant"] for item in me["items"]] == [survivor]
    _, listed = await running.call(
        "GET", f"/schools/{OTHER_SCHOOL['org']}/participants?season=2020", grants=[OTHER_SCHOOL]
    )
    assert duplicate not in {item["participant"] for item in listed["items"]}
    status, moved = await running.call(
        "POST", f"/participants/{duplicate}/moves", {"school": SCHOOL.id, "class": "7Б"}, grants=[REGIONAL]
    )
    assert (status, moved["participant"], moved["class"]) == (200, survivor, "7Б")
    status, _ = await running.call(
        "PATCH", f"/participants/{duplicate}", {"name": "Иванов Пётр Ильич"}, grants=[REGIONAL]
    )
    assert (status, (await shown(running, survivor))["name"]) == (200, "Иванов Пётр Ильич")
    cabinet = f"/participants/{duplicate}/links/{there['guardian']}"
    assert (await running.call("DELETE", cabinet, grants=[REGIONAL]))[0] == 200
    assert (await running.call("GET", "/me", grants=[{"role": "guardian"}], subject="mother-1"))[1]["items"] == []
    (again,) = await running.enter(minor("me-2", name="Иванов Петр Петрович"), **THERE)
    assert again["problem"]["type"] == "pupil-left", "the other school's key leads to the pupil, who is not there"
    assert (await running.call("GET", f"/participants/{duplicate}", grants=[OTHER_SCHOOL]))[0] == 404


async def test_parted_they_are_two_again_as_they_were(running: Registration) -> None:
    (here,) = await running.enter(minor("pa-1", guardian=None, consent=None, **{"birth_date": "2013-02-02"}))
    (there,) = await running.enter(minor("pa-2"), **THERE)
    survivor, duplicate = here["participant"], there["participant"]
    before = await shown(running, survivor), await shown(running, duplicate)
    assert (await merge(running, survivor, duplicate))[0] == 200
    status, answer = await part(running, duplicate)
    assert (status, answer["state"], answer["new"]) == (200, "parted", True)
    assert (await shown(running, survivor), await shown(running, duplicate)) == before
    assert (await part(running, duplicate))[0] == 404
    assert (await told(running, survivor))[-2:] == ["participant.unmerged", "consent.withdrawn"]
    assert (await told(running, duplicate))[-2:] == ["participant.merged", "participant.unmerged"]
    (known,) = await running.enter(minor("pa-2"), **THERE)
    assert (known["status"], known["participant"], known["link_code"]) == ("known", duplicate, there["link_code"])
    assert (await running.redeem(known["link_code"], "mother-2"))[0] == 200


async def test_after_their_seasons_they_stay_one(running: Registration) -> None:
    old = {"season": "2019", "occurred_at": "2019-09-14T10:00:00+03:00"}
    (here,) = await running.enter(minor("cl-1", guardian=None, consent=None, **{"birth_date": "2013-03-03"}), **old)
    (there,) = await running.enter(minor("cl-2", guardian=None, consent=None), **THERE, **old)
    assert (await merge(running, here["participant"], there["participant"]))[0] == 200
    status, refused = await part(running, there["participant"])
    assert (status, refused["type"]) == (409, "season-closed")


async def test_who_does_not_reach_both_merges_and_parts_nobody(running: Registration) -> None:
    (here,) = await running.enter(minor("sc-1", guardian=None, consent=None, **{"birth_date": "2013-04-04"}))
    (there,) = await running.enter(minor("sc-2"), **THERE)
    survivor, duplicate = here["participant"], there["participant"]
    before = await running.documents()
    for grants in ([NAVIGATOR], [OTHER_SCHOOL]):
        assert (await merge(running, survivor, duplicate, grants))[0] == 404
    assert (await merge(running, survivor, duplicate, [{"role": "guardian"}]))[0] == 403
    assert (await merge(running, survivor, "nobody"))[0] == 404
    for said, pointer in (
        ({"duplicate": duplicate}, "/survivor"),
        ({"survivor": 1, "duplicate": duplicate}, "/survivor"),
    ):
        status, refused = await running.call("POST", "/merges", said, grants=[REGIONAL])
        assert (status, [error["pointer"] for error in refused["errors"]]) == (422, [pointer])
    assert (await merge(running, survivor, survivor))[1]["errors"][0]["pointer"] == "/duplicate"
    assert await running.documents() == before
    assert (await merge(running, survivor, duplicate))[0] == 200
    assert (await part(running, duplicate, [OTHER_SCHOOL]))[0] == 404
    assert (await part(running, duplicate, [NAVIGATOR]))[0] == 404
    assert (await part(running, survivor))[0] == 404, "the survivor is no duplicate"


async def test_erasing_the_survivor_erases_both(running: Registration) -> None:
    (here,) = await running.enter(minor("er-1", **{"birth_date": "2013-06-06"}))
    (there,) = await running.enter(minor("er-2"), **THERE)
    survivor, duplicate = here["participant"], there["participant"]
    assert (await merge(running, survivor, duplicate))[0] == 200
    status, act = await running.call("DELETE", f"/participants/{duplicate}", grants=[REGIONAL])
    assert status == 200
    acts = {row["participant"]: row["_id"] for row in await running.mongo["acts"].find().to_list(None)}
    assert acts[survivor] == act["act"]["number"]
    assert duplicate in acts, "each entry has an act of its own"
    for id in (survivor, duplicate):
        assert (await told(running, id))[-1] == "participant.erased"
        assert (await running.call("GET", f"/participants/{id}", grants=[REGIONAL]))[0] == 404
        assert (await merge(running, id, survivor))[0] == 404
        assert await running.mongo["vault"].find_one({"_id": id}) is None
    for guardian in (here["guardian"], there["guardian"]):
        assert await running.mongo["vault"].find_one({"_id": guardian}) is None
        assert await running.mongo["participants"].find_one({"guardians": guardian}) is None
    assert (await part(running, duplicate))[0] == 404


async def test_merges_that_cross_end_in_one(running: Registration) -> None:
    entered = await running.enter(
        *(minor(f"cr-{n}", guardian=None, consent=None, birth_date=f"2013-07-{n + 10}") for n in range(6))
    )
    first, *others = [item["participant"] for item in entered]
    answers = await asyncio.gather(*(merge(running, first, other) for other in others))
    assert [status for status, _ in answers] == [200] * 5
    assert sorted((await shown(running, first))["duplicates"]) == sorted(others)
    both = await asyncio.gather(part(running, others[0]), merge(running, others[1], first))
    assert {status for status, _ in both} == {200, 409}


async def test_a_survivor_who_came_to_have_the_key_gives_it_up_before_they_are_parted(
    running: Registration,
) -> None:
    (here,) = await running.enter(minor("me-key", name="Орлова Вера", guardian=None, consent=None))
    (there,) = await running.enter(minor("me-key", name="Орлова Вера Ильинична", guardian=None, consent=None), **THERE)
    survivor, duplicate = here["participant"], there["participant"]
    assert (await merge(running, survivor, duplicate))[0] == 200
    school = {"school": THERE["school"], "class": "7А"}
    moves, mine = f"/participants/{survivor}/moves", [REGIONAL]
    assert (await running.call("POST", moves, school, grants=mine))[0] == 200
    status, answer = await part(running, duplicate)
    assert (status, answer["type"]) == (409, "key-taken")
    back = {"school": SCHOOL.id, "class": "7А"}
    assert (await running.call("POST", moves, back, grants=mine))[0] == 200
    assert (await part(running, duplicate))[0] == 200, "the key is one of before, and is the duplicate's again"
