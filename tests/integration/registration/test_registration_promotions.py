"""A school's new year over HTTP on real Kafka and MongoDB: whole, once, and however often it is broken off."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.registration.domain.promotions import Promotion, PromotionRequest
from services.registration.handlers import promotions
from tests.builders.events import season
from tests.builders.registration import SCHOOL, pupil
from tests.drivers.registration import NAVIGATOR, OTHER_SCHOOL, REGIONAL, Registration, another_repository, registration

LATER = "2021-09-10T09:00:00+03:00"
YEAR: dict[str, Any] = {"year": "2021", "occurred_at": "2021-09-01T09:00:00+03:00"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        yield service


async def promote(
    running: Registration, grants: Any = (NAVIGATOR,), school: str = SCHOOL.id, **said: Any
) -> tuple[int, dict[str, Any]]:
    return await running.call("POST", f"/schools/{school}/promotions", {**YEAR, **said}, grants=list(grants))


async def told(running: Registration, id: str) -> list[tuple[str, str]]:
    found = [envelope.event for envelope in await running.of(id)]
    return [(event.type.removesuffix(".v1"), getattr(event, "school_class", "")) for event in found]


async def test_a_whole_school_goes_on_in_one_call_and_once(
    running: Registration, monkeypatch: pytest.MonkeyPatch
) -> None:
    sevens = await running.enter(*(pupil(f"pr-{n}") for n in range(7)))
    (leaver,) = await running.enter(pupil("pr-11", grade=11, birth_date="2003-05-01"), **{"class": "11А"})
    (repeater, other, gone, *rest) = [item["participant"] for item in sevens]
    exceptions = [
        {"participant": repeater, "becomes": "repeats"},
        {"participant": other, "class": "8Б"},
        {"participant": gone, "becomes": "left"},
    ]
    monkeypatch.setattr(promotions, "AT_ONCE", 3)
    async with another_repository(running) as repository:
        assert [
            p.id for p in await repository.transact(lambda tx: repository.pupils_in(SCHOOL.id, "", 100, tx))
        ] == sorted([*(item["participant"] for item in sevens), leaver["participant"]])
    status, answer = await promote(running, exceptions=exceptions)
    assert (status, answer) == (
        200,
        {"year": "2021", "promoted": 5, "repeated": 1, "left": 2, "settled": 0, "refused": []},
    )
    for id in rest:
        assert (await told(running, id))[-1] == ("participant.promoted", "8А")
    assert (await told(running, other))[-1] == ("participant.promoted", "8Б")
    assert (await told(running, repeater))[-1][0] == "consent.given"
    for id in (gone, leaver["participant"]):
        assert (await told(running, id))[-1][0] == "participant.archived"
    before = await running.documents()
    status, answer = await promote(running, exceptions=exceptions[:2])
    assert (status, answer["settled"], answer["promoted"], answer["left"]) == (200, 6, 0, 0)
    assert await running.documents() == before
    assert len(await told(running, rest[0])) == 3
    _, listed = await running.call(
        "GET", f"/schools/{SCHOOL.id}/participants?season=2020&limit=100", grants=[NAVIGATOR]
    )
    assert sorted(item["class"] for item in listed["items"]) == ["7А", "8А", "8А", "8А", "8А", "8Б"]
    (entered,) = await running.enter(pupil("pr-4", guardian=None, consent=None), **{"class": "7А"})
    assert entered["status"] == "known", "a roster of the old class that is sent late moves nobody back"
    assert (await told(running, rest[1]))[-1] == ("participant.promoted", "8А")


async def test_a_promotion_that_is_broken_off_goes_on(running: Registration, monkeypatch: pytest.MonkeyPatch) -> None:
    entered = await running.enter(*(pupil(f"br-{n}") for n in range(5)), school=OTHER_SCHOOL["org"], by=OTHER_SCHOOL)
    ids = sorted(item["participant"] for item in entered)
    async with another_repository(running) as repository:
        found = await repository.organisations.load([OTHER_SCHOOL["org"]])
        time = datetime.fromisoformat(YEAR["occurred_at"])
        how = Promotion.of(PromotionRequest.model_validate(YEAR), found[OTHER_SCHOOL["org"]], time)
        monkeypatch.setattr(promotions, "AT_ONCE", 2)
        part, placed, last = await repository.transact(lambda tx: promotions._promote_some(repository, how, "", tx))
        assert (part.fates["promoted"], placed, last) == (2, ids[:2], ids[1])
    status, answer = await promote(running, [REGIONAL], OTHER_SCHOOL["org"])
    assert (status, answer["promoted"], answer["settled"]) == (200, 3, 2)
    for id in ids:
        assert [type for type, _ in await told(running, id)].count("participant.promoted") == 1


async def test_who_is_new_in_a_season_of_the_new_year_came_into_its_class(running: Registration) -> None:
    school = "RU-ROS-001-S05"
    await running.learn(season("2022", opens="2022-07-07", closes="2022-12-16"))
    await running.define(school, kind="school", name="Школа", parent="RU-ROS-001")
    by, eighth = {"role": "navigator", "org": school}, {"class": "8А"}
    entry: dict[str, Any] = {"school": school, "by": by, "season": "2022"}
    august = "2022-08-20T10:00:00+03:00"
    lines = [pupil("new-1", grade=8), pupil("new-2", grade=8)]
    items = await running.enter(*lines, **entry, **eighth, occurred_at=august)
    assert [item["status"] for item in items] == ["created"] * 2
    year = {"year": "2022", "occurred_at": "2022-09-01T09:00:00+03:00"}
    status, answer = await promote(running, [by], school, **year)
    assert (status, answer["settled"], answer["promoted"]) == (200, 2, 0)


async def test_a_school_goes_on_once_a_year_whenever_it_is_said_again(running: Registration) -> None:
    school = "RU-ROS-001-S03"
    await running.learn(season("2021", opens="2021-07-07", closes="2021-12-16"))
    await running.define(school, kind="school", name="Школа", parent="RU-ROS-001")
    by = {"role": "navigator", "org": school}
    first, twice = await running.enter(pupil("on-1"), pupil("on-2"), school=school, by=by)
    body = {"survivor": first["participant"], "duplicate": twice["participant"]}
    assert (await running.call("POST", "/merges", body, grants=[REGIONAL]))[0] == 200
    repeats = [{"participant": twice["participant"], "becomes": "repeats"}]
    status, answer = await promote(running, [by], school, exceptions=repeats)
    assert (status, answer["promoted"], answer["repeated"]) == (200, 0, 1), "a duplicate's id leads to the pupil"
    later = await running.enter(pupil("on-3"), school=school, by=by, season="2021", occurred_at=LATER)
    assert [item["status"] for item in later] == ["created"]
    status, refused = await promote(running, [by], school, occurred_at="2021-09-20T09:00:00+03:00")
    assert (status, refused["type"], refused["errors"][0]["pointer"]) == (409, "promoted-already", "/occurred_at")
    assert "2021-09-01" in refused["detail"]
    status, answer = await running.call("POST", f"/schools/{school}/promotions", {"year": "2021"}, grants=[by])
    assert (status, answer["promoted"], answer["settled"]) == (200, 0, 2)
    left = [{"participant": first["participant"], "becomes": "left"}]
    status, answer = await promote(running, [by], school, exceptions=left)
    assert [(it["participant"], it["problem"]["type"]) for it in answer["refused"]] == [
        (first["participant"], "promoted-already")
    ]


async def test_what_cannot_be_promoted_changes_nothing(running: Registration) -> None:
    (item,) = await running.enter(pupil("no-1"))
    before = await running.documents()
    exception = {"participant": item["participant"], "class": "10А"}
    for said, status, slug, pointer in (
        ({"year": "2022"}, 422, "bad-input", "/occurred_at"),
        ({"occurred_at": "2100-09-01T09:00:00+03:00", "year": "2100"}, 422, "bad-input", "/year"),
        ({"occurred_at": "2090-09-01T09:00:00+03:00", "year": "2090"}, 422, "bad-input", "/occurred_at"),
        ({"classes": [{"from": "7А", "to": "7Б"}]}, 422, "bad-input", "/classes/0/to"),
        ({"exceptions": [exception]}, 422, "bad-input", "/exceptions/0/class"),
        ({"exceptions": [{**exception, "grade": 8}]}, 422, "bad-input", "/exceptions/0/grade"),
    ):
        refused = await promote(running, **said)
        assert (refused[0], refused[1]["type"]) == (status, slug), said
        assert [error["pointer"] for error in refused[1]["errors"]] == [pointer], said
    assert (await promote(running, school="RU-ROS-001-S77", grants=[REGIONAL]))[0] == 404
    assert (await promote(running, [OTHER_SCHOOL]))[0] == 403
    assert (await promote(running, [{**NAVIGATOR, "classes": ["7А"]}]))[0] == 403
    assert (await promote(running, [{"role": "guardian"}]))[0] == 403
    assert await running.documents() == before
