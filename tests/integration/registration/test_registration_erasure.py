"""Erasure over HTTP on real Kafka and MongoDB: the vault is emptied at once, and the act is closed by answers."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.contracts.event import Envelope
from shared.contracts.notifications import FamilyErased
from shared.contracts.trials import PathErased
from shared.programme.texts import ref_key
from tests.builders.events import PLACE, enveloped
from tests.builders.registration import SCHOOL, pupil
from tests.drivers.consumers import eventually, publish
from tests.drivers.registration import MUNICIPAL, NAVIGATOR, REGIONAL, Registration, erase, registration


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        yield service


def rows_of(act: dict[str, Any]) -> tuple[int, ...]:
    """The rows of pupils, names and guardians that registration has destroyed."""
    rows = act["cleared"][0]["rows"]
    return tuple(rows[name] for name in ("participants", "vault", "guardians"))


async def everything(running: Registration) -> str:
    """All that the service's database holds."""
    names = await running.mongo.collections()
    return "".join([repr(await running.mongo[name].find({}).to_list(None)) for name in names])


def answers(id: str, act: str) -> list[Envelope]:
    fields = {**PLACE, "participant": id, "act": act}
    return [
        enveloped(PathErased(**fields, rows={"attempts": 2})),
        enveloped(FamilyErased(**fields, rows={"notices": 3, "families": 1})),
    ]


async def test_a_pupil_is_erased_at_once_and_the_act_waits_for_the_others(running: Registration) -> None:
    (item,) = await running.enter(pupil("Ключ-ER1"))
    id, guardian = item["participant"], item["guardian"]
    assert (await running.redeem(item["link_code"], "mother-er1"))[0] == 200
    status, answer = await erase(running, id)
    assert status == 200, answer
    act = answer["act"]
    assert (act["state"], act["closed_at"], act["waiting"]) == ("open", None, ["trials", "notifications"])
    assert rows_of(act) == (1, 2, 1)
    assert [(proof["version"], proof["channel"]) for proof in act["consents"]] == [("2020-1", "paper")]
    assert await erase(running, id) == (200, answer)

    async def names_nobody() -> bool:
        held = await everything(running)
        return not any(person in held for person in (guardian, "Ключ-ER1", ref_key("Ключ-ER1")))

    await eventually(names_nobody)
    assert await running.mongo["vault"].count_documents({"_id": {"$in": [id, guardian]}}) == 0

    for sent in answers(id, act["number"]) * 2:
        await publish(running.settings, sent)

    async def closed() -> bool:
        _, read = await running.call("GET", f"/acts/{act['number']}", grants=[REGIONAL])
        return bool(read["state"] == "closed")

    await eventually(closed)
    _, read = await running.call("GET", f"/acts/{act['number']}", grants=[MUNICIPAL])
    assert {cleared["service"]: cleared["rows"] for cleared in read["cleared"]} == {
        "registration": act["cleared"][0]["rows"],
        "trials": {"attempts": 2},
        "notifications": {"notices": 3, "families": 1},
    }
    assert read["waiting"] == []


async def test_nothing_can_be_done_for_one_who_was_erased(running: Registration) -> None:
    (item,) = await running.enter(pupil("er-2"))
    id, listed = item["participant"], f"/schools/{SCHOOL.id}/participants?season=2020"
    assert (await erase(running, id))[0] == 200
    move = {"school": SCHOOL.id, "class": "7Б"}
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "Кто-то Другой"}),
        ("POST", "/moves", move),
        ("POST", "/archive", {"reason": "left"}),
        ("GET", "/codes", None),
        ("DELETE", "/links/self", None),
        ("POST", "/consents", {"version": "1", "channel": "paper"}),
    ):
        status, refused = await running.call(method, f"/participants/{id}{path}", body, grants=[NAVIGATOR])
        assert (status, refused["type"]) == (404, "not-found"), path
    for code, role in ((item["link_code"], "guardian"), (item["account_code"], "pupil")):
        assert await running.redeem(code, "late", role) == (404, "code-unknown")
    _, page = await running.call("GET", listed, grants=[NAVIGATOR])
    assert id not in {shown["participant"] for shown in page["items"]}
    row = await running.mongo["participants"].find_one({"_id": id})
    assert row is not None
    for ref in (row["external_ref"], row["external_ref"].strip(), f"erased:{row['external_ref'][1:]}"):
        (tried,) = await running.enter(pupil(ref, name=f"Некто {ref!r}"))
        assert tried.get("participant") != id
    (again,) = await running.enter(pupil("er-2"))
    assert (again["status"], again["participant"] != id) == ("created", True)


async def test_a_guardian_of_a_sibling_stays(running: Registration) -> None:
    mother = {"ref": "mother-er3", "name": "Сомова Анна"}
    gone, stays = await running.enter(pupil("er-3", guardian=mother), pupil("er-4", guardian=mother))
    for item in (gone, stays):
        assert (await running.redeem(item["link_code"], "mother-er3"))[0] == 200
    move = {"school": "RU-ROS-001-S02", "class": "7А", "occurred_at": "2020-10-01T10:00:00+03:00"}
    path = f"/participants/{stays['participant']}/moves"
    assert (await running.call("POST", path, move, grants=[REGIONAL]))[0] == 200
    _, answer = await erase(running, gone["participant"])
    assert rows_of(answer["act"]) == (1, 1, 0)
    _, me = await running.call("GET", "/me", grants=[{"role": "guardian"}], subject="mother-er3")
    assert [shown["participant"] for shown in me["items"]] == [stays["participant"]]
    _, last = await erase(running, stays["participant"])
    assert rows_of(last["act"]) == (1, 2, 1)


async def test_who_erases_at_once_gets_one_act(running: Registration) -> None:
    (item,) = await running.enter(pupil("er-5"))
    found = await asyncio.gather(*(erase(running, item["participant"]) for _ in range(5)))
    assert {status for status, _ in found} == {200}
    assert len({answer["act"]["number"] for _, answer in found}) == 1
    types = [envelope.event.type for envelope in await running.of(item["participant"])]
    assert types.count("participant.erased.v1") == 1


async def test_only_operators_of_the_place_erase(running: Registration) -> None:
    (item,) = await running.enter(pupil("er-6"))
    before = await running.documents()
    for grants, status in (
        ([NAVIGATOR], 403),
        ([{"role": "guardian"}], 403),
        ([{**REGIONAL, "org": "RU-AMU"}], 404),
        ([{**MUNICIPAL, "org": "RU-ROS-002"}], 404),
    ):
        assert (await erase(running, item["participant"], grants))[0] == status
    assert (await running.call("GET", "/acts/2020-01-01-nobody", grants=[REGIONAL]))[0] == 404
    assert await running.documents() == before


async def test_a_transfer_and_a_correction_go_with_the_pupil(running: Registration) -> None:
    (item,) = await running.enter(pupil("er-7"))
    id = item["participant"]
    await running.call("PATCH", f"/participants/{id}", {"name": "Иванов Павел"}, grants=[NAVIGATOR])
    wanted = {"school": "RU-ROS-001-S02", "class": "7А", "name": "Иванов Павел", "birth_date": "2007-05-17"}
    status, _ = await running.call("POST", "/transfers", wanted, grants=[REGIONAL])
    assert status == 200
    _, answer = await erase(running, id)
    rows = answer["act"]["cleared"][0]["rows"]
    assert (rows["transfers"], rows["corrections"]) == (1, 1)
    for name in ("transfers", "corrections"):
        assert await running.mongo[name].count_documents({"participant": id}) == 0


async def test_a_guardian_whom_a_roster_names_meanwhile_is_not_destroyed(running: Registration) -> None:
    for n in range(5):
        mother = {"ref": f"mother-er8-{n}", "name": "Лесная Анна"}
        (gone,) = await running.enter(pupil(f"er-8-{n}", guardian=mother))
        _, (new,) = await asyncio.gather(
            erase(running, gone["participant"]), running.enter(pupil(f"er-9-{n}", guardian=mother))
        )
        assert await running.mongo["vault"].count_documents({"_id": new["guardian"]}) == 1
        assert (await running.redeem(new["link_code"], f"mother-er8-{n}"))[0] == 200
