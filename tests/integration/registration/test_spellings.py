"""One pupil, one guardian and one class, whichever way they are written, over a real service and its old rows."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.registration.codes import Codes
from services.registration.respelling import respell
from shared.identity.key_ring import KeyRing
from shared.identity.keys import derive
from shared.identity.vault import Vault
from tests.builders.registration import SCHOOL, pupil, roster
from tests.drivers.registration import NAVIGATOR, Registration, registration

REFS = ["17-а", " 17-А", "17 – A\u00a0", "１７-a", "17-\u200bа", "\ufeff17\u2212А"]
CLASSES = ["8А", "8A", "8а", "8 «a»", "8-А", "08А", "８ А\u200b"]
"""One key and one class as people write them."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        yield service


def line(ref: str, guardian: str, **changed: Any) -> dict[str, Any]:
    """A pupil of grade 8 with a guardian, by the school's own keys."""
    return pupil(ref, grade=8, birth_date="2006-05-17", guardian={"ref": guardian, "name": "Мать"}, **changed)


async def test_the_same_roster_in_every_spelling_creates_nothing_new(running: Registration) -> None:
    (first,) = await running.enter(line(REFS[0], REFS[0], name="Иванов Пётр"), **{"class": CLASSES[0]})
    before = await running.documents()
    narrowed = [{**NAVIGATOR, "classes": [CLASSES[1]]}]
    for spelling, name in zip(REFS + REFS, CLASSES * 2, strict=False):
        sent = roster([line(spelling, spelling, name="\u00a0Иванов  Пётр\u200b")], **{"class": name})
        status, answer = await running.call("POST", "/rosters", sent, grants=narrowed)
        (item,) = answer["items"]
        assert (status, item["status"]) == (200, "known"), item
        assert {**item, "status": "created"} == {**first, "external_ref": item["external_ref"]}
    assert await running.documents() == before
    status, seen = await running.call("GET", f"/participants/{first['participant']}%20", grants=narrowed)
    assert (status, seen["class"], seen["external_ref"]) == (200, CLASSES[0], REFS[0])
    listed = f"/schools/{SCHOOL.id}/participants?season=2020"
    for name in CLASSES:
        _, page = await running.call("GET", listed, grants=[{**NAVIGATOR, "classes": [name]}])
        assert first["participant"] in [item["participant"] for item in page["items"]]


async def test_one_roster_lists_a_key_once_and_a_guardian_is_one_for_siblings(running: Registration) -> None:
    lines = [line("s-1", "МАТЬ 5"), line("S–1", "МАТЬ 5"), line("s-2", " мать\u20035 ")]
    items = await running.enter(*lines, **{"class": "8Б"})
    assert [item["status"] for item in items] == ["created", "rejected", "created"]
    assert items[1]["problem"]["errors"][0]["pointer"] == "/pupils/1/external_ref"
    assert items[0]["guardian"] == items[2]["guardian"]


@pytest.mark.parametrize("name", ["\u200b", "Ива\x00нов", "Ива\nнов", "\u202e\u2066", "\ue000", "\ud800"])
async def test_a_name_that_is_no_text_is_refused_by_field(running: Registration, name: str) -> None:
    before = await running.documents()
    (item,) = await running.enter(pupil("n1", name=name))
    assert (item["status"], item["problem"]["errors"][0]["pointer"]) == ("rejected", "/pupils/0/name")
    school = {"kind": "school", "name": name, "parent": "RU-ROS-001"}
    status, answer = await running.define("RU-ROS-001-N1", **school)
    assert (status, answer["errors"][0]["pointer"]) == (422, "/name")
    assert await running.documents() == before


async def test_an_organisation_s_code_that_differs_by_case_alone_is_taken(running: Registration) -> None:
    school = {"kind": "school", "name": "Школа", "parent": "RU-ROS-001", "level": "main"}
    for code in (SCHOOL.id.lower(), SCHOOL.id.replace("S", "s")):
        status, answer = await running.define(code, **school)
        assert (status, answer["type"], answer["errors"][0]["pointer"]) == (409, "code-taken", "path:code")
    assert (await running.define(SCHOOL.id, **school))[0] == 200


async def test_twins_that_are_entered_at_the_same_time_are_not_both_taken(running: Registration) -> None:
    town = {"kind": "municipality", "name": "Город", "parent": "RU-ROS"}
    for number in range(5):
        codes = [f"RU-ROS-tw{number}", f"RU-ROS-TW{number}"]
        answers = await asyncio.gather(*(running.define(code, **town) for code in codes))
        assert sorted(status for status, _ in answers) == [200, 409]


@pytest.mark.parametrize("code", ["ru-mow-001", "Ru-Mow", "RU-mow", "ru"])
async def test_a_region_s_operator_takes_no_code_of_another_region_by_its_case(
    running: Registration, code: str
) -> None:
    town = {"kind": "municipality", "name": "Город", "parent": "RU-ROS"}
    status, answer = await running.define(code, **town)
    assert (status, answer["errors"][0]["pointer"]) == (422, "path:code")


async def test_a_name_is_shown_without_what_cannot_be_seen(running: Registration) -> None:
    (item,) = await running.enter(pupil("n2", name=" Ива\u200bнов\u202e\u00a0 Пе\u0308тр "))
    _, seen = await running.call("GET", f"/participants/{item['participant']}", grants=[NAVIGATOR])
    assert seen["name"] == "Иванов Пётр"


async def test_a_code_finds_its_pupil_as_people_type_it(running: Registration) -> None:
    (item,) = await running.enter(pupil("t1"))
    code = item["link_code"].translate(str.maketrans("01ABCEHKMPTXY", "Оlавсенкмртху"))
    for number, typed in enumerate([f" {code[:4]}\u2013{code[4:8]} {code[8:]}", code.upper()]):
        answer = await running.redeem(typed, "t-mother")
        assert answer == (200, (item["participant"], item["guardian"])), number


async def test_old_rows_are_folded_and_doubles_are_told_and_found_by_their_own_spelling(running: Registration) -> None:
    named = {"name": "Сидоров Павел"}
    items = await running.enter(
        line("o-1", "mother-og", **named), line("o-2", "mother-og", **named, namesake=True), **{"class": "8В"}
    )
    ids = [item["participant"] for item in items]
    await _age(running, ids[0], "o-1 ", "8 B")
    await _age(running, ids[1], "О-1", "8в")
    guardians = running.mongo["guardians"]
    await guardians.update_one(
        {"_id": items[0]["guardian"]}, {"$set": {"ref": "mother-og "}, "$unset": {"ref_key": ""}}
    )
    (hidden,) = await running.enter(pupil("o-3"))
    await _age(running, hidden["participant"], "\u200b", "7А")
    before = await running.documents()
    told = sorted(await _migrated(running), key=len)
    assert hidden["participant"] in told[0]
    assert [all(id in text for id in ids) for text in told] == [False, True]
    assert not any(text in told[1] for text in ("o-1", "О-1", "mother-og"))
    rows = await running.mongo["participants"].find({"_id": {"$in": ids}}).sort("_id", 1).to_list(None)
    assert [row["place"]["school_class"] for row in rows] == ["8В", "8В"]
    assert [row.get("ref_key") for row in rows] == ["O-1", None]
    assert sorted(await _migrated(running), key=len) == told
    for spelling, known in (("О-1", ids[1]), ("o–1", rows[0]["_id"])):
        (found,) = await running.enter(line(spelling, "MOTHER-OG", **named), **{"class": "8В"})
        assert (found["status"], found["participant"]) == ("known", known)
    assert await running.documents() == before


async def test_a_row_that_an_older_process_writes_is_found_by_its_spelling_and_folded_again(
    running: Registration,
) -> None:
    (item,) = await running.enter(pupil("w-1"))
    await _age(running, item["participant"], "w-1", "7А")
    (again,) = await running.enter(pupil("w-1"))
    assert again == {**item, "status": "known"}
    await _migrated(running)
    (again,) = await running.enter(pupil("W – 1"))
    assert (again["status"], again["participant"]) == ("known", item["participant"])


async def test_a_name_of_the_release_before_is_shown_without_what_cannot_be_seen(running: Registration) -> None:
    (item,) = await running.enter(pupil("v-1"))
    vault = Vault(KeyRing.of(running.settings), os.urandom)
    sealed = vault.seal(item["participant"], {"name": " Ива\u200bнов ", "birth_date": "2007-05-17"})
    await running.mongo["vault"].replace_one({"_id": item["participant"]}, sealed)
    _, seen = await running.call("GET", f"/participants/{item['participant']}", grants=[NAVIGATOR])
    assert (seen["name"], seen["birth_date"]) == ("Иванов", "2007-05-17")


async def test_a_code_of_the_release_before_is_stored_as_today(running: Registration) -> None:
    (item,) = await running.enter(pupil("d1"))
    row = await running.mongo["participants"].find_one({"_id": item["participant"]})
    codes = Codes(derive(running.settings.master_key, "codes"))
    assert row is not None
    assert codes.digest(item["link_code"]) in [code["digest"] for code in row["codes"]]


async def _age(running: Registration, participant: str, ref: str, name: str) -> None:
    """The row as the release before wrote it."""
    change = {"$set": {"external_ref": ref, "place.school_class": name}, "$unset": {"ref_key": ""}}
    await running.mongo["participants"].update_one({"_id": participant}, change)


async def _migrated(running: Registration) -> list[str]:
    """As `bilet migrate` does, which has none of the secrets."""
    return await respell(running.mongo, running.settings.model_copy(update={"master_key": b""}))
