"""Needs over HTTP: stated by those who may, told to those alone who have to know, and gone with the consent."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest_asyncio

from deploy.local.stack import Infrastructure
from deploy.simulator.simulation import INSTRUMENTS
from services.trials.collections import NEEDS, PARTICIPANTS
from services.trials.domain.path.caller import Said
from services.trials.handlers.bookings import PlacementRequest, book
from services.trials.repository import Repository
from shared.base.errors import ServiceError
from shared.contracts.guardians import ActorErased
from shared.contracts.trials import PathErased
from shared.http.batch import Item
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from shared.storage.outbox import Outbox
from tests.builders.events import PLACE, at, erased, guardian_erased
from tests.builders.merging import merged, unmerged
from tests.builders.trials import RULES, seat
from tests.drivers.consumers import eventually
from tests.drivers.trials import HOST, NAVIGATOR, RUNNING, STRANGER, Trials, trials_service

DATED = "2020-09-14T10:00:00+03:00"
LATER = "2020-09-14T11:00:00+03:00"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


def coming(days: int) -> str:
    """A time some days from now, at which a slot starts."""
    return (datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=days)).isoformat()


def needs_of(id: str) -> str:
    return f"/participants/{id}/needs"


def signed(*needs: str, time: str = DATED) -> dict[str, Any]:
    return {"needs": needs, "template": "a" * 64, "register_number": "7-12", "occurred_at": time}


async def test_a_guardian_states_needs_and_is_warned_of_a_seat_that_does_not_meet_them(trials: Trials) -> None:
    await trials.enrol("own", season=RUNNING)
    await trials.link("own", "mother")
    guardian = {"role": "guardian", "org": "mother"}
    assert (await trials.must("GET", needs_of("own"), **guardian))["needs"] == []
    start = {"season": RUNNING, "starts_at": coming(10)}
    wide = await trials.slot(**start, accessibility=["wheelchair", "quiet-room"])
    narrow = await trials.slot(**{**start, "starts_at": coming(11)}, accessibility=["quiet-room"])
    for slot in (wide, narrow):
        assert (await trials.ask("POST", f"/slots/{slot}/bookings", {"participant": "own"}, **guardian)).status == 201
    stated = await trials.must("PUT", needs_of("own"), {"needs": ["wheelchair", "quiet-room"]}, **guardian)
    assert (stated["needs"], stated["register_number"]) == (["wheelchair", "quiet-room"], None)
    assert [(one["slot"], one["needs"]) for one in stated["unmet"]] == [(narrow, ["wheelchair"])]
    again = await trials.must("PUT", needs_of("own"), {"needs": ["quiet-room", "wheelchair"]}, **guardian)
    assert again == stated, "the same again changes nothing"
    told = await trials.must("GET", f"/slots/{narrow}/needs", **HOST)
    assert told == {
        "slot": narrow,
        "needs": [{"need": "quiet-room", "pupils": 1}, {"need": "wheelchair", "pupils": 1}],
    }
    taken_back = [await trials.must("DELETE", needs_of("own"), **guardian) for _ in range(2)]
    assert [one["status"] for one in taken_back] == ["taken-back"] * 2
    assert (await trials.must("GET", f"/slots/{narrow}/needs", **HOST))["needs"] == []
    log = json.dumps(await trials.mongo["audit_log"].find({}).to_list(None), default=str)
    sent = json.dumps([str(one.event) for one in await trials.published("trials.events.v1")])
    assert "wheelchair" not in log + sent


async def test_a_teacher_needs_a_signed_consent_and_nobody_else_may(trials: Trials) -> None:
    await trials.enrol("paper")
    await trials.enrol("silent", consent=False)
    for missing in ("template", "register_number"):
        bare = {name: value for name, value in signed("assistant").items() if name != missing}
        refused = await trials.ask("PUT", needs_of("paper"), bare, **NAVIGATOR)
        assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, f"/{missing}")
    refused = await trials.ask("PUT", needs_of("silent"), signed("assistant"), **NAVIGATOR)
    assert (refused.status, refused.body["type"]) == (409, "consent-missing")
    await trials.must("PUT", needs_of("paper"), signed("assistant", time=LATER), **NAVIGATOR)
    early = await trials.must("PUT", needs_of("paper"), signed("large-print"), **NAVIGATOR)
    assert early["needs"] == ["assistant"], "what was signed before does not replace it"
    slot = await trials.slot(starts_at="2020-10-06T14:00:00+03:00")
    await trials.must("POST", f"/slots/{slot}/bookings", seat("paper"), **NAVIGATOR)
    assert (await trials.must("GET", f"/slots/{slot}/needs", **HOST))["needs"] == [], "the slot is over"
    operator = {"role": "regional-operator", "org": "RU-ROS"}
    for method, sent in (("PUT", signed("assistant")), ("GET", None), ("DELETE", None)):
        assert (await trials.ask(method, needs_of("paper"), sent, **STRANGER)).status == 404
        for who in (operator, HOST):
            assert (await trials.ask(method, needs_of("paper"), sent, **who)).status == 403
    assert (await trials.ask("GET", f"/slots/{slot}/needs", **operator)).status == 403
    assert (await trials.ask("GET", f"/slots/{slot}/needs", role="venue", org="RU-ROS-001-V09")).status == 404


async def test_needs_go_with_the_consent_and_with_the_pupil(trials: Trials) -> None:
    await trials.enrol("lapsed", "gone", "stays")
    for id in ("lapsed", "gone", "stays"):
        await trials.must("PUT", needs_of(id), signed("assistant"), **NAVIGATOR)
    await trials.withdraw("lapsed", at("2020-09-20"))
    await trials.know({"_id": "lapsed"}, 0, NEEDS)
    await trials.consent("lapsed", at("2020-09-25"))
    assert (await trials.must("GET", needs_of("lapsed"), **NAVIGATOR))["needs"] == []
    await trials.publish(erased("gone"))
    await trials.know({"_id": "gone"}, 0, NEEDS)
    await trials.know({"_id": "stays"}, 1, NEEDS)

    async def told() -> bool:
        found = [e.event for e in await trials.published("trials.events.v1") if isinstance(e.event, PathErased)]
        return [event.rows[NEEDS] for event in found if event.key == "gone"] == [1]

    await eventually(told)


async def test_a_statement_keeps_no_account_of_a_guardian_who_was_erased(trials: Trials) -> None:
    await trials.enrol("kept")
    await trials.link("kept", "erased mother")
    await trials.must("PUT", needs_of("kept"), {"needs": ["assistant"]}, role="guardian", org="erased mother")
    account = trials.account("erased mother")
    await trials.know({"_id": "kept", "changed.by": account}, 1, NEEDS)
    await trials.publish(guardian_erased("kept", account=account))
    await trials.know({"_id": "kept", "changed": {"$exists": False}}, 1, NEEDS)

    async def told() -> bool:
        found = [e.event for e in await trials.published("trials.events.v1") if isinstance(e.event, ActorErased)]
        return [event.rows[NEEDS] for event in found if event.key == "kept"] == [1]

    await eventually(told)


async def test_the_log_of_a_slot_s_needs_does_not_tell_whose_they_are(trials: Trials) -> None:
    await trials.enrol("needy", "beside", season=RUNNING)
    slot = await trials.slot(season=RUNNING, starts_at=coming(12))
    for id in ("needy", "beside"):
        await trials.must("POST", f"/slots/{slot}/bookings", {"participant": id}, **NAVIGATOR)
    await trials.must("PUT", needs_of("needy"), {**signed("assistant"), "occurred_at": None}, **NAVIGATOR)
    assert (await trials.must("GET", f"/slots/{slot}/needs", **HOST))["needs"] == [{"need": "assistant", "pupils": 1}]
    entry = {"route": "GET /trials/slots/{id}/needs", "participants": {"$all": ["needy", "beside"]}}
    await trials.know(entry, 1, "audit_log")


async def test_the_teacher_reads_what_those_of_a_class_need_who_travel(trials: Trials) -> None:
    pupils, start = ("tn1", "tn2", "tn3"), coming(20)
    await trials.enrol(*pupils, season=RUNNING, school_class="7Н")
    slot = await trials.slot(season=RUNNING, starts_at=start, capacity=8)
    for id in pupils[:2]:
        await trials.must("POST", f"/slots/{slot}/bookings", {"participant": id}, **NAVIGATOR)
    for id, need in (("tn1", "wheelchair"), ("tn3", "assistant")):
        await trials.must("PUT", needs_of(id), signed(need), **NAVIGATOR)
    venue = (await trials.must("GET", f"/slots/{slot}", **NAVIGATOR))["venue"]
    path = f"/schools/{PLACE['school']}/trips/{venue}/{start[:10]}/needs?class={quote('7Н')}"
    told = await trials.must("GET", path, **NAVIGATOR)
    assert told == {"needs": [{"participant": "tn1", "needs": ["wheelchair"]}]}
    assert (await trials.must("GET", path.replace(venue, "elsewhere"), **NAVIGATOR))["needs"] == []
    for who, status in ((STRANGER, 404), (HOST, 403), ({"role": "regional-operator", "org": "RU-ROS"}, 403)):
        assert (await trials.ask("GET", path, **who)).status == status
    route = "GET /trials/schools/{school}/trips/{venue}/{day}/needs"
    await trials.know({"route": route, "participants": {"$size": 2, "$all": ["tn1", "tn2"]}}, 1, "audit_log")


async def test_a_withdrawal_and_a_statement_at_once_leave_nothing_behind(trials: Trials) -> None:
    await trials.enrol("race")
    many = (trials.ask("PUT", needs_of("race"), signed("assistant"), **NAVIGATOR) for _ in range(4))
    await asyncio.gather(trials.withdraw("race", at("2020-09-20")), *many)
    await trials.know({"_id": "race"}, 0, NEEDS)


async def test_joined_entries_have_what_was_stated_last_until_they_are_parted(trials: Trials) -> None:
    await trials.enrol("ns", "nd")
    await trials.must("PUT", needs_of("ns"), signed("large-print"), **NAVIGATOR)
    await trials.must("PUT", needs_of("nd"), signed("assistant", time=LATER), **NAVIGATOR)
    await trials.publish(*merged("ns", "nd"), time=at("2020-09-15"))
    for id, other in (("ns", "nd"), ("nd", "ns")):
        await trials.know({"_id": id, "mergings": {"$elemMatch": {"other": other, "merged": True}}}, 1, PARTICIPANTS)
    for id in ("ns", "nd"):
        view = await trials.must("GET", needs_of(id), **NAVIGATOR)
        assert (view["participant"], view["needs"]) == ("ns", ["assistant"])
    await trials.publish(*unmerged("ns", "nd"), time=at("2020-09-16"))
    for id, other in (("ns", "nd"), ("nd", "ns")):
        await trials.know({"_id": id, "mergings": {"$elemMatch": {"other": other, "merged": False}}}, 1, PARTICIPANTS)
    found = [(await trials.must("GET", needs_of(id), **NAVIGATOR))["needs"] for id in ("ns", "nd")]
    assert found == [["large-print"], ["assistant"]]


async def test_a_diagnostic_beside_pictures_is_offered_and_asks_a_part_of_the_items(trials: Trials) -> None:
    shipped = json.loads((INSTRUMENTS / "interests.json").read_text(encoding="utf-8"))
    await trials.must("PUT", "/diagnostics/shown", shipped)
    await trials.must("PUT", "/seasons/shown", {**RULES, "diagnostics": ["shown"]})
    await trials.enrol("reads", "looks", season="shown")
    for id, need, offered in (("reads", "wheelchair", False), ("looks", "sign-language", True)):
        assert (await trials.must("PUT", needs_of(id), signed(need), **NAVIGATOR))["offers_pictures"] == offered
    page = await trials.must("GET", "/diagnostics/shown?version=pictures", **NAVIGATOR)
    first = page["items"][0]
    assert (len(page["items"]), first["picture"]["alt"]["en"][:12]) == (30, "Two children")
    url = trials.base + first["picture"]["url"]
    async with trials.http.get(url) as answer:
        assert (answer.status, answer.content_type) == (200, "image/svg+xml")
        assert answer.headers["Cache-Control"] == "public, max-age=86400"
        known = {"If-None-Match": answer.headers["ETag"]}
    async with trials.http.get(url, headers=known) as answer:
        assert answer.status == 304
    async with trials.http.get(f"{trials.base}/trials/pictures/none") as answer:
        assert answer.status == 404
    answers = {item["code"]: "like" for item in page["items"]}
    saved = {"answers": dict(list(answers.items())[:29]), "version": "pictures", "occurred_at": DATED}
    draft = "/participants/looks/drafts/shown?season=shown"
    assert (await trials.must("PUT", draft, saved, **NAVIGATOR))["left"] == 1
    sent = {"ref": "1", "participant": "looks", "season": "shown", "diagnostic": "shown", "occurred_at": DATED}
    taken = await trials.must("POST", "/attempts", {**sent, "answers": answers, "version": "pictures"}, **NAVIGATOR)
    assert set(taken["profile"].values()) == {100.0}
    refused = await trials.ask("POST", "/attempts", {**sent, "ref": "2", "answers": answers}, **NAVIGATOR)
    assert refused.status == 422, "in any other version all are asked"


async def test_a_class_is_seated_where_needs_are_met_as_far_as_seats_are_there(trials: Trials) -> None:
    await trials.enrol("placed", "other", "also")
    for id in ("placed", "also"):
        await trials.must("PUT", needs_of(id), signed("assistant"), **NAVIGATOR)
    bare = await trials.slot(starts_at="2020-10-12T10:00:00+03:00", capacity=2)
    helped = await trials.slot(starts_at="2020-10-12T15:00:00+03:00", capacity=1, accessibility=["assistant"])
    wanted = {"season": "2020", "slots": [bare, helped], "occurred_at": "2020-09-20T10:00:00+03:00"}
    operator = {"role": "regional-operator", "org": "RU-ROS"}
    for who, slot in ((NAVIGATOR, helped), (operator, bare)):
        (seen,) = (
            await trials.must("POST", "/placements?dry_run=true", {**wanted, "participants": ["placed"]}, **who)
        )["items"]
        assert seen["slot"] == slot, "an operator does not see by a seat that something is needed"
    body = {**wanted, "participants": ["placed", "other", "also"]}
    seated = await trials.must("POST", "/placements", body, **NAVIGATOR)
    assert [(one["participant"], one["slot"]) for one in seated["items"]] == [
        ("placed", helped),
        ("other", bare),
        ("also", bare),
    ]


async def test_of_requests_decided_together_each_knows_the_needs_that_it_may(trials: Trials) -> None:
    await trials.enrol("grouped")
    await trials.must("PUT", needs_of("grouped"), signed("assistant"), **NAVIGATOR)
    bare = await trials.slot(starts_at="2020-10-14T10:00:00+03:00")
    helped = await trials.slot(starts_at="2020-10-14T15:00:00+03:00", accessibility=["assistant"])
    outbox = Outbox(trials.mongo, "trials", trials.settings.kafka_topic_prefix, lambda: datetime.now(UTC))
    said = Said(occurred_at=at("2020-09-20"))
    operator, teacher = Grant("regional-operator", "RU-ROS"), Grant("navigator", PLACE["school"])
    asked = [
        PlacementRequest(
            items=[Item("/participants/0", "grouped")],
            who=Principal("someone", f"account {grant.role}", (grant,)),
            now=datetime.now(UTC),
            season="2020",
            named=[bare, helped],
            said=said,
        )
        for grant in (operator, teacher)
    ]
    answers = await book(Repository(trials.mongo, outbox), asked, lambda: uuid4().hex)
    assert not any(isinstance(one, ServiceError) for one in answers)
    assert (await trials.seats(bare), await trials.seats(helped)) == (1, 0), "the operator's seat tells of no need"
