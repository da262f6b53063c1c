"""Requests for a place over HTTP on real Kafka and MongoDB: nothing is told, sent or kept that need not be."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.registration.domain.requests import MOST_OPEN
from services.registration.person_keys import APART
from tests.builders.registration import SCHOOL, pupil
from tests.drivers.registration import NAVIGATOR, OTHER_SCHOOL, REGIONAL, Registration, registration

GUARDIAN = {"role": "guardian"}
OPERATOR = {"role": "municipal-operator", "org": "RU-ROS-001"}
ALL = f"/requests?organisation={SCHOOL.id}&limit=1000"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        await service.mongo["vault_keys"].insert_one({"_id": APART})  # as in a new installation
        yield service


async def ask(running: Registration, subject: str, name: str, /, **said: Any) -> tuple[int, dict[str, Any]]:
    child = {"name": name, "birth_date": "2007-05-17", "guardian_name": f"Просящий {subject}"}
    body = {"school": SCHOOL.id, "class": "7А", **child, **said}
    return await running.call("POST", "/requests", body, grants=[GUARDIAN], subject=subject)


async def confirm(running: Registration, id: str, ref: str, by: Any = NAVIGATOR, **said: Any) -> tuple[int, Any]:
    body = {"season": "2020", "external_ref": ref, "guardian": {"ref": f"g-{ref}"}}
    body |= {"occurred_at": "2020-09-20T10:00:00+03:00", **said}
    return await running.call("POST", f"/requests/{id}/confirmation", body, grants=[by])


async def own(running: Registration, subject: str) -> list[dict[str, Any]]:
    _, page = await running.call("GET", "/me/requests", grants=[GUARDIAN], subject=subject)
    items: list[dict[str, Any]] = page["items"]
    return items


async def stored(running: Registration, *texts: str) -> bool:
    """Tells whether a text can be read anywhere in the service's database."""
    names = await running.mongo.collections()
    held = "".join([repr(await running.mongo[name].find({}).to_list(None)) for name in names])
    return any(text in held for text in texts)


async def test_a_child_is_entered_when_the_school_confirms_and_the_cabinet_is_open(running: Registration) -> None:
    status, asked = await ask(running, "rq-1", "Просимая Анна")
    assert (status, asked["state"], asked["participant"], asked["school_name"]) == (200, "asked", None, "Школа")
    assert not await stored(running, "Просимая", "rq-1", "2007-05-17")
    _, me = await running.call("GET", "/me", grants=[GUARDIAN], subject="rq-1")
    assert me["items"] == []
    _, page = await running.call("GET", f"{ALL}&state=asked", grants=[NAVIGATOR])
    (waiting,) = [item for item in page["items"] if item["request"] == asked["request"]]
    assert (waiting["name"], waiting["birth_date"], waiting["guardian_name"]) == (
        "Просимая Анна",
        "2007-05-17",
        "Просящий rq-1",
    )
    await running.know({"participants": asked["request"], "route": "GET /registration/requests"}, 1, "audit_log")

    answers = await asyncio.gather(*(confirm(running, asked["request"], "rq-1") for _ in range(4)))
    assert [status for status, _ in answers] == [200] * 4
    (participant,) = {answer["participant"] for _, answer in answers}
    _, me = await running.call("GET", "/me", grants=[GUARDIAN], subject="rq-1")
    (child,) = me["items"]
    assert (child["participant"], child["name"], child["class"]) == (participant, "Просимая Анна", "7А")
    types = [envelope.event.type for envelope in await running.of(participant)]
    assert types == ["participant.registered.v1", "guardian.linked.v1"]
    assert [(told["state"], told["participant"]) for told in await own(running, "rq-1")] == [("confirmed", participant)]
    row = await running.mongo["place_requests"].find_one({"_id": asked["request"]})
    assert row is not None
    assert not {"data", "key", "child"} & row.keys()
    assert await running.mongo["vault_keys"].count_documents({"_id": asked["request"]}) == 0
    assert (row["expires"] - row["answered_at"]).days == 30
    (again,) = await running.enter(pupil("rq-1", name="Просимая Анна", guardian=None, consent=None))
    assert (again["status"], again["participant"]) == ("known", participant)


async def test_a_refusal_destroys_the_names_and_says_a_reason(running: Registration) -> None:
    _, asked = await ask(running, "rq-2", "Отказова Вера")
    path = f"/requests/{asked['request']}/refusal"
    for reason in ("not-our-pupil", "other"):
        status, refused = await running.call("POST", path, {"reason": reason}, grants=[NAVIGATOR])
        assert (status, refused["state"], refused["reason"]) == (200, "refused", "not-our-pupil")
    assert [(told["state"], told["reason"]) for told in await own(running, "rq-2")] == [("refused", "not-our-pupil")]
    row = await running.mongo["place_requests"].find_one({"_id": asked["request"]})
    assert row is not None
    assert "data" not in row
    status, late = await confirm(running, asked["request"], "rq-2")
    assert (status, late["type"]) == (409, "request-answered")
    _, page = await running.call("GET", f"{ALL}&state=refused", grants=[NAVIGATOR])
    (shown,) = [item for item in page["items"] if item["request"] == asked["request"]]
    assert (shown["name"], shown["birth_date"], shown["guardian_name"]) == (None, None, None)


async def test_nothing_tells_whether_a_child_is_known(running: Registration) -> None:
    await running.enter(pupil("rq-3", name="Знакомов Пётр"))
    known = await ask(running, "rq-3a", "Знакомов Пётр")
    unknown = await ask(running, "rq-3b", "Незнакомов Павел")
    for (status, answer), subject in ((known, "rq-3a"), (unknown, "rq-3b")):
        assert status == 200
        told = {name: value for name, value in answer.items() if name not in ("request", "asked_at", "forgotten_at")}
        assert told == {
            "state": "asked",
            "reason": None,
            "school": SCHOOL.id,
            "school_name": "Школа",
            "class": "7А",
            "answered_at": None,
            "participant": None,
        }
        _, me = await running.call("GET", "/me", grants=[GUARDIAN], subject=subject)
        assert me["items"] == []
    status, refused = await confirm(running, known[1]["request"], "rq-3-new")
    assert (status, refused["type"], refused["errors"][0]["pointer"]) == (409, "child-known", "/external_ref")
    status, done = await confirm(running, known[1]["request"], "rq-3")
    assert (status, done["state"]) == (200, "confirmed"), "the school's own key adds the guardian to the known child"
    _, me = await running.call("GET", "/me", grants=[GUARDIAN], subject="rq-3a")
    assert [(child["participant"], child["name"]) for child in me["items"]] == [(done["participant"], "Знакомов Пётр")]


async def test_what_a_guardian_types_corrects_nobody_whom_the_school_knows(running: Registration) -> None:
    mother = {"ref": "g-rq-10", "name": "Верная Мария"}
    (item,) = await running.enter(pupil("rq-10", name="Верный Пётр", guardian=mother))
    wrong = {"guardian_name": "верная  мария павловна", "birth_date": "2007-05-18", "class": "8Б"}
    _, asked = await ask(running, "rq-10", "верный петр", **wrong)
    status, done = await confirm(running, asked["request"], "rq-10")
    assert (status, done["participant"]) == (200, item["participant"])
    _, shown = await running.call("GET", f"/participants/{item['participant']}", grants=[NAVIGATOR])
    assert (shown["name"], shown["birth_date"], shown["class"]) == ("Верный Пётр", "2007-05-17", "7А")
    types = [envelope.event.type for envelope in await running.of(item["participant"])]
    assert "participant.moved.v1" not in types
    assert [(guardian["name"], guardian["linked"]) for guardian in shown["guardians"]] == [("Верная Мария", True)]
    assert await running.mongo["corrections"].count_documents({"participant": item["participant"]}) == 0


async def test_what_was_asked_is_answered_by_staff_of_the_class_alone(running: Registration) -> None:
    _, asked = await ask(running, "rq-4", "Чужова Анна")
    id = asked["request"]
    before = await running.documents()
    for by in (OTHER_SCHOOL, {**REGIONAL, "org": "RU-AMU"}, {**NAVIGATOR, "classes": ["7Б"]}):
        assert (await confirm(running, id, "rq-4", by))[0] == 404
        path = f"/requests/{id}/refusal"
        assert (await running.call("POST", path, {"reason": "other"}, grants=[by]))[0] == 404
        status, page = await running.call("GET", ALL, grants=[by])
        assert status == 403 or id not in {item["request"] for item in page["items"]}
    assert (await confirm(running, id, "rq-4", GUARDIAN))[0] == 403
    other = await running.call("DELETE", f"/requests/{id}", grants=[GUARDIAN], subject="another")
    assert other[0] == 404
    assert id not in {told["request"] for told in await own(running, "another")}
    assert await running.documents() == before
    assert (await running.call("DELETE", f"/requests/{id}", grants=[GUARDIAN], subject="rq-4"))[0] == 200
    assert await own(running, "rq-4") == []
    assert await running.mongo["vault_keys"].count_documents({"_id": id}) == 0


async def test_the_same_again_is_one_and_too_many_are_refused(running: Registration) -> None:
    answers = await asyncio.gather(*(ask(running, "rq-5", "Первый Ребёнок") for _ in range(3)))
    assert len({answer["request"] for _, answer in answers}) == 1
    for n in range(MOST_OPEN - 1):
        assert (await ask(running, "rq-5", f"Ребёнок {n}"))[0] == 200
    status, refused = await ask(running, "rq-5", "Лишний Ребёнок")
    assert (status, refused["type"]) == (409, "too-many-requests")
    assert len(await own(running, "rq-5")) == MOST_OPEN
    for n in range(2):
        await ask(running, "rq-5", f"Лишний {n}")
    status, limited = await ask(running, "rq-5", "Ещё Один")
    assert (status, limited["type"]) == (429, "quota-exceeded")


@pytest.mark.parametrize(
    ("said", "status", "pointer"),
    [
        ({"school": "RU-ROS-001-S99"}, 404, "/school"),
        ({"school": "RU-ROS-001"}, 422, "/school"),
        ({"class": "99А"}, 422, "/class"),
        ({"birth_date": "1990-01-01"}, 422, "/birth_date"),
        ({"name": " "}, 422, "/name"),
        ({"guardian_name": None}, 422, "/guardian_name"),
        ({"phone": "1"}, 422, "/phone"),
    ],
)
async def test_what_cannot_be_asked_says_which_field(
    running: Registration, said: dict[str, Any], status: int, pointer: str
) -> None:
    before = await running.documents()
    got, refused = await ask(running, f"rq-6{pointer}", "Некто Ошибочный", **said)
    assert (got, [error["pointer"] for error in refused["errors"]]) == (status, [pointer])
    assert await running.documents() == before


async def test_what_cannot_be_confirmed_says_which_field_and_changes_nothing(running: Registration) -> None:
    _, asked = await ask(running, "rq-7", "Мелких Анна", **{"class": "5А"})
    mother = {"ref": "known guardian", "name": "Матвеева Мария"}
    assert (await running.enter(pupil("rq-7-known", guardian=mother)))[0]["status"] == "created"
    _, other = await ask(running, "rq-7", "Иная Анна")
    before = await running.documents()
    for id, ref, said, status, pointer in (
        (asked["request"], "rq-7", {}, 422, ["/season"]),
        (other["request"], "rq-7", {"season": "2031"}, 409, ["/season"]),
        (other["request"], "rq-7", {"occurred_at": "2020-01-01T10:00:00+03:00"}, 409, ["/occurred_at"]),
        (other["request"], "rq-7", {"guardian": {"ref": " "}}, 422, ["/guardian/ref"]),
        (other["request"], "rq-7", {"guardian": {"ref": "known guardian"}}, 409, ["/guardian/ref"]),
        (other["request"], "rq-7-known", {}, 409, ["/external_ref"]),  # born on the same day, and of another name
        (other["request"], "rq-7", {"name": "Иная"}, 422, ["/name"]),
    ):
        got, refused = await confirm(running, id, ref, **said)
        assert (got, [error["pointer"] for error in refused.get("errors", [])]) == (status, pointer), (ref, said)
    assert await running.documents() == before


async def test_an_erasure_clears_what_was_asked_for_the_child(running: Registration) -> None:
    _, asked = await ask(running, "rq-8", "Стираемая Анна")
    _, done = await confirm(running, asked["request"], "rq-8")
    _, open_one = await ask(running, "rq-8", "стираемая  анна", school="RU-ROS-001-S02")
    status, answer = await running.call("DELETE", f"/participants/{done['participant']}", grants=[OPERATOR])
    assert (status, answer["act"]["cleared"][0]["rows"]["place_requests"]) == (200, 2)
    assert await own(running, "rq-8") == []
    assert await running.mongo["vault_keys"].count_documents({"_id": open_one["request"]}) == 0


async def test_what_nobody_answers_is_forgotten_with_its_key(running: Registration) -> None:
    _, asked = await ask(running, "rq-9", "Забытая Анна")
    row = await running.mongo["place_requests"].find_one({"_id": asked["request"]})
    key = await running.mongo["vault_keys"].find_one({"_id": asked["request"]})
    assert row is not None
    assert key is not None
    assert row["expires"] == key["expires"]
    assert (row["expires"] - row["asked_at"]).days == 90
    for name in ("place_requests", "vault_keys"):
        indexes = await running.mongo[name].index_information()
        assert any(index.get("expireAfterSeconds") == 0 for index in indexes.values()), name
