"""Moves, the archive, codes and closed cabinets over HTTP on real Kafka and MongoDB."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from tests.builders.registration import SCHOOL, pupil
from tests.drivers.registration import NAVIGATOR, OTHER_SCHOOL, REGIONAL, Registration, registration

NEIGHBOUR = "RU-ROS-001-S02"
OCTOBER = "2020-10-01T10:00:00+03:00"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        yield service


async def move(running: Registration, id: str, grants: Any = (REGIONAL,), **said: Any) -> tuple[int, dict[str, Any]]:
    body = {"school": NEIGHBOUR, "class": "7В", "occurred_at": OCTOBER, **said}
    return await running.call("POST", f"/participants/{id}/moves", body, grants=list(grants))


async def told(running: Registration, id: str) -> list[str]:
    return [envelope.event.type.removesuffix(".v1") for envelope in await running.of(id)]


async def test_a_pupil_goes_to_another_school_with_everything(running: Registration) -> None:
    (item,) = await running.enter(pupil("mv-1"))
    id = item["participant"]
    status, placed = await move(running, id, external_ref="n-1")
    assert (status, placed["moved"], placed["school"], placed["class"]) == (200, True, NEIGHBOUR, "7В")
    assert placed["external_ref"] == "n-1"
    assert await move(running, id) == (200, {**placed, "moved": False})
    _, shown = await running.call("GET", f"/participants/{id}", grants=[OTHER_SCHOOL])
    assert (shown["school"], shown["class"], shown["name"]) == (NEIGHBOUR, "7В", pupil("mv-1")["name"])
    assert shown["consent"] is not None
    assert (await running.call("GET", f"/participants/{id}", grants=[NAVIGATOR]))[0] == 404
    assert await told(running, id) == ["participant.registered", "consent.given", "participant.moved"]
    (again,) = await running.enter(pupil("mv-1"))
    assert (again["status"], again["problem"]["type"]) == ("rejected", "pupil-left")
    (known,) = await running.enter(
        pupil("N-1", name=pupil("mv-1")["name"], guardian=None, consent=None),
        school=NEIGHBOUR,
        occurred_at="2020-10-02T10:00:00+03:00",
        **{"class": "7В"},
        by=OTHER_SCHOOL,
    )
    assert (known["status"], known["participant"]) == ("known", id)


async def test_who_does_not_reach_both_places_moves_nobody(running: Registration) -> None:
    first, second = await running.enter(pupil("mv-2"), pupil("mv-3"))
    before = await running.documents()
    id = first["participant"]
    assert (await move(running, id, [NAVIGATOR]))[0] == 403
    assert (await move(running, id, [OTHER_SCHOOL]))[0] == 404
    assert (await move(running, id, [{**NAVIGATOR, "classes": ["7А"]}], school=SCHOOL.id, **{"class": "7Б"}))[0] == 403
    assert (await move(running, id, [{"role": "guardian"}]))[0] == 403
    for said, status, slug, pointer in (
        ({"school": "RU-ROS-001-S99"}, 404, "school-unknown", "/school"),
        ({"grade": 8}, 422, "bad-input", "/grade"),
        ({"class": "Класс"}, 422, "bad-input", "/class"),
        ({"occurred_at": "2020-09-13T10:00:00+03:00"}, 422, "bad-input", "/occurred_at"),
        ({"occurred_at": "2100-01-01T10:00:00+03:00"}, 422, "bad-input", "/occurred_at"),
        ({"since": "2020"}, 422, "bad-input", "/since"),
    ):
        refused = await move(running, id, **said)
        assert (refused[0], refused[1]["type"]) == (status, slug), said
        assert [error["pointer"] for error in refused[1]["errors"]] == [pointer], said
    assert await running.documents() == before
    assert (await move(running, id, external_ref="n-2"))[0] == 200
    status, taken = await move(running, second["participant"], external_ref="N–2")
    assert (status, taken["type"], taken["errors"][0]["pointer"]) == (409, "key-taken", "/external_ref")


async def test_many_who_move_a_pupil_at_once_move_it_once(running: Registration) -> None:
    (item,) = await running.enter(pupil("mv-4"))
    answers = await asyncio.gather(*(move(running, item["participant"], external_ref="n-4") for _ in range(5)))
    assert sorted((status, placed["moved"]) for status, placed in answers) == [(200, False)] * 4 + [(200, True)]
    assert (await told(running, item["participant"])).count("participant.moved") == 1


async def test_a_class_list_moves_pupils_within_the_school(running: Registration) -> None:
    line = pupil("mv-5")
    await running.enter(line)
    (item,) = await running.enter(line, occurred_at=OCTOBER, **{"class": "7Б"})
    assert (item["status"], item["moved_from"]) == ("known", "7А")
    (event,) = [e for e in await running.of(item["participant"]) if e.event.type == "participant.moved.v1"]
    assert (event.day.isoformat(), event.event.key) == ("2020-10-01", item["participant"])
    (again,) = await running.enter(line, occurred_at=OCTOBER, **{"class": "7Б"})
    assert "moved_from" not in again


async def test_an_archived_pupil_is_listed_apart_until_restored(running: Registration) -> None:
    (item,) = await running.enter(pupil("ar-1"))
    id, listed = item["participant"], f"/schools/{SCHOOL.id}/participants?season=2020"

    async def there(archived: bool) -> bool:
        status, page = await running.call("GET", f"{listed}&archived={str(archived).lower()}", grants=[NAVIGATOR])
        assert status == 200, page
        return id in {shown["participant"] for shown in page["items"]}

    body = {"reason": "left", "occurred_at": OCTOBER}
    status, away = await running.call("POST", f"/participants/{id}/archive", body, grants=[NAVIGATOR])
    assert (status, away) == (200, {"participant": id, "archived": "left", "archived_at": OCTOBER})
    assert [await there(archived) for archived in (False, True)] == [False, True]
    (refused,) = await running.enter(pupil("ar-1"))
    assert refused["problem"]["type"] == "participant-archived"
    assert (await move(running, id))[1]["type"] == "participant-archived"
    assert (await running.call("POST", f"/participants/{id}/archive", {"reason": "moved"}, grants=[NAVIGATOR]))[
        0
    ] == 422
    assert (await running.call("DELETE", f"/participants/{id}/archive", grants=[OTHER_SCHOOL]))[0] == 404
    status, back = await running.call("DELETE", f"/participants/{id}/archive", grants=[NAVIGATOR])
    assert (status, back["archived"], back["archived_at"]) == (200, None, None)
    assert [await there(archived) for archived in (False, True)] == [True, False]
    assert (await told(running, id))[-2:] == ["participant.archived", "participant.restored"]


async def codes(running: Registration, id: str, method: str = "GET", owner: str = "") -> dict[str, dict[str, Any]]:
    path = f"/participants/{id}/codes" + (f"/{owner}" if owner else "")
    status, answer = await running.call(method, path, grants=[NAVIGATOR])
    assert status == 200, answer
    return {code["owner"]: code for code in answer["codes"]}


async def test_a_leaked_code_is_useless_once_the_cabinet_is_closed(running: Registration) -> None:
    mother = {"ref": "mother-u", "name": "Кузнецова Вера"}
    child, sibling = await running.enter(pupil("un-1", guardian=mother), pupil("un-2", guardian=mother))
    id, guardian = child["participant"], child["guardian"]
    assert (await running.redeem(child["link_code"], "thief"))[0] == 200
    refused = await running.redeem(sibling["link_code"], "mother-u")
    assert refused == (409, "guardian-linked-elsewhere")
    status, _ = await running.call("DELETE", f"/participants/{id}/links/{guardian}", grants=[NAVIGATOR])
    assert status == 200
    assert await running.redeem(child["link_code"], "thief") == (404, "code-unknown")
    _, me = await running.call("GET", "/me", grants=[{"role": "guardian"}], subject="thief")
    assert me["items"] == []
    fresh = (await codes(running, id))[guardian]
    assert (fresh["state"], fresh["name"]) == ("open", "Кузнецова Вера")
    for code in (fresh["code"], sibling["link_code"]):
        assert (await running.redeem(code, "mother-u"))[0] == 200
    assert (await codes(running, id))[guardian]["state"] == "redeemed"
    assert (await told(running, id))[-3:] == ["guardian.linked", "guardian.unlinked", "guardian.linked"]


async def test_a_family_closes_its_own_cabinets_alone(running: Registration) -> None:
    mother, father = {"ref": "mother-v", "name": "Орлова Анна"}, {"ref": "father-v", "name": "Орлов Олег"}
    (item,) = await running.enter(pupil("un-3", guardian=mother, guardians=[father]))
    id = item["participant"]
    hers, his = item["guardians"]
    for named, subject in ((hers, "mother-v"), (his, "father-v")):
        assert (await running.redeem(named["link_code"], subject))[0] == 200
    assert (await running.redeem(item["account_code"], "child-v", "pupil"))[0] == 200

    async def close(owner: str, subject: str, role: str) -> int:
        path = f"/participants/{id}/links/{owner}"
        return (await running.call("DELETE", path, grants=[{"role": role}], subject=subject))[0]

    assert await close(his["guardian"], "mother-v", "guardian") == 404
    assert await close("self", "mother-v", "guardian") == 404
    assert await close(hers["guardian"], "mother-v", "pupil") == 404
    assert await close(hers["guardian"], "mother-v", "guardian") == 200
    assert await close(hers["guardian"], "mother-v", "guardian") == 404, "she is no longer family"
    assert await close("self", "child-v", "pupil") == 200
    closed = [e.event for e in await running.of(id) if e.event.type.split(".")[1] == "unlinked"]
    assert [(event.type, getattr(event, "by", None)) for event in closed] == [
        ("guardian.unlinked.v1", "family"),
        ("account.unlinked.v1", "family"),
    ]
    _, shown = await running.call("GET", f"/participants/{id}", grants=[NAVIGATOR])
    assert [guardian["linked"] for guardian in shown["guardians"]] == [False, True]
    assert shown["account_linked"] is False


async def test_a_code_is_revoked_and_issued_anew(running: Registration) -> None:
    (item,) = await running.enter(pupil("co-1"))
    id, guardian = item["participant"], item["guardian"]
    revoked = (await codes(running, id, "DELETE", guardian))[guardian]
    assert (revoked["state"], revoked["code"], revoked["expires"]) == ("revoked", None, None)
    assert await running.redeem(item["link_code"], "someone") == (404, "code-unknown")
    (again,) = await running.enter(pupil("co-1"))
    assert "link_code" not in again
    issued = (await codes(running, id, "POST", guardian))[guardian]
    assert (issued["state"], issued["code"] != item["link_code"]) == ("open", True)
    assert (await running.redeem(issued["code"], "mother-co"))[0] == 200
    path = f"/participants/{id}/codes/{guardian}"
    status, refused = await running.call("POST", path, grants=[NAVIGATOR])
    assert (status, refused["type"]) == (409, "code-redeemed")
    for method, owner in (("POST", "nobody"), ("DELETE", "nobody")):
        status, refused = await running.call(method, f"/participants/{id}/codes/{owner}", grants=[NAVIGATOR])
        assert (status, refused["type"]) == (404, "not-found")
    assert await told(running, id) == ["participant.registered", "consent.given", "guardian.linked"]


@pytest.mark.parametrize("round_", range(3))
async def test_who_closes_one_cabinet_while_a_sibling_s_is_opened_loses_neither(
    running: Registration, round_: int
) -> None:
    mother = {"ref": f"race-{round_}", "name": "Белова Нина"}
    one, other = await running.enter(pupil(f"ra-{round_}-1", guardian=mother), pupil(f"ra-{round_}-2", guardian=mother))
    subject = f"race-{round_}"
    assert (await running.redeem(one["link_code"], subject))[0] == 200
    close = running.call("DELETE", f"/participants/{one['participant']}/links/{one['guardian']}", grants=[NAVIGATOR])
    (closed, _), (opened, _) = await asyncio.gather(close, running.redeem(other["link_code"], subject))
    assert (closed, opened) == (200, 200)
    _, me = await running.call("GET", "/me", grants=[{"role": "guardian"}], subject=subject)
    assert [shown["participant"] for shown in me["items"]] == [other["participant"]]
