"""Schools go to other municipalities and into others, on real Kafka and MongoDB: all their pupils go along."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.registration.handlers import carrying
from services.registration.handlers.carrying import carry
from tests.builders.events import at
from tests.builders.registration import pupil
from tests.drivers.consumers import eventually
from tests.drivers.registration import NATIONAL, REGIONAL, Registration, another_repository, registration

FIRST, SECOND = "RU-ROS-001", "RU-ROS-002"
OCTOBER = "2020-10-01T10:00:00+03:00"
ELSEWHERE = {"role": "regional-operator", "org": "RU-MOS"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        await service.define(SECOND, kind="municipality", name="Второй район", parent="RU-ROS")
        yield service


async def school(running: Registration, number: int, parent: str = FIRST) -> str:
    """A new school of a municipality."""
    code = f"{parent}-N{number:02d}"
    status, answer = await running.define(code, kind="school", name=f"Школа {code}", parent=parent)
    assert status == 200, answer
    return code


async def enter(running: Registration, code: str, *refs: str, **changed: Any) -> list[str]:
    """The ids of pupils of a school's 7А, entered on the 14th of September."""
    lines = [pupil(ref, name=f"Ученик {code} {ref}", guardian=None, consent=None) for ref in refs]
    items = await running.enter(*lines, by={"role": "navigator", "org": code}, school=code, **changed)
    return [item["participant"] for item in items]


async def order(running: Registration, code: str, what: str, grants: Any = (REGIONAL,), **said: Any) -> tuple[int, Any]:
    return await running.call("POST", f"/organisations/{code}/{what}", said, grants=list(grants))


async def moves_of(running: Registration, id: str) -> list[tuple[str, str, str, str]]:
    """Day, municipality, school and class of each move that was published of a pupil."""
    found = [(e.day.isoformat(), e.event) for e in await running.of(id) if e.event.type == "participant.moved.v1"]
    return [(day, e.to_municipality, e.to_school, e.to_school_class) for day, e in found]  # type: ignore[attr-defined]


async def test_a_school_goes_to_another_municipality_with_everybody(running: Registration) -> None:
    code = await school(running, 1)
    one, left, away, later = await enter(running, code, "1", "2", "3", "4")
    neighbour = await school(running, 2)
    there = {"school": neighbour, "class": "7А", "occurred_at": "2020-10-05T10:00:00+03:00"}
    assert (await running.call("POST", f"/participants/{left}/moves", there, grants=[REGIONAL]))[0] == 200
    assert (await running.call("POST", f"/participants/{away}/archive", {"reason": "left"}, grants=[REGIONAL]))[
        0
    ] == 200
    class_b = {"school": code, "class": "7Б", "occurred_at": "2020-10-07T10:00:00+03:00"}
    assert (await running.call("POST", f"/participants/{later}/moves", class_b, grants=[REGIONAL]))[0] == 200
    status, answer = await order(running, code, "moves", parent=SECOND, occurred_at=OCTOBER)
    assert (status, answer["pupils"], answer["done"]) == (200, 4, True)
    assert (answer["organisation"]["parent"], answer["organisation"]["municipality_name"]) == (SECOND, "Второй район")
    assert await order(running, code, "moves", parent=SECOND, occurred_at=OCTOBER) == (200, {**answer, "pupils": 0})
    assert await moves_of(running, one) == [("2020-10-01", SECOND, code, "7А")]
    noted = {"route": "POST /registration/organisations/{code}/moves", "participants": one}

    async def is_on_record() -> bool:
        return await running.mongo["audit_log"].count_documents(noted) == 1

    await eventually(is_on_record)
    assert await moves_of(running, away) == [("2020-10-01", SECOND, code, "7А")], "who left the programme counts on"
    assert await moves_of(running, left) == [("2020-10-05", FIRST, neighbour, "7А"), ("2020-10-01", SECOND, code, "7А")]
    assert await moves_of(running, later) == [
        ("2020-10-07", FIRST, code, "7Б"),
        ("2020-10-01", SECOND, code, "7А"),
        ("2020-10-07", SECOND, code, "7Б"),
    ]
    (late,) = await enter(running, code, "5")
    (event,) = [e.event for e in await running.of(late) if e.event.type == "participant.registered.v1"]
    assert event.municipality == FIRST  # type: ignore[attr-defined]
    assert await moves_of(running, late) == [("2020-10-01", SECOND, code, "7А")], "a roster of before comes late"
    _, shown = await running.call("GET", f"/participants/{late}", grants=[REGIONAL])
    assert shown["municipality"] == SECOND
    assert (await running.call("GET", f"/participants/{late}", grants=[{"role": "municipal-operator", "org": FIRST}]))[
        0
    ] == 404
    defined = [e for e in await running.published("registration.catalogue.v1") if e.event.key == code]
    assert [(e.event.parent, e.day.isoformat()) for e in defined][1:] == [(SECOND, "2020-10-01")]  # type: ignore[attr-defined]


async def test_what_a_school_is_asked_is_answered_where_it_lies_by_now(running: Registration) -> None:
    code, neighbour = await school(running, 94), await school(running, 95)
    (id,) = await enter(running, code, "1")
    child = {"name": f"Ученик {code} 1", "birth_date": "2007-05-17", "class": "7А"}
    _, asked = await running.call("POST", "/transfers", {**child, "school": neighbour}, grants=[REGIONAL])
    own = {**child, "name": "Просимый Олег", "school": code, "guardian_name": "Просимый Иван"}
    status, wanted = await running.call("POST", "/requests", own, grants=[{"role": "guardian"}], subject="asker")
    assert (asked["participant"], status) == (id, 200)
    first, second = ({"role": "municipal-operator", "org": org} for org in (FIRST, SECOND))

    async def seen(by: dict[str, str]) -> tuple[list[str], list[str]]:
        pages = [
            (await running.call("GET", f"/{what}?organisation={by['org']}&state=asked", grants=[by]))[1]["items"]
            for what in ("transfers", "requests")
        ]
        return [one["transfer"] for one in pages[0]], [one["request"] for one in pages[1]]

    assert (await seen(first), await seen(second)) == (([asked["transfer"]], [wanted["request"]]), ([], []))
    assert (await order(running, code, "moves", parent=SECOND))[0] == 200
    assert await seen(first) == ([asked["transfer"]], []), "the school that asks has stayed"
    assert await seen(second) == ([asked["transfer"]], [wanted["request"]])
    path = f"/transfers/{asked['transfer']}/confirmation"
    assert (await running.call("POST", path, grants=[first]))[0] == 404
    assert (await running.call("POST", path, grants=[second]))[1]["state"] == "confirmed"


async def test_who_may_not_or_means_nothing_moves_nobody(running: Registration) -> None:
    code = await school(running, 3)
    await enter(running, code, "1")
    before = await running.documents()
    for grants, status in (([ELSEWHERE], 403), ([{"role": "municipal-operator", "org": FIRST}], 403)):
        for what, said in (("moves", {"parent": SECOND}), ("closing", {})):
            assert (await order(running, code, what, grants, **said))[0] == status
    for path, what, said, status, slug, pointer in (
        ("RU-ROS-001-N99", "moves", {"parent": SECOND}, 404, "organisation-unknown", "path:code"),
        (code, "moves", {"parent": "RU-ROS-099"}, 422, "bad-input", "/parent"),
        (code, "moves", {"parent": SECOND, "day": "2020"}, 422, "bad-input", "/day"),
        (FIRST, "moves", {"parent": SECOND}, 422, "bad-input", "path:code"),
        (code, "closing", {"into": SECOND}, 422, "bad-input", "/into"),
        (code, "closing", {"into": code}, 422, "bad-input", "/into"),
        (code, "closing", {"occurred_at": "2099-01-01T00:00:00Z"}, 422, "bad-input", "/occurred_at"),
        ("RU-ROS", "closing", {}, 422, "bad-input", "path:code"),
    ):
        refused = await order(running, path, what, [NATIONAL], **said)
        assert (refused[0], refused[1]["type"]) == (status, slug), (path, what, said)
        assert [error["pointer"] for error in refused[1]["errors"]] == [pointer]
    refused = await order(running, code, "closing")
    assert (refused[0], refused[1]["type"]) == (409, "organisation-in-use")
    assert refused[1]["detail"].startswith("1 active pupils are left in")
    assert await running.documents() == before


async def test_a_school_closes_into_another_and_its_pupils_keep_keys_that_are_free(running: Registration) -> None:
    code, next_one = await school(running, 4), await school(running, 5, SECOND)
    one, two = await enter(running, code, "1", "b-2")
    (other,) = await enter(running, next_one, "B–2")
    status, answer = await order(running, code, "closing", into=next_one, occurred_at=OCTOBER)
    assert (status, answer["pupils"], answer["rekeyed"], answer["done"]) == (200, 2, 1, True)
    assert answer["organisation"]["closed"] == {"at": OCTOBER, "into": next_one}
    assert await order(running, code, "closing", into=next_one) == (200, {**answer, "pupils": 0, "rekeyed": 0})
    for id, key in ((one, "1"), (two, f"{code}/b-2"), (other, "B–2")):
        _, shown = await running.call("GET", f"/participants/{id}", grants=[{"role": "navigator", "org": next_one}])
        assert (shown["school"], shown["class"], shown["external_ref"]) == (next_one, "7А", key)
    assert await moves_of(running, one) == [("2020-10-01", SECOND, next_one, "7А")]
    (closed,) = [
        e for e in await running.published("registration.catalogue.v1") if e.event.type == "organisation.closed.v1"
    ]
    assert (closed.event.key, closed.event.into, closed.day.isoformat()) == (code, next_one, "2020-10-01")  # type: ignore[attr-defined]
    line = pupil("9", guardian=None, consent=None)
    where = {"school": code, "class": "7А"}
    body = {"season": "2020", "pupils": [line], **where}
    asked = {"name": line["name"], "birth_date": line["birth_date"], **where}
    for path, said in (("/rosters", body), (f"/participants/{other}/moves", where), ("/transfers", asked)):
        status, refused = await running.call("POST", path, said, grants=[REGIONAL])
        assert (status, refused["type"], refused["errors"][0]["pointer"]) == (409, "organisation-closed", "/school"), (
            path
        )
        assert f"{next_one} goes on in its place" in refused["detail"]
    status, refused = await running.define(code, kind="school", name="Иная", parent=FIRST)
    assert (status, refused["type"]) == (409, "organisation-closed")
    assert (await order(running, next_one, "closing", into=code))[1]["type"] == "organisation-closed"


async def test_three_schools_become_one_on_one_day(running: Registration) -> None:
    first, second, third = [await school(running, n) for n in (21, 22, 23)]
    (one,), (two,) = [await enter(running, code, "1") for code in (first, second)]
    assert (await order(running, first, "closing", into=second, occurred_at=OCTOBER))[1]["pupils"] == 1
    status, answer = await order(running, second, "closing", into=third, occurred_at=OCTOBER)
    assert (status, answer["pupils"], answer["done"]) == (200, 2, True)
    for id, through in ((one, [second, third]), (two, [third])):
        assert [moved[2] for moved in await moves_of(running, id)] == through
        _, shown = await running.call("GET", f"/participants/{id}", grants=[REGIONAL])
        assert shown["school"] == third
    for code, into in ((first, second), (second, third)):
        assert (await order(running, code, "closing", into=into, occurred_at=OCTOBER))[1]["pupils"] == 0
    assert (await order(running, third, "moves", parent=SECOND, occurred_at=OCTOBER))[1]["pupils"] == 2
    for id in (one, two):
        assert (await moves_of(running, id))[-1] == ("2020-10-01", SECOND, third, "7А")


async def test_a_municipality_goes_on_in_another_one_with_all_its_schools(running: Registration) -> None:
    await running.define("RU-ROS-003", kind="municipality", name="Третий район", parent="RU-ROS")
    await running.define("RU-ROS-004", kind="municipality", name="Четвёртый район", parent="RU-ROS")
    schools = [await school(running, n, "RU-ROS-003") for n in (1, 2)]
    pupils = [id for code in schools for id in await enter(running, code, "1", "2")]
    status, refused = await order(running, "RU-ROS-003", "closing")
    assert (status, refused["detail"][:28]) == (409, "2 organisations are left in ")
    status, answer = await order(running, "RU-ROS-003", "closing", into="RU-ROS-004", occurred_at=OCTOBER)
    assert (status, answer["organisations"], answer["pupils"], answer["done"]) == (200, 2, 4, True)
    for id in pupils:
        assert [moved[:2] for moved in await moves_of(running, id)] == [("2020-10-01", "RU-ROS-004")]
    again = await order(running, "RU-ROS-003", "closing", into="RU-ROS-004", occurred_at=OCTOBER)
    assert again == (200, {**answer, "organisations": 0, "pupils": 0})
    _, listed = await running.call("GET", "/organisations?parent=RU-ROS-004", grants=[REGIONAL])
    assert [item["code"] for item in listed["items"]] == schools
    status, refused = await running.define("RU-ROS-003-S9", kind="school", name="Школа", parent="RU-ROS-003")
    assert (status, refused["errors"][0]["pointer"]) == (409, "/parent")


async def test_what_is_broken_off_goes_on_where_it_ended_and_who_comes_meanwhile_follows(
    running: Registration, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = await school(running, 6)
    ids = await enter(running, code, *(str(n) for n in range(12)))
    monkeypatch.setattr(carrying, "CHUNK", 5)
    async with another_repository(running) as repository:
        before = (await repository.organisations.load([code]))[code]
        parents = [{"day": "", "parent": FIRST}, {"day": "2020-10-01", "parent": SECOND}]
        gone = {"parent": SECOND, "municipality": SECOND, "parents": parents, "carried": ""}
        await running.mongo["organisations"].update_one({"_id": code}, {"$set": gone})
        part = await carry(repository, code, at("2020-11-01"), most=5)
        assert (part.pupils, part.done) == (5, False)
        both = await asyncio.gather(*(carry(repository, code, at("2020-11-01")) for _ in range(2)))
        assert (sum(one.pupils for one in both), [one.done for one in both]) == (7, [True, True])
        for id in ids:
            assert await moves_of(running, id) == [("2020-10-01", SECOND, code, "7А")]
        (late,) = await enter(running, code, "late")
        await running.mongo["participants"].update_one(
            {"_id": late}, {"$set": {"place.municipality": FIRST, "placements": []}}
        )
        await carrying.catch_up(repository, [before], [late], at("2020-11-01"))
        assert (await moves_of(running, late))[-1] == ("2020-10-01", SECOND, code, "7А")


async def test_the_clock_of_the_municipality_of_the_day_says_when_it_happened(running: Registration) -> None:
    own = {"kind": "municipality", "name": "Восточный район", "parent": "RU-ROS", "utc_offset": "+10:00"}
    east, code = "RU-ROS-008", await school(running, 8)
    assert (await running.define(east, **own))[1]["clocks"] == []
    assert (await order(running, code, "moves", parent=east, occurred_at=OCTOBER))[0] == 200

    async def told(ref: str, said: str) -> tuple[str, str, str]:
        (id,) = await enter(running, code, ref, occurred_at=said)
        registered = (await running.of(id))[0]
        return id, registered.time.isoformat(), registered.event.municipality  # type: ignore[attr-defined]

    eve, *there = await told("eve", "2020-09-30T13:30:00Z")
    assert there == ["2020-09-30T16:30:00+03:00", FIRST], "the day on which it goes begins at 14:00 UTC there"
    assert (await told("day", "2020-09-30T14:30:00Z"))[1:] == ("2020-10-01T00:30:00+10:00", east)
    left = {"reason": "left", "occurred_at": "2020-09-30T13:45:00Z"}
    assert (await running.call("POST", f"/participants/{eve}/archive", left, grants=[REGIONAL]))[0] == 200
    assert (await running.of(eve))[-1].time.isoformat() == "2020-09-30T16:45:00+03:00", "the place of that day"
    back = {"since": "2020-10-20T02:00:00+10:00", "utc_offset": "+09:00"}
    status, shown = await running.define(east, **own, clocks=[back])
    assert (status, shown["utc_offset"]) == (200, "+10:00")
    assert (await running.define(east, **{**own, "name": "Восток"}))[1]["clocks"] == shown["clocks"], "said once"
    times = [await told(said[11:16], said) for said in ("2020-10-19T15:59:00Z", "2020-10-19T16:00:00Z")]
    assert [time for _, time, _ in times] == ["2020-10-20T01:59:00+10:00", "2020-10-20T01:00:00+09:00"]
    events = [e.event for e in await running.published("registration.catalogue.v1") if e.event.key == east]
    changes = [None if e.clocks is None else len(e.clocks) for e in events]  # type: ignore[attr-defined]
    assert changes == [0, 1, 1]
    refused = [
        await running.define(east, **own, clocks=[back, back]),
        await running.define(east, **own, clocks=[{**back, "utc_offset": "MSK"}]),
        await running.define(code, kind="school", name="Школа", parent=east, clocks=[back]),
    ]
    pointers = [(status, answer["errors"][0]["pointer"]) for status, answer in refused]
    assert pointers == [(422, "/clocks/1/since"), (422, "/clocks/0/utc_offset"), (422, "/clocks")]
