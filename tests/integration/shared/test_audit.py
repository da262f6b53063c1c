"""Who did it: every write and every reading of a person is on record, by nobody's name, and nobody waits for it."""

import asyncio
import json
from argparse import Namespace
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from deploy.cli import audit as verb
from deploy.local.stack import Infrastructure
from shared.base.errors import Unavailable
from shared.http.audit import ACTORS, LOG, MOST_WAITING, AuditLog, Entry
from shared.identity.acting import PRINCIPAL, Actor, about, about_nameless, serving
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from shared.runtime.service import Platform
from tests.builders.events import at
from tests.builders.trials import attempt, present, seat
from tests.drivers.trials import HOST, NAVIGATOR, Trials, trials_service


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def entries(trials: Trials, pupil: str, count: int) -> list[Mapping[str, Any]]:
    """What is on record about a pupil, once there is so much."""
    await trials.know({"participants": pupil}, count, LOG)
    found: list[Mapping[str, Any]] = [row async for row in trials.mongo[LOG].find({"participants": pupil}).sort("at")]
    return found


async def test_writes_and_readings_of_a_pupil_are_on_record(trials: Trials) -> None:
    await trials.enrol("a1")
    slot = await trials.slot()
    await trials.must("POST", "/attempts/batch", {"attempts": [attempt("a1"), attempt("gone")]}, **NAVIGATOR)
    await trials.must("POST", f"/slots/{slot}/bookings", seat("a1"), **NAVIGATOR)
    await trials.must("POST", f"/slots/{slot}/attendance", [present("a1")], **HOST)
    await trials.must("GET", "/participants/a1/path?season=2020", **NAVIGATOR)
    assert (await trials.ask("GET", "/participants/a1/path?season=1999", **NAVIGATOR)).status == 404
    found = await entries(trials, "a1", 4)
    assert [(row["route"], row["roles"], row["status"]) for row in found] == [
        ("POST /trials/attempts/batch", ["navigator"], 200),
        ("POST /trials/slots/{id}/bookings", ["navigator"], 201),
        ("POST /trials/slots/{id}/attendance", ["venue"], 200),
        ("GET /trials/participants/{participant}/path", ["navigator"], 200),
    ]
    assert found[1]["on"] == {"id": slot}
    assert await trials.mongo[LOG].count_documents({"participants": "gone"}) == 0, "what is refused changed nobody"


async def test_what_takes_back_is_on_record_with_the_pupil(trials: Trials) -> None:
    await trials.enrol("a7")
    first, second = [await trials.slot(starts_at=f"2020-10-0{day}T14:00:00+03:00") for day in (6, 7)]
    given = await trials.must("POST", f"/slots/{first}/bookings", seat("a7"), **NAVIGATOR)
    day = quote("2020-10-05T10:00:00+03:00")
    await trials.must("DELETE", f"/bookings/{given['booking']}?occurred_at={day}", **NAVIGATOR)
    await trials.must("POST", f"/slots/{second}/bookings", seat("a7"), **NAVIGATOR)
    attended = await trials.must("POST", f"/slots/{second}/attendance", [present("a7", "2020-10-07")], **HOST)
    revoked = f"/attendance/{attended['items'][0]['attendance']}/revocation"
    await trials.must("POST", revoked, {"reason": "ошибка"}, **HOST)
    found = await entries(trials, "a7", 5)
    assert [row["route"] for row in found if row["route"].split()[0] == "DELETE" or "revocation" in row["route"]] == [
        "DELETE /trials/bookings/{id}",
        "POST /trials/attendance/{id}/revocation",
    ]


async def test_white_space_around_an_id_hides_nobody(trials: Trials) -> None:
    await trials.enrol("a8")
    for path in ("path", "bookings"):
        await trials.must("GET", f"/participants/%20a8%C2%A0/{path}?season=2020", **NAVIGATOR)
    found = await entries(trials, "a8", 2)
    assert [(row["participants"], row["on"]) for row in found] == [(["a8"], {"participant": "a8"})] * 2


async def test_a_state_says_who_changed_it_last(trials: Trials) -> None:
    await trials.enrol("a2")
    slot = await trials.slot(starts_at="2020-11-20T14:00:00+03:00")
    await trials.must("POST", f"/slots/{slot}/bookings", seat("a2"), **NAVIGATOR)
    path = await trials.mongo["paths"].find_one({"_id": "a2/2020"})
    assert path is not None
    assert path["changed"] == {
        "by": trials.account("someone"),
        "roles": ["navigator"],
        "route": "POST /trials/slots/{id}/bookings",
    }
    await trials.withdraw("a2", at("2020-11-10"))
    await trials.know({"_id": "a2/2020", "changed.route": "trials.participants.2"}, 1, "paths")
    season = await trials.mongo["seasons"].find_one({"_id": "2020"})
    assert season is not None
    assert season["changed"]["route"] == "PUT /trials/seasons/{season}"
    told = [json.dumps(e.event.model_dump(mode="json")) for e in await trials.published("trials.events.v1")]
    assert not [event for event in told if trials.account("someone") in event]


async def test_every_row_that_a_request_writes_says_so(trials: Trials) -> None:
    await trials.enrol("a6")
    await trials.must("POST", "/attempts/batch", {"attempts": [attempt("a6")]}, **NAVIGATOR)
    rows = {"attempts": {"path": "a6/2020"}, "instruments": {"_id": "readiness"}, "competencies": {}, "slots": {}}
    found = {name: await trials.mongo[name].find_one(query) for name, query in rows.items()}
    told = {name: row and (row["changed"]["roles"], row["changed"]["route"]) for name, row in found.items()}
    assert told == {
        "attempts": (["navigator"], "POST /trials/attempts/batch"),
        "instruments": (["national-operator"], "PUT /trials/diagnostics/{code}"),
        "competencies": (["national-operator"], "PUT /trials/competencies/{code}"),
        "slots": (["venue"], "POST /trials/slots"),
    }


async def test_requests_that_share_a_transaction_are_each_their_own(trials: Trials) -> None:
    await trials.enrol("g1", "g2", "g3")
    slot = await trials.slot(starts_at="2020-11-21T14:00:00+03:00")
    operator = {"role": "municipal-operator", "org": "RU-ROS-001"}
    await asyncio.gather(
        *(
            trials.must("POST", f"/slots/{slot}/bookings", seat(id), **who)
            for id, who in (("g1", NAVIGATOR), ("g2", operator), ("g3", NAVIGATOR))
        )
    )
    rows = {row["_id"]: row["changed"]["roles"] async for row in trials.mongo["paths"].find({"_id": {"$regex": "^g"}})}
    assert rows == {"g1/2020": ["navigator"], "g2/2020": ["municipal-operator"], "g3/2020": ["navigator"]}


async def test_an_actor_who_is_taken_out_of_the_table_is_in_no_entry(trials: Trials) -> None:
    await trials.enrol("a3")
    await trials.link("a3", "mother")
    family = {"role": "guardian", "org": "mother"}
    await trials.must("GET", "/participants/a3/path?season=2020", **family)
    (entry,) = await entries(trials, "a3", 1)
    account = trials.account("mother")
    known = await trials.mongo[ACTORS].find_one({"_id": account})
    assert known is not None
    assert known["actor"] == entry["actor"]
    assert account not in str(entry)
    await trials.mongo[ACTORS].delete_one({"_id": account})
    await trials.must("GET", "/participants/a3/path?season=2020", **family)
    again = await entries(trials, "a3", 2)
    assert again[0]["actor"] != again[1]["actor"], "a later act leads to nothing earlier"


async def test_entries_are_forgotten_and_read_by_the_verb(
    trials: Trials, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await trials.enrol("a4")
    await trials.must("POST", "/attempts", attempt("a4"), **NAVIGATOR)
    (entry,) = await entries(trials, "a4", 1)
    assert entry["expires"] - entry["at"] == timedelta(days=trials.settings.audit_days)
    index = (await trials.mongo[LOG].index_information())["expires_1"]
    assert index["expireAfterSeconds"] == 0
    monkeypatch.setattr("deploy.cli.installation.servers", lambda _: trials.settings)
    asked = Namespace(data=None, participant="a4", actor=None, days=1, limit=10, json=True)
    assert await verb.show(asked) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["service"], printed["route"], printed["actor"]) == (
        "trials",
        "POST /trials/attempts",
        entry["actor"],
    )


def _request(log: AuditLog, method: str) -> dict[str, Any]:
    app = type("App", (), {"state": type("State", (), {"audit": log})})
    who = Principal("s", "account", (Grant("navigator", "S1"),))
    return {"method": method, "app": app, PRINCIPAL: who, "path_params": {}, "path": "/trials/x"}


async def test_nobody_is_shown_untraced_while_the_log_cannot_be_written(platform_of: Callable[..., Platform]) -> None:
    platform = platform_of("trials")
    log = AuditLog(platform.mongo, timedelta(days=1), lambda: datetime.now(UTC))
    for _ in range(MOST_WAITING):
        log.note(_request(log, "POST"), 200)
    with serving(_request(log, "GET")), pytest.raises(Unavailable, match="audit"):
        about(["p1"])
    await log.flush()
    assert await platform.mongo[LOG].count_documents({}) == MOST_WAITING
    with serving(_request(log, "GET")):
        about(["p1"])


async def test_two_who_write_at_once_write_each_entry_once(platform_of: Callable[..., Platform]) -> None:
    platform = platform_of("registration")
    log = AuditLog(platform.mongo, timedelta(days=1), lambda: datetime.now(UTC))
    for _ in range(3_000):
        log.note(_request(log, "POST"), 200)
    entry = Entry(datetime.now(UTC), Actor("account", (), "POST /registration/imports"), ("p1",), {"import": "i"}, 200)
    await asyncio.gather(log.flush(), log.tell(entry), log.flush())
    assert await platform.mongo[LOG].count_documents({}) == 3_001


async def test_a_reading_of_persons_without_ids_is_on_record(platform_of: Callable[..., Platform]) -> None:
    platform = platform_of("registration")
    log = AuditLog(platform.mongo, timedelta(days=1), lambda: datetime.now(UTC))
    request, noted = _request(log, "GET"), None
    with serving(request):
        about_nameless()
        for _ in range(2):
            noted = log.note(request, 200, noted)
    log.note(_request(log, "GET"), 200)
    await log.flush()
    assert await platform.mongo[LOG].count_documents({}) == 1


async def test_a_stream_has_whom_it_shows_later_on_record_too(platform_of: Callable[..., Platform]) -> None:
    platform = platform_of("notifications")
    log = AuditLog(platform.mongo, timedelta(days=1), lambda: datetime.now(UTC))
    request, noted = _request(log, "GET"), None
    with serving(request):
        for shown in ([], ["p1"], ["p1"], ["p2", "p1"], []):
            about(shown)
            noted = log.note(request, 200, noted)
    await log.flush()
    found = platform.mongo[LOG].find({}).sort("_id")
    assert [row["participants"] async for row in found] == [["p1"], ["p2"]]


async def test_a_batch_that_is_written_again_stands_once(platform_of: Callable[..., Platform]) -> None:
    """The end of a process may come between the writing of a batch and the knowledge that it is written."""
    platform = platform_of("registration")
    log = AuditLog(platform.mongo, timedelta(days=1), lambda: datetime.now(UTC))
    actor = Actor(None, ("service",), "a test")
    first, second = (Entry(datetime.now(UTC), actor, (pupil,), {}, 200) for pupil in ("p1", "p2"))
    await log.tell(first)
    log._waiting.append(first)
    await log.tell(second)
    rows = await platform.mongo[LOG].find({}).sort("participants", 1).to_list(None)
    assert [row["participants"] for row in rows] == [["p1"], ["p2"]]


async def test_what_was_gathered_is_written_at_the_end(trials: Trials) -> None:
    await trials.enrol("a5")
    await trials.must("GET", "/participants/a5/path?season=2020", **NAVIGATOR)
    await trials.child.stop()
    try:
        assert await trials.mongo[LOG].count_documents({"participants": "a5"}) == 1
    finally:
        await trials.start()
