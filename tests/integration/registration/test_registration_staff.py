"""Staff over HTTP on real Kafka and MongoDB: who acted is listed, and whoever is put out is refused at once."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.registration.domain import staff
from shared.contracts.staff import StaffChange
from tests.builders.registration import SCHOOL, pupil
from tests.builders.tables import csv_file
from tests.drivers.consumers import eventually
from tests.drivers.imports import TITLES, Sender
from tests.drivers.registration import NATIONAL, NAVIGATOR, REGIONAL, Registration, registration

MUNICIPAL = {"role": "municipal-operator", "org": "RU-ROS-001"}
CLASS = {**NAVIGATOR, "classes": ["7а", "7Б"]}
NEXT = {**NAVIGATOR, "org": "RU-ROS-001-S02"}
SECONDS = 2.0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        yield service


async def act(running: Registration, subject: str, *grants: Any, base: str | None = None) -> tuple[int, str | None]:
    """Status and type of the answer to the list of the school's pupils."""
    path = f"/schools/{SCHOOL.id}/participants?season=2020"
    answer = await running.request("GET", path, None, running.bearer(subject, grants), base)
    return answer.status, answer.body.get("type")


async def listed(running: Registration, by: Any, org: str = SCHOOL.id, subject: str = "head") -> Any:
    status, body = await running.call("GET", f"/staff?org={org}&limit=1000", grants=[by], subject=subject)
    return body["items"] if status == 200 else (status, body["type"])


async def put_out(running: Registration, account: str, by: Any, subject: str = "head", **said: Any) -> tuple[int, Any]:
    body = {"org": SCHOOL.id, "account": account, **said}
    return await running.call("POST", "/staff/exclusions", body, grants=[by], subject=subject)


async def readmit(running: Registration, exclusion: str, by: Any, subject: str = "head") -> tuple[int, Any]:
    return await running.call("DELETE", f"/staff/exclusions/{exclusion}", grants=[by], subject=subject)


async def turned(
    running: Registration, answer: tuple[int, str | None], subject: str, *grants: Any, **where: Any
) -> float:
    """The seconds until a request is answered so."""
    begun = time.monotonic()

    async def answered() -> bool:
        return await act(running, subject, *grants, **where) == answer

    await eventually(answered, seconds=10)
    return time.monotonic() - begun


async def test_who_acted_is_listed_without_a_name_to_those_who_lead(running: Registration) -> None:
    teacher = running.account("listed teacher")
    assert await act(running, "listed teacher", CLASS, {"role": "guardian"}) == (200, None)
    assert await act(running, "listed town", MUNICIPAL) == (200, None)
    await running.know({"account": teacher}, 1, "staff")
    await running.know({"organisation": "RU-ROS-001"}, 1, "staff")
    (seen,) = [one for one in await listed(running, NAVIGATOR) if one["account"] == teacher]
    today = seen.pop("last_day")
    assert seen == {
        "account": teacher,
        "own": False,
        "role": "navigator",
        "org": SCHOOL.id,
        "classes": ["7А", "7Б"],
        "first_day": today,
        "exclusions": [],
    }
    assert [one["own"] for one in await listed(running, NAVIGATOR, subject="listed teacher") if one["own"]] == [True]
    _, me = await running.call("GET", "/me", grants=[CLASS], subject="listed teacher")
    assert me["account"] == teacher
    (town,) = await listed(running, REGIONAL, "RU-ROS-001")
    assert (town["account"], town["role"]) == (running.account("listed town"), "municipal-operator")
    for by, org, refused in (
        (CLASS, SCHOOL.id, (403, "forbidden")),
        (NEXT, SCHOOL.id, (403, "forbidden")),
        (NAVIGATOR, "RU-ROS-001", (403, "forbidden")),
        ({"role": "venue", "org": "RU-ROS-001-S01"}, SCHOOL.id, (403, "forbidden")),
        (NATIONAL, "RU-NOWHERE", (404, "organisation-unknown")),
    ):
        assert await listed(running, by, org) == refused
    await running.know({"account": running.account("head"), "organisation": SCHOOL.id}, 1, "staff")
    _, page = await running.call("GET", f"/staff?org={SCHOOL.id}&limit=1", grants=[NAVIGATOR])
    assert len(page["items"]) == 1
    _, onward = await running.call("GET", f"/staff?org={SCHOOL.id}&after={page['next']}", grants=[NAVIGATOR])
    assert page["items"][0] not in onward["items"]
    await running.know({"route": "GET /registration/staff"}, 5, "audit_log")
    rows = repr(await running.mongo["staff"].find({}).to_list(None))
    assert "listed" not in rows, "the provider's subject is kept nowhere"


async def test_who_is_put_out_is_refused_at_once_in_every_process_and_after_a_restart(running: Registration) -> None:
    account = running.account("leaving")
    assert await act(running, "leaving", NAVIGATOR) == (200, None)
    async with running.replica() as replica:
        assert await act(running, "leaving", NAVIGATOR, base=replica) == (200, None)
        status, done = await put_out(running, account, NAVIGATOR, reason="Больше не работает")
        assert (status, done["new"], done["in_force"], done["reason"]) == (200, True, True, "Больше не работает")
        assert await turned(running, (403, "excluded"), "leaving", NAVIGATOR) < SECONDS
        assert await turned(running, (403, "excluded"), "leaving", NAVIGATOR, base=replica) < SECONDS
    again = await put_out(running, account, REGIONAL, "operator")
    assert (again[0], again[1]["new"], again[1]["exclusion"]) == (200, False, done["exclusion"])
    assert await act(running, "leaving", CLASS) == (403, "excluded")
    assert await act(running, "leaving", CLASS, NEXT) == (403, "excluded"), "asked where it was put out"
    path = f"/schools/{NEXT['org']}/participants?season=2020"
    assert (await running.call("GET", path, grants=[NAVIGATOR, NEXT], subject="leaving"))[0] == 200
    assert await act(running, "leaving", MUNICIPAL) == (200, None), "a grant above goes on"
    _, me = await running.call("GET", "/me", grants=[NAVIGATOR, NEXT], subject="leaving")
    assert [grant["org"] for grant in me["grants"]] == [NEXT["org"]]
    assert [
        one["exclusion"] for one in next(o for o in await listed(running, NAVIGATOR) if o["exclusions"])["exclusions"]
    ]
    _, page = await running.call("GET", f"/staff/exclusions?org={SCHOOL.id}", grants=[NAVIGATOR])
    assert [item["account"] for item in page["items"]] == [account]
    await running.child.stop()
    await running.start()
    assert await act(running, "leaving", NAVIGATOR) == (403, "excluded")
    assert (await readmit(running, done["exclusion"], NAVIGATOR))[1]["type"] == "stands-above", (
        "an operator took it over"
    )
    status, back = await readmit(running, done["exclusion"], REGIONAL, "operator")
    assert (status, back["new"], back["in_force"], back["reason"]) == (200, True, False, None)
    assert (await readmit(running, done["exclusion"], REGIONAL))[1]["new"] is False
    assert await turned(running, (200, None), "leaving", NAVIGATOR) < SECONDS
    events = [e.event for e in await running.published("registration.catalogue.v1") if isinstance(e.event, StaffChange)]
    assert [event.type for event in events if event.account == account] == ["staff.excluded.v1", "staff.readmitted.v1"]


async def test_an_exclusion_above_reaches_what_lies_below(running: Registration) -> None:
    account = running.account("of the town")
    assert await act(running, "of the town", NAVIGATOR) == (200, None)
    await running.know({"account": account}, 1, "staff")
    assert (await put_out(running, account, REGIONAL, org="RU-ROS-001"))[0] == 200
    assert await turned(running, (403, "excluded"), "of the town", NAVIGATOR) < SECONDS
    assert await act(running, "of the town", MUNICIPAL) == (403, "excluded")
    assert await act(running, "of the town", REGIONAL) == (200, None)
    (found,) = [one for one in await listed(running, NAVIGATOR) if one["account"] == account]
    assert [one["org"] for one in found["exclusions"]] == ["RU-ROS-001"]


async def test_nobody_puts_out_who_stands_above_or_whom_they_do_not_reach(running: Registration) -> None:
    town = running.account("town operator")
    assert await act(running, "town operator", MUNICIPAL) == (200, None)
    await running.know({"account": town}, 1, "staff")
    assert (await put_out(running, "stranger", NEXT))[0] == 403
    before = await running.documents()
    status, refused = await put_out(running, town, NAVIGATOR)
    assert (status, refused["type"]) == (403, "stands-above")
    status, refused = await put_out(running, running.account("head"), NAVIGATOR)
    assert (status, refused["type"], refused["errors"][0]["pointer"]) == (409, "own-account", "/account")
    for by in (CLASS, NEXT, {"role": "regional-operator", "org": "RU-MOW"}):
        assert (await put_out(running, "stranger", by))[0] == 403
    for said, pointer in (
        ({"account": "two words"}, "/account"),
        ({"org": "RU ROS"}, "/org"),
        ({"reason": ""}, "/reason"),
        ({"why": "x"}, "/why"),
    ):
        status, refused = await put_out(running, said.pop("account", "stranger"), NAVIGATOR, **said)
        assert (status, [error["pointer"] for error in refused["errors"]]) == (422, [pointer])
    assert (await put_out(running, "stranger", NATIONAL, org="RU-NOWHERE"))[1]["type"] == "organisation-unknown"
    assert (await readmit(running, "nothing", NATIONAL))[0] == 404
    assert await running.documents() == before
    assert (await put_out(running, town, REGIONAL))[0] == 200, "those above may"


async def test_those_who_reach_a_part_alone_readmit_nobody(running: Registration) -> None:
    _, done = await put_out(running, "somebody", NAVIGATOR)
    for by in (CLASS, NEXT):
        assert (await readmit(running, done["exclusion"], by))[0] == 404
    rows = [{"_id": f"{n}", "organisation": NEXT["org"]} for n in range(staff.MOST_EXCLUSIONS)]
    await running.mongo["staff_exclusions"].insert_many(rows)
    status, refused = await put_out(running, "another", REGIONAL, org=NEXT["org"])
    assert (status, refused["type"]) == (409, "too-many-exclusions")


async def test_a_file_of_who_is_put_out_is_broken_off(running: Registration) -> None:
    head = [f"x{n}" for n in range(4_000)]
    file = csv_file([TITLES, *([key, f"Цой {key} Пётр", "17.05.2007", "7А"] for key in head)])
    sender = Sender(running, [NAVIGATOR], "sender")
    status, sent = await sender.send(file, school=SCHOOL.id)
    assert status == 202, sent
    assert (await put_out(running, running.account("sender"), NAVIGATOR))[0] == 200

    async def over() -> bool:
        row = await running.mongo["imports"].find_one({"_id": sent["id"]})
        return row is not None and row["state"] == "broken-off"

    await eventually(over)
    row = await running.mongo["imports"].find_one({"_id": sent["id"]})
    assert row is not None
    assert row["problem"]["type"] == "excluded"
    (still,) = await running.enter(pupil("of the others"))
    assert still["status"] == "created"
