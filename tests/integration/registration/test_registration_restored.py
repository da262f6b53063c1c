"""Registration put back from a backup: it learns from its own topics what it has published since, before it serves."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.contracts.event import Envelope
from tests.builders.events import season
from tests.builders.registration import SCHOOL, minor
from tests.drivers.backups import Backup, assert_numbered_once
from tests.drivers.registration import NAVIGATOR, REGIONAL, Registration, registration

EVENTS, CATALOGUE = "registration.events.v1", "registration.catalogue.v1"
NEXT_SCHOOL = "RU-ROS-001-S02"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        await service.learn(season(closes="2099-12-16"), 2)
        yield service


async def done(running: Registration, method: str, path: str, body: Any = None, **who: Any) -> dict[str, Any]:
    status, answer = await running.call(method, path, body, **(who or {"grants": [REGIONAL]}))
    assert status < 300, answer
    return answer


async def history(running: Registration) -> list[Envelope]:
    return [*await running.published(CATALOGUE), *await running.published(EVENTS)]


async def linked(running: Registration, item: dict[str, Any]) -> None:
    assert (await running.redeem(item["link_code"], f"mother of {item['participant']}"))[0] == 200
    assert (await running.redeem(item["account_code"], f"self {item['participant']}", "pupil"))[0] == 200


async def test_what_was_published_since_the_backup_holds_and_is_published_once(running: Registration) -> None:
    entered = await running.enter(*(minor(f"re-{n}") for n in range(8)))
    ids = [item["participant"] for item in entered]  # 0 moves, 2 and 3 merge, 4 is erased, 5 archived; 1 and 7 part
    family = entered[6]
    await linked(running, entered[3])
    await done(running, "POST", "/merges", {"survivor": ids[1], "duplicate": ids[7]})
    await running.know({}, 0, "outbox")
    await running.child.stop()
    await running.start("api")
    (late,) = await running.enter(minor("re-waiting"))  # no relay runs: it waits in the outbox of the backup
    backup = Backup.of(running.settings, "registration")
    assert backup.rows["outbox"]
    await running.child.stop()
    await running.start()

    await linked(running, family)
    move = {"school": NEXT_SCHOOL, "class": "7Б", "external_ref": "another key"}
    await done(running, "POST", f"/participants/{ids[0]}/moves", move)
    await done(running, "POST", "/merges", {"survivor": ids[2], "duplicate": ids[3]})
    await done(running, "DELETE", f"/merges/{ids[7]}")
    act = (await done(running, "DELETE", f"/participants/{ids[4]}"))["act"]
    await done(running, "POST", f"/participants/{ids[5]}/archive", {"reason": "left"})
    (lost, lost_and_erased) = await running.enter(minor("re-lost"), minor("re-lost-2"))
    await linked(running, lost)
    await done(running, "DELETE", f"/participants/{lost_and_erased['participant']}")
    await running.define("RU-ROS-001-S09", kind="school", name="Новая школа", parent="RU-ROS-001")
    await done(running, "PUT", "/organisations/RU-ROS-001/targets/2020", {"pupils": 7})
    mother = entered[5]["guardian"]
    her_act = (await done(running, "DELETE", f"/guardians/{mother}"))["act"]
    out = {"org": NEXT_SCHOOL, "account": running.account("put out")}
    await done(running, "POST", "/staff/exclusions", out)
    before, shown = await history(running), await _shown(running, ids)
    assert_numbered_once(before)

    await running.child.stop()
    backup.put_back()
    await asyncio.gather(running.start(), _beside(running))  # both begin at once; one of them reads the topics
    assert await history(running) == before, "nothing is published again"
    rows = await running.mongo["participants"].find({}).to_list(None)
    last = Counter({event.subject: int(event.sequence) for event in before})
    assert {row["_id"]: row["sequence"] for row in rows} == {id: last[id] for id in (row["_id"] for row in rows)}
    assert {*ids, late["participant"], lost["participant"]} <= {row["_id"] for row in rows}

    # The erased are erased, with their keys, and the act is the one of before.
    gone = [ids[4], entered[4]["guardian"], mother, lost_and_erased["participant"]]
    for collection in ("vault", "vault_keys", "guardians"):
        assert await running.mongo[collection].count_documents({"_id": {"$in": gone}}) == 0
    assert (await running.call("GET", f"/participants/{ids[4]}", grants=[REGIONAL]))[0] == 404
    read = await done(running, "GET", f"/acts/{act['number']}")
    assert (read["erased_at"], read["waiting"]) == (act["erased_at"], ["trials", "notifications"])
    assert read["cleared"][0]["rows"]["vault"] == 2

    read = await done(running, "GET", f"/acts/{her_act['number']}")
    assert (read["erased_at"], read["state"]) == (her_act["erased_at"], "open")

    # Moved, merged, parted, archived, linked: all is shown as before, but for the key that only the next school knows.
    assert (shown[ids[0]]["external_ref"], shown[ids[0]]["school"]) == ("another key", NEXT_SCHOOL)
    assert (shown[ids[3]]["participant"], shown[ids[7]]["participant"]) == (ids[2], ids[7])
    assert await _shown(running, ids) == {**shown, ids[0]: {**shown[ids[0]], "external_ref": "re-0"}}
    _, me = await running.call("GET", "/me", grants=[{"role": "guardian"}], subject=f"mother of {ids[6]}")
    assert [shown["participant"] for shown in me["items"]] == [ids[6]]
    assert (await done(running, "GET", "/organisations/RU-ROS-001-S09"))["name"] == "Новая школа"

    # What no event tells is listed, and a pupil who is entered again is merged with the entry of before.
    losses = (await done(running, "GET", "/losses"))["items"]
    assert {(loss["participant"], loss["lacking"]) for loss in losses} == {
        (ids[0], "external_ref"),
        (lost["participant"], "entry"),
    }
    status, again = await running.call("POST", "/rosters", _roster_there("another key"), grants=[REGIONAL])
    assert (status, again["items"][0]["problem"]["type"]) == (200, "child-known"), again
    (new,) = await running.enter(minor("re-lost"))
    merging = {"survivor": new["participant"], "duplicate": lost["participant"]}
    assert (await done(running, "POST", "/merges", merging))["state"] == "merged"
    view = await done(running, "GET", f"/participants/{lost['participant']}")
    assert (view["participant"], view["account_linked"]) == (new["participant"], True)
    assert lost["participant"] not in {loss["participant"] for loss in (await done(running, "GET", "/losses"))["items"]}

    # Everything goes on behind what was published.
    await done(running, "DELETE", f"/merges/{ids[3]}")
    await done(running, "DELETE", f"/participants/{ids[5]}/archive")
    await done(running, "POST", f"/participants/{ids[0]}/moves", {"school": SCHOOL.id, "class": "7А"})
    await done(running, "DELETE", f"/participants/{ids[6]}/links/{family['guardian']}", grants=[NAVIGATOR])
    await running.define("RU-ROS-001-S09", kind="school", name="Школа № 9", parent="RU-ROS-001")
    (excluded,) = (await done(running, "GET", f"/staff/exclusions?org={NEXT_SCHOOL}"))["items"]
    assert excluded["account"] == out["account"]
    await done(running, "DELETE", f"/staff/exclusions/{excluded['exclusion']}")
    after = await history(running)
    assert len(after) > len(before)
    assert_numbered_once(after)


async def _shown(running: Registration, ids: Sequence[str]) -> dict[str, Any]:
    """The pupils as staff see them, those who are not erased."""
    answers = {id: await running.call("GET", f"/participants/{id}", grants=[REGIONAL]) for id in ids}
    return {id: answer for id, (status, answer) in answers.items() if status == 200}


async def _beside(running: Registration) -> None:
    async with running.replica():
        pass


def _roster_there(ref: str) -> dict[str, Any]:
    line = {**minor("re-0"), "external_ref": ref}
    head = {"season": "2020", "school": NEXT_SCHOOL, "class": "7Б", "occurred_at": "2020-10-14T10:00:00+03:00"}
    return {**head, "pupils": [line]}
