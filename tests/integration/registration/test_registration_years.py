"""Numbers of legal entities, school years and targets over HTTP on real Kafka and MongoDB."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from tests.builders.organisations import INN, OGRN
from tests.builders.registration import SCHOOL, number
from tests.drivers.registration import NATIONAL, NAVIGATOR, REGIONAL, Registration, registration

MUNICIPAL = {"role": "municipal-operator", "org": "RU-ROS-001"}
ELSEWHERE = {"role": "regional-operator", "org": "RU-VLA"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        yield service


def school(**said: Any) -> dict[str, Any]:
    return {"kind": "school", "name": "Школа", "parent": "RU-ROS-001", **said}


async def test_a_legal_entity_s_number_is_one_organisation_s(running: Registration) -> None:
    status, answer = await running.define("RU-ROS-001-I1", **school(inn=INN, ogrn=OGRN))
    assert (status, answer["inn"], answer["ogrn"]) == (200, INN, OGRN)
    assert (await running.define("RU-ROS-001-I1", **school(inn=INN, ogrn=OGRN, name="Лицей")))[0] == 200
    before = await running.documents()
    for said, slug, pointer in (({"inn": INN}, "inn-taken", "/inn"), ({"ogrn": OGRN}, "ogrn-taken", "/ogrn")):
        status, refused = await running.define("RU-ROS-001-I2", **school(**said))
        assert (status, refused["type"], refused["errors"][0]["pointer"]) == (409, slug, pointer)
        assert "RU-ROS-001-I1" in refused["detail"]
    assert (await running.define("RU-ROS-001-I2", **school(inn="7707083894")))[0] == 422
    assert await running.documents() == before
    await running.define("RU-VLA", kind="region", name="Владимирская область", utc_offset="+03:00")
    town = {"kind": "municipality", "name": "Город", "parent": "RU-VLA", "inn": INN}
    status, refused = await running.call("PUT", "/organisations/RU-VLA-001", town, grants=[ELSEWHERE])
    assert (status, refused["type"], "RU-ROS" in str(refused)) == (409, "inn-taken", False)
    _, page = await running.call("GET", f"/organisations?inn={INN}", grants=[ELSEWHERE])
    assert [item["code"] for item in page["items"]] == ["RU-ROS-001-I1"]


async def test_of_two_who_enter_one_number_at_once_one_is_told_so(running: Registration) -> None:
    both = (running.define(f"RU-ROS-001-J{n}", **school(inn="6102000018")) for n in range(4))
    answers = await asyncio.gather(*both)
    assert sorted(status for status, _ in answers) == [200, 409, 409, 409]
    assert {answer["type"] for status, answer in answers if status == 409} == {"inn-taken"}


async def test_a_school_s_year_is_entered_by_staff_of_all_of_it_and_read_by_year(running: Registration) -> None:
    path = f"/schools/{SCHOOL.id}/years"
    body = {"level": "main", "pupils": [number(7, 25, "7А", disabled=2), number(8, 80)]}
    status, entered = await running.call("PUT", f"{path}/2021", body, grants=[NAVIGATOR])
    assert (status, entered["level"], entered["year"]) == (200, "main", "2021")
    assert entered["pupils"] == [
        {"grade": 7, "class": "7А", "total": 25, "disabled": 2},
        {"grade": 8, "class": None, "total": 80, "disabled": None},
    ]
    assert (await running.call("PUT", f"{path}/2020", {"level": "basic"}, grants=[MUNICIPAL]))[0] == 200
    for total in (81, 82):
        changed = {**body, "pupils": [*body["pupils"][:1], number(8, total)]}
        status, entered = await running.call("PUT", f"{path}/2021", changed, grants=[NAVIGATOR])
        assert (status, entered["pupils"][1]["total"]) == (200, total)
    assert (await running.call("PUT", f"{path}/2021", body, grants=[NAVIGATOR]))[0] == 200
    _, page = await running.call("GET", path, grants=[REGIONAL])
    assert [(item["year"], item["level"]) for item in page["items"]] == [("2020", "basic"), ("2021", "main")]
    _, first = await running.call("GET", f"{path}?limit=1", grants=[NATIONAL])
    _, rest = await running.call("GET", f"{path}?after={first['next']}", grants=[NATIONAL])
    assert [item["year"] for item in (*first["items"], *rest["items"])] == ["2020", "2021"]
    narrowed = {**NAVIGATOR, "classes": ["7А"]}
    before = await running.documents()
    for grants in ([narrowed], [ELSEWHERE], [{"role": "navigator", "org": "RU-ROS-001-S02"}]):
        assert (await running.call("PUT", f"{path}/2021", body, grants=grants))[0] == 403
        assert (await running.call("GET", path, grants=grants))[0] == 403
    for year, said, status, pointer in (
        ("1999", body, 422, "path:year"),
        ("2021", {}, 422, ""),
        ("2021", {"pupils": [number(7, 5_001)]}, 422, "/pupils/0/total"),
        ("2021", {"pupils": [number(7, 5, disabled=6)]}, 422, "/pupils/0/disabled"),
        ("2021", {"level": "main", "occurred_at": "2099-01-01T00:00:00Z"}, 422, "/occurred_at"),
        ("2021", {"pupils": [number(7)] * 201}, 422, "/pupils"),
    ):
        found, refused = await running.call("PUT", f"{path}/{year}", said, grants=[REGIONAL])
        assert (found, [error["pointer"] for error in refused["errors"]]) == (status, [pointer])
    assert (await running.call("PUT", "/schools/RU-ROS-001/years/2021", body, grants=[REGIONAL]))[0] == 422
    assert (await running.call("GET", "/schools/RU-ROS-001-S99/years", grants=[REGIONAL]))[0] == 404
    assert await running.documents() == before


async def test_a_target_is_published_as_often_as_it_changes(running: Registration) -> None:
    path = "/organisations/RU-ROS-001/targets"
    for pupils in (1_000, 1_000, 1_200):
        body = {"pupils": pupils, "parents": 300, "occurred_at": "2020-07-01T00:00:00+03:00"}
        status, answer = await running.call("PUT", f"{path}/2020", body, grants=[REGIONAL])
        assert (status, answer) == (
            200,
            {"organisation": "RU-ROS-001", "year": "2020", "pupils": pupils, "parents": 300},
        )
    found = [e for e in await running.published("registration.catalogue.v1") if e.event.type == "target.set.v1"]
    assert [(e.id, e.event.pupils) for e in found] == [  # type: ignore[attr-defined]
        ("target/RU-ROS-001/2020:0000000001", 1_000),
        ("target/RU-ROS-001/2020:0000000002", 1_200),
    ]
    _, page = await running.call("GET", path, grants=[MUNICIPAL])
    assert [item["pupils"] for item in page["items"]] == [1_200]
    assert (await running.call("PUT", f"{path}/2020", {"pupils": 1}, grants=[MUNICIPAL]))[0] == 403
    assert (await running.call("PUT", f"{path}/2020", {"pupils": 1}, grants=[ELSEWHERE]))[0] == 403
    assert (await running.call("GET", "/organisations/RU-ROS/targets", grants=[MUNICIPAL]))[0] == 403
    status, refused = await running.call(
        "PUT", f"/organisations/{SCHOOL.id}/targets/2020", {"pupils": 1}, grants=[REGIONAL]
    )
    assert (status, refused["errors"][0]["pointer"]) == (422, "path:code")
