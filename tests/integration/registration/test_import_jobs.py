"""Imports behind the request: what is left of them after a kill, an erasure, a week; and who has seen them."""

import asyncio
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest_asyncio
from yarl import URL

from deploy.local.stack import Infrastructure
from services.registration.domain.imports import KEPT, MOST_WAITING
from shared.storage.outbox import utcnow
from tests.builders.registration import SCHOOL, pupil
from tests.builders.tables import csv_file
from tests.drivers.consumers import eventually
from tests.drivers.imports import CSV, TITLES, Sender, counted
from tests.drivers.registration import NAVIGATOR, REGIONAL, Registration, registration

TIME = "2020-09-14T10:00:00%2B03:00"
HERE = {"school": SCHOOL.id}
ELSEWHERE: dict[str, Any] = {"school": "RU-ROS-001-S02", "by": {**NAVIGATOR, "org": "RU-ROS-001-S02"}}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        yield service


def school(prefix: str, count: int, width: int = 0) -> bytes:
    """A file of so many lines, each with so much that nobody asked for."""
    lines = ([f"{prefix}{n}", f"Ким {prefix} Пётр {n}", "17.05.2007", "7А", "-" * width] for n in range(count))
    return csv_file([[*TITLES, "Заметки"], *lines])


async def begun(sender: Sender, sent: dict[str, Any]) -> None:
    async def lines() -> bool:
        return bool((await sender.show(sent["id"]))[1]["lines"])

    await eventually(lines)


async def test_an_import_goes_on_after_its_process_was_killed(running: Registration) -> None:
    sender = Sender(running, [REGIONAL], "region")
    status, sent = await sender.send(school("k", 2_000), **HERE)
    assert status == 202

    await begun(sender, sent)
    running.child.send(signal.SIGKILL)
    await running.child.wait()
    await running.start()
    done = await sender.ended(sent["id"])
    assert (done["state"], counted(done)) == ("done", (2_000, 2_000, 0, 0, 0, 0))
    row = await running.mongo["imports"].find_one({"_id": sent["id"]})
    assert row is not None
    assert row["tries"] == 2
    assert await running.mongo["participants"].count_documents({"external_ref": {"$regex": "^k"}}) == 2_000
    await running.know({}, 0, "import_pieces")


async def test_a_small_file_does_not_wait_for_a_large_one(running: Registration) -> None:
    sender = Sender(running, [REGIONAL], "region")
    _, large = await sender.send(school("large", 3_000, width=250), **HERE)
    await begun(sender, large)
    small = await sender.over(school("small", 10), **HERE)
    _, meanwhile = await sender.show(large["id"])
    assert (small["state"], meanwhile["state"]) == ("done", "running")
    assert (await sender.ended(large["id"]))["created"] == 3_000


async def test_an_account_has_a_few_imports_under_way(running: Registration) -> None:
    sender = Sender(running, [REGIONAL], "many")
    answers = [await sender.send(school("m-", 4_000), **HERE)]
    answers += [await sender.send(school(f"m{n}-", 1), **HERE) for n in range(MOST_WAITING)]
    assert [status for status, _ in answers] == [202] * MOST_WAITING + [409]
    assert answers[-1][1]["type"] == "too-many-imports"
    for _, sent in answers[:-1]:
        assert (await sender.ended(sent["id"]))["state"] == "done"


async def test_an_import_is_stopped_where_it_is_and_listed(running: Registration) -> None:
    sender = Sender(running, [REGIONAL], "stops")
    earlier = await sender.over(school("before", 1), **HERE)
    _, sent = await sender.send(school("stop", 2_500), **HERE)

    await begun(sender, sent)
    path = f"/imports/{sent['id']}"
    assert (await running.call("DELETE", path, grants=[{**NAVIGATOR, "org": "RU-ROS-001-S02"}]))[0] == 404
    status, stopped = await running.call("DELETE", path, grants=sender.grants, subject="stops")
    assert (status, stopped["state"]) == (200, "cancelled")
    assert 0 < stopped["created"] == stopped["lines"] == stopped["last_line"] - 1 < 2_500
    await running.know({"external_ref": {"$regex": "^stop"}}, stopped["created"], "participants")
    await running.know({"import": sent["id"]}, 0, "import_pieces")
    rest = await sender.over(school("stop", 2_500), **HERE)
    assert (rest["created"], rest["known"]) == (2_500 - stopped["created"], stopped["created"])
    again = await running.call("DELETE", path, grants=sender.grants, subject="stops")
    assert again == (200, stopped)
    assert (await running.call("DELETE", f"/imports/{rest['id']}", grants=sender.grants))[1]["state"] == "done"
    ids, page = list[str](), "?limit=1"
    while page:
        _, told = await running.call("GET", f"/imports{page}", grants=sender.grants, subject="stops")
        ids += [item["id"] for item in told["items"]]
        page = f"?limit=1&after={told['next']}" if told["next"] else ""
    assert ids[:3] == [rest["id"], sent["id"], earlier["id"]]
    _, others = await running.call("GET", "/imports", grants=[{**NAVIGATOR, "classes": ["7А"]}], subject="teacher")
    assert others["items"] == []


async def test_a_file_that_is_lost_is_said_to_be(running: Registration) -> None:
    sender = Sender(running, [REGIONAL], "lost")
    _, sent = await sender.send(school("lost", 2_000, width=350), **HERE)
    await running.mongo["import_pieces"].delete_many({"import": sent["id"], "_id": {"$not": {"$regex": ":0$"}}})
    done = await sender.ended(sent["id"])
    assert (done["state"], done["problem"]["detail"]) == ("broken-off", "is not there any more: send it again")
    assert done["created"] == await running.mongo["participants"].count_documents({"external_ref": {"$regex": "^lost"}})
    assert counted(await sender.over(school("lost", 2_000, width=350), **HERE))[:3] == (
        2_000,
        2_000 - done["created"],
        done["created"],
    )


async def test_an_erased_child_is_in_no_refused_line(running: Registration) -> None:
    (child,) = await running.enter(pupil("e1", name="Стёртова Анна"), **ELSEWHERE)
    rows = [
        TITLES,
        ["other", "СТЕРТОВА  Анна", "17.05.2007", "7А"],
        ["stays", "Иная Анна", "17.05.1907", "7А"],
    ]
    sender = Sender(running)
    done = await sender.over(csv_file(rows), **HERE)
    told = await sender.refused(done["id"])
    assert [line.split(";")[3] for line in told[1:]] == ["transfer-needed", "bad-input"]
    stored = await running.mongo["import_refused"].find({"import": done["id"]}).to_list(None)
    assert not any("СТЕРТОВА" in str(row) or "Стёртова" in str(row) for row in stored)
    status, erased = await running.call("DELETE", f"/participants/{child['participant']}", grants=[REGIONAL])
    assert (status, erased["act"]["cleared"][0]["rows"]["import_refused"]) == (200, 1)
    assert [line.split(";")[5] for line in (await sender.refused(done["id"]))[1:]] == ["Иная Анна"]


async def test_a_refused_line_under_the_key_of_an_erased_child_goes_too(running: Registration) -> None:
    await running.enter(pupil("e2", name="Ключева Анна"))
    row = await running.mongo["participants"].find_one({"external_ref": "e2"})
    assert row is not None
    rows = [TITLES, ["Е2", "Совсем Другой", "17.05.2005", "7А"]]
    done = await Sender(running).over(csv_file(rows), **HERE)
    assert (await Sender(running).refused(done["id"]))[1].split(";")[3] == "another-child"
    await running.call("DELETE", f"/participants/{row['_id']}", grants=[REGIONAL])
    assert await running.mongo["import_refused"].count_documents({"import": done["id"]}) == 0


async def test_who_reads_refused_lines_and_whom_an_import_enters_is_on_record(running: Registration) -> None:
    sender = Sender(running, subject="on record")
    done = await sender.over(csv_file([TITLES, ["aud", "Ким Аудит", "17.05.2007", "7А"], ["x", "", "", ""]]), **HERE)
    await sender.refused(done["id"])
    log = running.mongo["audit_log"]
    await running.know({"route": "GET /registration/imports/{import}/refused", "on.import": done["id"]}, 1, "audit_log")
    entered = await log.find_one({"route": "POST /registration/imports", "on.import": done["id"]})
    assert entered is not None
    row = await running.mongo["participants"].find_one({"external_ref": "aud"})
    assert row is not None
    assert (entered["participants"], row["changed"]["route"]) == ([row["_id"]], "POST /registration/imports")


async def test_what_is_kept_of_an_import_goes_by_itself(running: Registration) -> None:
    done = await Sender(running).over(csv_file([TITLES, ["gone", "", "", "7А"]]), **HERE)
    for name, query in (("imports", {"_id": done["id"]}), ("import_refused", {"import": done["id"]})):
        row = await running.mongo[name].find_one(query)
        assert row is not None
        assert KEPT - timedelta(minutes=5) < row["expires"] - utcnow() <= KEPT
        indexes = await running.mongo[name].index_information()
        assert any(index.get("expireAfterSeconds") == 0 for index in indexes.values())


async def test_a_teacher_who_finds_many_children_of_others_waits(running: Registration) -> None:
    lines = [pupil(f"f{n}", name=f"Найденов Пётр {n}") for n in range(150)]
    await running.enter(*lines, **ELSEWHERE)
    rows = [TITLES, *([f"g{n}", f"Найденов Пётр {n}", "17.05.2007", "7А"] for n in range(150))]
    sender = Sender(running, subject="curious")
    first = await sender.over(csv_file(rows), **HERE)
    assert (first["state"], first["refused"]) == ("done", 150)
    again = await sender.over(csv_file(rows), **HERE)
    assert (again["state"], again["lines"], again["problem"]["type"]) == ("broken-off", 0, "quota-exceeded")


async def test_a_file_that_does_not_come_leaves_nothing(running: Registration) -> None:
    address = URL(running.base)
    _, writer = await asyncio.open_connection(address.host, address.port)
    head = [
        f"POST /registration/imports?season=2020&school={SCHOOL.id}&occurred_at={TIME} HTTP/1.1",
        f"Host: {address.host}",
        f"Content-Type: {CSV}",
        "Content-Length: 900000",
        *(f"{name}: {value}" for name, value in running.bearer("half", [NAVIGATOR]).items()),
    ]
    writer.write("\r\n".join([*head, "", ""]).encode() + school("half", 700, width=500))
    await writer.drain()
    try:
        await running.know({"import": {"$gt": ""}}, 1, "import_pieces")
    finally:
        writer.close()
    account = running.account("half")
    await running.know({"changed.by": account}, 0, "imports")
    await running.know({}, 0, "import_pieces")
