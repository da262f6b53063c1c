"""Reads of registration over HTTP: the register by pages for everyone, and to each person what is its own."""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.registration.collections import LINKED
from tests.builders.cursors import WRONG
from tests.builders.registration import SCHOOL, pupil
from tests.drivers.registration import NATIONAL, NAVIGATOR, Registration, registration

GUARDIAN, PUPIL = [{"role": "guardian"}], [{"role": "pupil"}]
ROLES = ("national-operator", "guardian", "pupil")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        assert (await service.define("RU-DON", kind="region", name="Дон", parent="RU", utc_offset="+03:00"))[0] == 200
        yield service


async def pages(running: Registration, path: str, limit: int, **who: Any) -> list[dict[str, Any]]:
    """Every item of a list, page by page."""
    seen: list[dict[str, Any]] = []
    joined, after = f"{path}{'&' if '?' in path else '?'}limit={limit}", ""
    while after is not None:
        status, page = await running.call("GET", f"{joined}&after={after}", **who)
        assert status == 200, page
        assert len(page["items"]) <= limit
        seen += page["items"]
        after = page["next"]
    return seen


@pytest.mark.parametrize(
    ("asked", "codes"),
    [
        ("", ["RU-DON", "RU-ROS", "RU-ROS-001", SCHOOL.id, "RU-ROS-001-S02"]),
        ("?region=RU-ROS", ["RU-ROS", "RU-ROS-001", SCHOOL.id, "RU-ROS-001-S02"]),
        ("?kind=region", ["RU-DON", "RU-ROS"]),
        ("?parent=RU-ROS", ["RU-ROS-001"]),
        ("?region=RU-ROS&kind=school", [SCHOOL.id, "RU-ROS-001-S02"]),
        ("?parent=RU", ["RU-DON", "RU-ROS"]),
    ],
)
async def test_organisations_are_listed_by_region_kind_and_parent(
    running: Registration, asked: str, codes: list[str]
) -> None:
    for role in ROLES:
        grant = {"role": role, "org": "RU"} if role == "national-operator" else {"role": role}
        found = await pages(running, f"/organisations{asked}", 2, grants=[grant])
        assert [organisation["code"] for organisation in found] == codes


async def test_an_organisation_is_read_with_the_names_of_where_it_belongs(running: Registration) -> None:
    status, school = await running.call("GET", f"/organisations/{SCHOOL.id}", grants=GUARDIAN)
    assert (status, school["name"], school["level"]) == (200, "Школа", "main")
    assert (school["parent_name"], school["region_name"]) == ("Аксайский район", "Ростовская область")
    assert school["municipality_name"] == "Аксайский район"
    _, region = await running.call("GET", "/organisations/RU-ROS", grants=GUARDIAN)
    assert (region["parent"], region["parent_name"], region["municipality_name"]) == ("RU", None, None)
    status, missing = await running.call("GET", "/organisations/RU-XXX", grants=GUARDIAN)
    assert (status, missing["type"], missing["errors"][0]["pointer"]) == (404, "organisation-unknown", "path:code")


async def test_who_has_the_register_already_is_told_so(running: Registration) -> None:
    url, headers = f"{running.base}/registration/organisations", running.bearer("anyone", GUARDIAN)
    async with running.http.get(url, headers=headers) as answer:
        tag = answer.headers["ETag"]
    async with running.http.get(url, headers={**headers, "If-None-Match": f'"other", W/{tag}'}) as answer:
        assert (answer.status, answer.headers["ETag"]) == (304, tag)
        assert answer.headers["Cache-Control"] == "private, no-cache"


async def test_a_guardian_reads_the_own_children_and_nobody_else(running: Registration) -> None:
    mother = {"ref": "own-mother", "name": "Петрова Мария"}
    items = await running.enter(pupil("o1", guardian=mother), pupil("o2", guardian=mother), pupil("o3"))
    for item in items[:2]:
        assert (await running.redeem(item["link_code"], "own-mother"))[0] == 200
    found = await pages(running, "/me", 1, grants=GUARDIAN, subject="own-mother")
    assert [child["participant"] for child in found] == sorted(item["participant"] for item in items[:2])
    child = next(child for child in found if child["participant"] == items[0]["participant"])
    assert (child["name"], child["relation"], child["guardian"]) == ("Иванов Пётр o1", "guardian", items[0]["guardian"])
    assert (child["school_name"], child["region_name"]) == ("Школа", "Ростовская область")
    assert [season["season_name"] for season in child["seasons"]] == ["Сезон 2020"]
    assert [(consent["version"], consent["withdrawn_at"]) for consent in child["consents"]] == [("2020-1", None)]
    assert [guardian["name"] for guardian in child["guardians"]] == ["Петрова Мария"]
    reading = {"participants": items[0]["participant"], "route": "GET /registration/me"}
    await running.know(reading, 1, "audit_log")
    assert await pages(running, "/me", 5, grants=PUPIL, subject="own-mother") == [], "the links are a guardian's"
    assert await pages(running, "/me", 5, grants=GUARDIAN, subject="a-stranger") == []


async def test_a_pupil_reads_oneself_and_a_withdrawn_consent_stays_readable(running: Registration) -> None:
    (item,) = await running.enter(pupil("o4"))
    assert (await running.redeem(item["account_code"], "own-pupil", "pupil"))[0] == 200
    path = f"/participants/{item['participant']}/consents/current?occurred_at=2020-09-20T10:00:00Z"
    assert (await running.call("DELETE", path, grants=[NAVIGATOR]))[0] == 200
    (myself,) = await pages(running, "/me", 5, grants=PUPIL, subject="own-pupil")
    assert (myself["participant"], myself["relation"], myself["guardian"]) == (item["participant"], "self", None)
    assert (myself["guardians"], myself["consent"]) == ([], None)
    assert [consent["withdrawn_at"] for consent in myself["consents"]] == ["2020-09-20T13:00:00+03:00"]


async def test_staff_reads_its_grants_with_names_and_why_others_are_none(running: Registration) -> None:
    narrowed = {**NAVIGATOR, "classes": ["7А"]}
    status, me = await running.call("GET", "/me", grants=[NATIONAL, narrowed, {"role": "navigator", "org": "RU"}])
    assert (status, me["items"], me["next"]) == (200, [], None)
    assert me["grants"] == [
        {"role": "national-operator", "org": "RU", "org_name": None, "classes": None},
        {"role": "navigator", "org": SCHOOL.id, "org_name": "Школа", "classes": ["7А"]},
    ]
    assert len(me["refused"]) == 1


async def test_another_s_cursor_leads_to_nobody_else(running: Registration) -> None:
    items = await running.enter(*(pupil(f"o{n}", guardian={"ref": f"c{n % 2}", "name": "Р"}) for n in range(5, 9)))
    for n, item in enumerate(items):
        assert (await running.redeem(item["link_code"], f"cursor-{n % 2}"))[0] == 200
    _, page = await running.call("GET", "/me?limit=1", grants=GUARDIAN, subject="cursor-0")
    own = {item["participant"] for item in items[1::2]}
    status, other = await running.call("GET", f"/me?after={page['next']}", grants=GUARDIAN, subject="cursor-1")
    assert status == 200
    assert {child["participant"] for child in other["items"]} <= own
    status, refused = await running.call("GET", f"/organisations?after={page['next']}", grants=GUARDIAN)
    assert (status, refused["errors"][0]["pointer"]) == (422, "query:after")


async def test_whatever_stands_for_a_cursor_is_refused_by_name(running: Registration) -> None:
    pupils = f"/schools/{SCHOOL.id}/participants?season=2020&"
    for path, grants in (("/organisations?", GUARDIAN), ("/me?", GUARDIAN), (pupils, [NAVIGATOR])):
        for after in WRONG:
            status, answer = await running.call("GET", f"{path}after={quote(after)}", grants=grants)
            assert (status, answer["errors"][0]["pointer"]) == (422, "query:after"), after[:40]


async def test_a_list_of_pupils_goes_on_from_a_cursor_of_the_release_before(running: Registration) -> None:
    items = await running.enter(*(pupil(f"p{n}") for n in range(3)), **{"class": "7П"})
    ids = sorted(item["participant"] for item in items)
    earlier = quote(f"7П:{ids[0]}")
    path = f"/schools/{SCHOOL.id}/participants?season=2020&limit=2&after={earlier}"
    _, page = await running.call("GET", path, grants=[NAVIGATOR])
    assert [item["participant"] for item in page["items"]] == ids[1:]


async def test_the_reads_of_a_family_and_of_the_register_are_by_index(running: Registration) -> None:
    queries: list[tuple[str, Mapping[str, Any]]] = [
        ("guardians", {"account": "a"}),
        ("participants", {"account": "a"}),
        ("participants", {"$or": [{"account": "a"}, {"guardians": "g", "linked.g": "a", **LINKED}]}),
        ("organisations", {"region": "RU-ROS"}),
        ("organisations", {"kind": "school"}),
        ("organisations", {"parent": "RU"}),
    ]
    for collection, query in queries:
        plan = str(await running.mongo[collection].find(query).sort("_id", 1).explain())
        assert "IXSCAN" in plan.split("rejectedPlans")[0], (collection, query)
        assert "COLLSCAN" not in plan.split("rejectedPlans")[0]
        assert "'indexName': '_id_'" not in plan.split("rejectedPlans")[0], (collection, query)
