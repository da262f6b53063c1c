"""Transfers over HTTP on real Kafka and MongoDB: a school asks by name, learns nothing until the other one confirms."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from tests.builders.registration import SCHOOL, pupil
from tests.drivers.registration import NAVIGATOR, OTHER_SCHOOL, REGIONAL, Registration, registration

NEXT = "RU-ROS-001-S02"
MUNICIPAL = {"role": "municipal-operator", "org": "RU-ROS-001"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        yield service


async def call(running: Registration, method: str, path: str, body: Any = None, by: Any = OTHER_SCHOOL) -> Any:
    return await running.call(method, path, body, grants=[by])


async def ask(running: Registration, name: str, by: Any = OTHER_SCHOOL, **said: Any) -> tuple[int, dict[str, Any]]:
    body = {"school": NEXT, "class": "7В", "name": name, "birth_date": "2007-05-17", **said}
    status, answer = await call(running, "POST", "/transfers", body, by)
    return status, answer


def _told(shown: dict[str, Any]) -> tuple[str, str | None, str | None]:
    return shown["transfer"], shown["participant"], shown["name"]


async def test_a_school_gets_a_child_whom_the_other_lets_go(running: Registration) -> None:
    (item,) = await running.enter(pupil("tr-1"))
    id, name = item["participant"], pupil("tr-1")["name"]
    (refused,) = await running.enter(pupil("n-1", name=name), school=NEXT, by=OTHER_SCHOOL)
    assert (refused["status"], refused["problem"]["type"]) == ("rejected", "transfer-needed")
    answers = await asyncio.gather(*(ask(running, name.upper(), external_ref="n-1") for _ in range(3)))
    assert [status for status, _ in answers] == [200] * 3
    (transfer,) = {answer["transfer"] for _, answer in answers}
    asked = answers[0][1]
    assert (asked["state"], asked["participant"], asked["name"], asked["overdue"]) == ("asked", None, None, False)
    assert not any(secret in str(asked) for secret in (id, SCHOOL.id, "7А", name))

    confirmation = f"/transfers/{transfer}/confirmation"
    assert (await call(running, "POST", confirmation))[0] == 404, "the school that asks does not answer"
    _, page = await call(running, "GET", f"/transfers?organisation={SCHOOL.id}&state=asked", by=NAVIGATOR)
    assert [(shown["transfer"], shown["participant"], shown["name"]) for shown in page["items"]] == [
        (transfer, id, name)
    ]
    _, page = await call(running, "GET", f"/transfers?organisation={NEXT}")
    assert [(shown["transfer"], shown["participant"]) for shown in page["items"]] == [(transfer, None)]

    status, done = await call(running, "POST", confirmation, by=NAVIGATOR)
    assert (status, done["state"], done["participant"]) == (200, "confirmed", None), "no longer in its scope"
    assert (await call(running, "POST", confirmation, by=MUNICIPAL))[1]["state"] == "confirmed"
    _, shown = await call(running, "GET", f"/participants/{id}")
    assert (shown["school"], shown["class"], shown["external_ref"]) == (NEXT, "7В", "n-1")
    _, page = await call(running, "GET", f"/transfers?organisation={NEXT}&state=confirmed")
    assert [(shown["transfer"], shown["participant"], shown["name"]) for shown in page["items"]] == [
        (transfer, id, name)
    ]
    types = [envelope.event.type for envelope in await running.of(id)]
    assert types.count("participant.moved.v1") == 1
    status, refusal = await call(running, "DELETE", f"/transfers/{transfer}")
    assert (status, refusal["type"]) == (409, "transfer-answered")


async def test_a_transfer_is_refused_or_taken_back(running: Registration) -> None:
    names = [pupil(f"tr-{n}")["name"] for n in (2, 3)]
    await running.enter(pupil("tr-2"), pupil("tr-3"))
    for name, by in zip(names, (NAVIGATOR, OTHER_SCHOOL), strict=True):
        _, asked = await ask(running, name)
        path = f"/transfers/{asked['transfer']}"
        assert (await call(running, "DELETE", path, by={**REGIONAL, "org": "RU-AMU"}))[0] == 404
        assert (await call(running, "DELETE", path, by=by))[1]["state"] == "refused"
        assert (await call(running, "DELETE", path, by=by))[1]["state"] == "refused"
        status, late = await call(running, "POST", f"{path}/confirmation", by=NAVIGATOR)
        assert (status, late["type"]) == (409, "transfer-answered")
        _, again = await ask(running, name)
        assert again["transfer"] != asked["transfer"]


async def test_what_was_asked_for_ends_when_the_pupil_goes_elsewhere(running: Registration) -> None:
    (item,) = await running.enter(pupil("tr-6"))
    name, id = pupil("tr-6")["name"], item["participant"]
    _, first = await ask(running, name, external_ref="one")
    _, again = await ask(running, name, external_ref="two", **{"class": "7Г"})
    assert (again["transfer"], again["class"]) == (first["transfer"], "7Г")
    third = {"role": "navigator", "org": "RU-ROS-001-S03"}
    await running.define(third["org"], kind="school", name="Школа", parent="RU-ROS-001")
    move = {"school": third["org"], "class": "7А", "occurred_at": "2020-10-01T10:00:00+03:00"}
    assert (await call(running, "POST", f"/participants/{id}/moves", move, MUNICIPAL))[0] == 200
    _, page = await call(running, "GET", f"/transfers?organisation={NEXT}&state=overtaken")
    assert first["transfer"] in {shown["transfer"] for shown in page["items"]}
    status, late = await call(running, "POST", f"/transfers/{first['transfer']}/confirmation", by=MUNICIPAL)
    assert (status, late["type"]) == (409, "transfer-answered")
    _, new = await ask(running, name, external_ref="three", occurred_at="2020-09-20T10:00:00+03:00")
    assert new["since"] == "2020-09-20T10:00:00+03:00"
    assert (await call(running, "POST", f"/transfers/{new['transfer']}/confirmation", by=third))[0] == 200
    _, shown = await call(running, "GET", f"/participants/{id}")
    assert (shown["school"], shown["external_ref"]) == (NEXT, "three"), (
        "the pupil came to the third school after that day"
    )


async def test_who_lets_a_pupil_go_need_not_know_the_keys_of_the_next_school(running: Registration) -> None:
    ones = [pupil("k-1", name=f"Ключов {name}") for name in ("Пётр", "Павел")]
    (item,) = await running.enter(ones[0])
    await running.enter(ones[1], school=NEXT, by=OTHER_SCHOOL)
    status, refused = await ask(running, "Ключов Пётр", external_ref="K–1")
    assert (status, refused["type"], refused["errors"][0]["pointer"]) == (409, "key-taken", "/external_ref")
    for said, key in (({"external_ref": "k-2"}, None), ({}, item["participant"])):
        _, asked = await ask(running, "Ключов Пётр", **said)
        if key is None:  # somebody else gets the key meanwhile
            await running.enter(pupil("k-2", name="Ключов Иван"), school=NEXT, by=OTHER_SCHOOL)
            continue
        status, done = await call(running, "POST", f"/transfers/{asked['transfer']}/confirmation", by=NAVIGATOR)
        assert (status, done["state"]) == (200, "confirmed"), done
        _, shown = await call(running, "GET", f"/participants/{key}")
        assert (shown["school"], shown["external_ref"]) == (NEXT, key)


async def test_who_was_entered_by_mistake_is_entered_where_the_child_learns(running: Registration) -> None:
    name = "Ошибкин Пётр"
    (item,) = await running.enter(pupil("mis-1", name=name))
    (refused,) = await running.enter(pupil("mis-1", name=name), school=NEXT, by=OTHER_SCHOOL)
    assert refused["problem"]["type"] == "transfer-needed"
    mistake = {"reason": "mistake"}
    assert (await call(running, "POST", f"/participants/{item['participant']}/archive", mistake, NAVIGATOR))[0] == 200
    status, refused = await ask(running, name)
    assert (status, refused["type"]) == (404, "child-unknown")
    (there,) = await running.enter(pupil("mis-1", name=name), school=NEXT, by=OTHER_SCHOOL)
    assert there["status"] == "created"
    _, page = await call(running, "GET", "/duplicates?region=RU-ROS", by=REGIONAL)
    assert item["participant"] not in str(page)
    assert (await call(running, "DELETE", f"/participants/{item['participant']}/archive", by=NAVIGATOR))[0] == 200
    _, page = await call(running, "GET", "/duplicates?region=RU-ROS", by=REGIONAL)
    assert item["participant"] in str(page)


async def test_what_cannot_be_asked_for_says_why_and_changes_nothing(running: Registration) -> None:
    await running.enter(pupil("tr-4"))
    (twin,) = await running.enter(pupil("tr-4b", name=pupil("tr-4")["name"], namesake=True))
    assert twin["status"] == "created"
    await running.enter(pupil("tr-5", name="Своя Анна"), school=NEXT, by=OTHER_SCHOOL)
    before = await running.documents()
    for name, said, status, slug in (
        ("Никто Никак", {}, 404, "child-unknown"),
        (pupil("tr-4")["name"], {"birth_date": "2007-05-18"}, 404, "child-unknown"),
        (pupil("tr-4")["name"], {}, 409, "several-children"),
        ("Своя Анна", {}, 409, "child-known"),
        (pupil("tr-4")["name"], {"school": SCHOOL.id}, 403, "forbidden"),
        (pupil("tr-4")["name"], {"school": "RU-ROS-001-S99"}, 404, "school-unknown"),
        (pupil("tr-4")["name"], {"class": "99Я"}, 422, "bad-input"),
        (pupil("tr-4")["name"], {"occurred_at": "2100-01-01T00:00:00+03:00"}, 422, "bad-input"),
        (" ", {}, 422, "bad-input"),
    ):
        refused = await ask(running, name, **said)
        assert (refused[0], refused[1]["type"]) == (status, slug), (name, said)
    assert await running.documents() == before
    for organisation, status in ((SCHOOL.id, 403), ("RU-ROS", 403), ("RU-XX", 404)):
        assert (await call(running, "GET", f"/transfers?organisation={organisation}"))[0] == status


async def test_who_finds_too_many_children_is_refused_before_the_next(running: Registration) -> None:
    lines = [pupil(f"lim-{n}") for n in range(61)]
    await running.enter(*lines)
    thief = {"role": "navigator", "org": NEXT}
    guesses = [pupil(f"guess-{n}", name=line["name"], guardian=None, consent=None) for n, line in enumerate(lines)]
    body = {"season": "2020", "school": NEXT, "class": "7А", "occurred_at": "2020-09-14T10:00:00+03:00"}
    first = await running.call("POST", "/rosters", {**body, "pupils": guesses}, grants=[thief], subject="thief")
    assert {item["problem"]["type"] for item in first[1]["items"]} == {"transfer-needed"}
    status, refused = await running.call(
        "POST", "/rosters", {**body, "pupils": guesses}, grants=[thief], subject="thief"
    )
    assert (status, refused["type"]) == (429, "quota-exceeded")
    asked = {"school": NEXT, "class": "7А", "name": lines[0]["name"], "birth_date": "2007-05-17"}
    status, refused = await running.call("POST", "/transfers", asked, grants=[thief], subject="thief")
    assert (status, refused["type"]) == (429, "quota-exceeded")
