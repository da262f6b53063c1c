"""Guardians are erased over HTTP on real Kafka and MongoDB: their children stay, and acts wait for every child."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.contracts.event import Envelope
from shared.contracts.guardians import ActorErased, GuardianErased, ReaderErased
from shared.http.audit import ACTORS
from shared.programme.texts import ref_key
from tests.builders.events import PLACE, enveloped
from tests.builders.registration import pupil
from tests.drivers.consumers import eventually, publish
from tests.drivers.registration import MUNICIPAL, NATIONAL, NAVIGATOR, REGIONAL, Registration, erase, registration

GUARDIAN = {"role": "guardian"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        yield service


async def forget(running: Registration, id: str, *grants: Any) -> tuple[int, dict[str, Any]]:
    return await running.call("DELETE", f"/guardians/{id}", grants=list(grants) or [MUNICIPAL])


async def family(running: Registration, name: str, *refs: str) -> list[dict[str, Any]]:
    """Children of one guardian, whose cabinet of each is open."""
    items = await running.enter(*(pupil(ref, guardian={"ref": name, "name": f"Опекун {name}"}) for ref in refs))
    for item in items:
        assert (await running.redeem(item["link_code"], name))[0] == 200
    return items


async def nothing_names(running: Registration, *persons: str) -> None:
    """Returns once nothing does but the limits of rate, which are gone within minutes."""

    async def so() -> bool:
        found.clear()
        for collection in set(await running.mongo.collections()) - {"permits"}:
            held = repr(await running.mongo[collection].find({}).to_list(None))
            found.update((collection, person) for person in persons if person in held)
        return not found

    found = set[tuple[str, str]]()
    with suppress(AssertionError):  # what is found says more
        await eventually(so, 10)
    assert found == set()


def answers(act: dict[str, Any], guardian: str, *children: str) -> list[Envelope]:
    fields = {**PLACE, "guardian": guardian, "act": act["number"]}
    return [
        enveloped(kind(**fields, participant=child, rows={"rows": 1}))
        for child in children
        for kind in (ActorErased, ReaderErased)
    ]


async def test_a_guardian_is_erased_and_the_children_go_on(running: Registration) -> None:
    name = "мать-ГР1"
    one, two = await family(running, name, "гр-1", "гр-2")
    guardian, account, children = one["guardian"], running.account(name), [one["participant"], two["participant"]]
    path = f"/participants/{children[0]}/codes/{guardian}"
    assert (await running.call("DELETE", path, grants=[NAVIGATOR]))[0] == 200
    found = await asyncio.gather(*(forget(running, guardian) for _ in range(3)))
    assert {status for status, _ in found} == {200}
    (act,) = {answer["act"]["number"]: answer["act"] for _, answer in found}.values()
    assert (act["person"], act["requested_by"], act["state"]) == ("guardian", "staff", "open")
    assert act["waiting"] == ["trials", "notifications"]
    assert (act["region"], act["municipality"], act["school"]) == (PLACE["region"], "RU-ROS-001", PLACE["school"])
    assert [(proof["version"], proof["channel"]) for proof in act["consents"]] == [("2020-1", "paper")]
    assert "stay in force" in act["kept"]
    rows = act["cleared"][0]["rows"]
    assert (rows["vault"], rows["guardians"], rows["participants"]) == (1, 1, 2)

    for child in children:
        told = [envelope.event for envelope in await running.of(child)]
        erased = [event for event in told if isinstance(event, GuardianErased)]
        assert [(event.guardian, event.account) for event in erased] == [(guardian, account)]
        assert not any(event.type == "guardian.unlinked.v1" for event in told), "figures keep her"
        status, shown = await running.call("GET", f"/participants/{child}", grants=[NAVIGATOR])
        assert (status, shown["guardians"], shown["consent"]["guardian"]) == (200, [], None)

    await nothing_names(running, account, name, ref_key(name), f"Опекун {name}", one["link_code"])
    _, me = await running.call("GET", "/me", grants=[GUARDIAN], subject=name)
    assert me["items"] == []
    assert await running.redeem(one["link_code"], "late") == (404, "code-unknown")

    for sent in answers(act, guardian, *children)[:3] * 2:
        await publish(running.settings, sent)
    path = f"/acts/{act['number']}"

    async def waits_for(*services: str) -> None:
        async def so() -> bool:
            _, read = await running.call("GET", path, grants=[REGIONAL])
            return bool(read["waiting"] == list(services))

        await eventually(so)

    await waits_for("notifications")
    await publish(running.settings, answers(act, guardian, *children)[3])
    await waits_for()
    _, read = await running.call("GET", path, grants=[MUNICIPAL])
    assert [cleared["rows"] for cleared in read["cleared"][1:]] == [{"rows": 2}, {"rows": 2}]
    assert (read["state"], (await forget(running, guardian))[1]["act"]) == ("closed", read)


async def test_she_erases_herself_in_every_school_and_nothing_names_her_account(running: Registration) -> None:
    name = "мать-ГР3"
    (here,) = await family(running, name, "гр-3")
    there = await running.enter(
        pupil("гр-4", guardian={"ref": f"{name}-2", "name": "Иная Запись"}),
        school="RU-ROS-001-S02",
        by={**NAVIGATOR, "org": "RU-ROS-001-S02"},
    )
    assert (await running.redeem(there[0]["link_code"], name))[0] == 200
    child = {"name": "Просимый Олег", "birth_date": "2008-01-31", "guardian_name": "Опекун Иной"}
    asked = {"school": PLACE["school"], "class": "7А", **child}
    assert (await running.call("POST", "/requests", asked, grants=[GUARDIAN], subject=name))[0] == 200
    for grants in ([MUNICIPAL], [NAVIGATOR], [{"role": "pupil"}]):
        assert (await running.call("DELETE", "/guardians/me", grants=grants, subject=name))[0] == 403
    status, answer = await running.call("DELETE", "/guardians/me", grants=[GUARDIAN], subject=name)
    assert status == 200, answer
    assert [act["requested_by"] for act in answer["acts"]] == ["guardian", "guardian"]
    assert {act["school"] for act in answer["acts"]} == {PLACE["school"], "RU-ROS-001-S02"}
    assert sum(act["cleared"][0]["rows"]["place_requests"] for act in answer["acts"]) == 1

    await nothing_names(running, running.account(name), name)
    await running.know({"route": "DELETE /registration/guardians/me"}, 1, "audit_log")
    last = await running.mongo["audit_log"].find_one({"route": "DELETE /registration/guardians/me"})
    assert last is not None
    assert (last["actor"], set(last["participants"])) == (None, {here["participant"], there[0]["participant"]})
    assert await running.mongo[ACTORS].count_documents({"_id": running.account(name)}) == 0
    again = await running.call("DELETE", "/guardians/me", grants=[GUARDIAN], subject=name)
    assert again == (200, {"acts": []})


async def test_only_who_has_all_her_children_erases_a_guardian(running: Registration) -> None:
    town = "RU-ROS-007"
    await running.define(town, kind="municipality", name="Город", parent="RU-ROS")
    await running.define(f"{town}-S01", kind="school", name="Школа", parent=town)
    here, there = await family(running, "мать-ГР5", "гр-5", "гр-6")
    move = {"school": f"{town}-S01", "class": "7А", "occurred_at": "2020-10-01T10:00:00+03:00"}
    path = f"/participants/{there['participant']}/moves"
    assert (await running.call("POST", path, move, grants=[REGIONAL]))[0] == 200
    guardian, before = here["guardian"], await running.documents()
    for grant, status, slug in (
        (NAVIGATOR, 403, "forbidden"),
        (GUARDIAN, 403, "forbidden"),
        ({**MUNICIPAL, "org": "RU-ROS-009"}, 404, "not-found"),
        (MUNICIPAL, 403, "children-elsewhere"),
        ({**MUNICIPAL, "org": town}, 403, "children-elsewhere"),
    ):
        found, refused = await forget(running, guardian, grant)
        assert (found, refused["type"]) == (status, slug), grant
    assert "RU-ROS" in refused["detail"]
    assert (await forget(running, "nobody", NATIONAL))[0] == 404
    assert await running.documents() == before
    _, answer = await forget(running, guardian, REGIONAL)
    act = answer["act"]
    assert (act["region"], act["municipality"], act["school"]) == ("RU-ROS", None, None)
    number = f"/acts/{act['number']}"
    assert (await running.call("GET", number, grants=[REGIONAL]))[0] == 200
    assert (await running.call("GET", number, grants=[MUNICIPAL]))[0] == 404
    assert (await forget(running, guardian, MUNICIPAL))[0] == 404


async def test_of_a_merged_pupil_she_is_erased_under_both_ids(running: Registration) -> None:
    name = {"name": "Двойная Мария"}
    one, two = await running.enter(
        pupil("гр-7", guardian={"ref": "д-1", **name}), pupil("гр-8", guardian={"ref": "д-2", **name})
    )
    assert (await running.redeem(two["link_code"], "двойная"))[0] == 200
    merging = {"survivor": one["participant"], "duplicate": two["participant"]}
    assert (await running.call("POST", "/merges", merging, grants=[NAVIGATOR]))[0] == 200
    assert (await forget(running, one["guardian"]))[0] == 200
    acts = await running.mongo["acts"].find({"guardian": {"$in": [one["guardian"], two["guardian"]]}}).to_list(None)
    assert len(acts) == 2
    rows = await running.mongo["participants"].find({"_id": {"$in": list(merging.values())}}).to_list(None)
    for person in (one["guardian"], two["guardian"], running.account("двойная")):
        assert person not in repr(rows)
    assert await running.mongo["vault"].count_documents({"_id": {"$in": [one["guardian"], two["guardian"]]}}) == 0
    told = [e.event for id in merging.values() for e in await running.of(id)]
    assert {e.guardian for e in told if isinstance(e, GuardianErased)} == {one["guardian"], two["guardian"]}


async def test_with_her_last_child_she_is_erased_by_the_same_act(running: Registration) -> None:
    one, two = await family(running, "мать-ГР9", "гр-9", "гр-10")
    numbers = [(await erase(running, item["participant"]))[1]["act"]["number"] for item in (one, two)]
    told = [
        [e.event for e in await running.of(item["participant"]) if isinstance(e.event, GuardianErased)]
        for item in (one, two)
    ]
    assert told[0] == []
    assert [(event.guardian, event.act) for event in told[1]] == [(one["guardian"], numbers[1])]
    assert (await forget(running, one["guardian"]))[0] == 404


async def test_a_roster_that_names_her_meanwhile_finds_her_whole_or_enters_her_anew(running: Registration) -> None:
    for n in range(4):
        mother = {"ref": f"мать-гонка-{n}", "name": "Лесная Анна"}
        (first,) = await running.enter(pupil(f"гонка-{n}", guardian=mother))
        (_, answer), (second,) = await asyncio.gather(
            forget(running, first["guardian"]), running.enter(pupil(f"гонка-{n}-2", guardian=mother))
        )
        known = await running.mongo["vault"].count_documents({"_id": second["guardian"]})
        row = await running.mongo["participants"].find_one({"_id": second["participant"]})
        assert row is not None
        stays = second["guardian"] in row["guardians"]
        assert stays == bool(known), answer
