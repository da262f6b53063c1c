"""Trials on real Kafka and MongoDB, over HTTP: a season's path, seats that are never given twice, and refusals."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.trials.collections import PARTICIPANTS
from shared.contracts.registration import ConsentWithdrawn
from tests.builders.events import PLACE, enveloped, region, registered
from tests.builders.trials import OFFER, PROFILE, RULES, VENUE, attempt, present, seat
from tests.drivers.consumers import publish
from tests.drivers.trials import HOST, NAVIGATOR, STRANGER, Trials, completed, problems, trials_service


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def test_a_path_from_the_first_diagnostic_to_the_recommendation_and_back(trials: Trials) -> None:
    await completed(trials, "way")
    await trials.link("way", "mother")
    view = await trials.must("GET", "/participants/way/path?season=2020", role="guardian", org="mother")
    assert view["stages"] == {
        "registered": "2020-09-14T10:00:00+03:00",
        "participated": "2020-09-14T10:00:00+03:00",
        "tested": "2020-09-14T10:00:00+03:00",
        "attended": "2020-10-05T15:00:00+03:00",
        "completed": "2020-10-06T15:00:00+03:00",
        "recommended": "2020-10-06T15:00:00+03:00",
    }
    assert [a["profile"] for a in view["attempts"]] == [PROFILE, PROFILE]
    assert view["recommendation"]["competencies"] == ["gov"]
    mistake = view["attendances"][1]["id"]
    correction = {"reason": "wrong list", "occurred_at": "2020-10-07T09:00:00+03:00"}
    for _ in range(2):
        await trials.must("POST", f"/attendance/{mistake}/revocation", correction, **HOST)
    events = sorted(
        (e for e in await trials.published("trials.events.v1") if e.event.key == "way"), key=lambda e: e.sequence
    )
    assert [int(e.sequence) for e in events] == list(range(1, len(events) + 1))
    assert [e.event.type.removesuffix(".v1") for e in events] == [
        "diagnostic.completed",
        "diagnostic.completed",
        "trial.booked",
        "trial.attended",
        "trial.booked",
        "trial.attended",
        "recommendation.issued",
        "attendance.revoked",
        "recommendation.withdrawn",
    ]
    assert events[6].time.isoformat() == "2020-10-06T15:00:00+03:00"
    assert events[8].time.isoformat() == "2020-10-07T09:00:00+03:00"
    view = await trials.must("GET", "/participants/way/path?season=2020", **NAVIGATOR)
    assert (view["recommendation"], view["stages"]["completed"]) == (None, None)


async def test_who_may_not_see_a_pupil_learns_nothing(trials: Trials) -> None:
    await trials.enrol("hidden")
    for who in (STRANGER, {"role": "guardian", "org": "neighbour"}, {"role": "pupil", "org": "classmate"}):
        there = await trials.ask("GET", "/participants/hidden/path?season=2020", **who)
        nowhere = await trials.ask("GET", "/participants/nobody/path?season=2020", **who)
        assert (there.status, there.body) == (nowhere.status, nowhere.body) == (404, nowhere.body)
    answer = await trials.must("POST", "/attempts/batch", {"attempts": [attempt("hidden")]}, **STRANGER)
    assert answer["items"][0]["problem"]["status"] == 404


async def test_without_a_token_or_the_role_nothing_is_done(trials: Trials) -> None:
    async with trials.http.put(f"{trials.base}/trials/seasons/2020", json=RULES) as answer:
        assert answer.status == 401
    refused = [
        await trials.ask("PUT", "/seasons/2020", RULES, role="regional-operator", org="RU-ROS"),
        await trials.ask("PUT", "/competencies/gov", {"name": "x"}, **HOST),
        await trials.ask("PUT", "/competencies/gov", {"name": "x"}, role="regional-operator", org="RU-ROS"),
        await trials.ask("PUT", "/competencies/new", {"name": "x"}, role="regional-operator", org=None),
        await trials.ask("POST", "/attempts/batch", {"attempts": [attempt("p")]}, **HOST),
        await trials.ask("POST", "/slots", {**OFFER, "venue": VENUE, "season": "2020"}, role="venue", org="OTHER"),
        await trials.ask("POST", f"/slots/{await trials.slot()}/attendance", [present("p")], role="venue", org="OTHER"),
    ]
    assert [answer.status for answer in refused] == [403] * 7


async def test_two_processes_never_overbook_a_slot_and_give_every_seat(trials: Trials) -> None:
    pupils = [f"crowd-{n}" for n in range(24)]
    await trials.enrol(*pupils)
    slot = await trials.slot(capacity=7)
    async with trials.replica() as other:
        alone = [
            trials.ask("POST", f"/slots/{slot}/bookings", seat(id), base=(None, other)[n % 2], **NAVIGATOR)
            for n, id in enumerate(pupils[:12])
        ]
        batches = [
            trials.ask(
                "POST",
                f"/slots/{slot}/bookings/batch",
                {"participants": pupils[n : n + 3], "occurred_at": "2020-09-20T10:00:00+03:00"},
                base=(None, other)[n % 2],
                **NAVIGATOR,
            )
            for n in (12, 15, 18, 21)
        ]
        answers = await asyncio.gather(*alone, *batches)
    outcomes = Counter[str]()
    for answer in answers:
        items = answer.body.get("items", [answer.body])
        outcomes.update(item.get("type") or (item.get("problem") or {}).get("type") or item["status"] for item in items)
    assert outcomes == {"booked": 7, "slot-full": 17}
    state = await trials.mongo["slots"].find_one({"_id": slot})
    assert state is not None
    assert state["booked"] == 7
    assert await trials.mongo["paths"].count_documents({"bookings.slot": slot}) == 7
    assert sum(getattr(e.event, "slot", None) == slot for e in await trials.published("trials.events.v1")) == 7


async def test_a_batch_seats_the_first_and_names_the_others(trials: Trials) -> None:
    await trials.enrol("b1", "b2", "b3")
    await trials.enrol("b4", consent=False)
    slot = await trials.slot(capacity=2)
    named = ["b1", 5, "b4", "b1", "unknown", "b2", "b3"]
    body = {"participants": named, "occurred_at": "2020-09-20T10:00:00+03:00"}
    answer = await trials.must("POST", f"/slots/{slot}/bookings/batch", body, **NAVIGATOR)
    statuses = [item["status"] for item in answer["items"]]
    assert statuses == ["booked", "rejected", "rejected", "known", "rejected", "booked", "rejected"]
    assert problems(answer) == [
        None,
        ("bad-input", "/participants/1"),
        ("consent-missing", "/participants/2"),
        None,
        ("participant-unknown", "/participants/4"),
        None,
        ("slot-full", "/participants/6"),
    ]
    assert answer["items"][4]["problem"]["retryable"] is True
    again = await trials.must("POST", f"/slots/{slot}/bookings/batch", body, **NAVIGATOR)
    assert [item.get("booking") for item in again["items"]] == [item.get("booking") for item in answer["items"]]


async def test_a_family_books_and_cancels_now_and_frees_the_seat(trials: Trials) -> None:
    await trials.enrol("child", "other")
    await trials.link("child", "father")
    family = {"role": "guardian", "org": "father"}
    past = await trials.slot(capacity=1)
    refused = await trials.ask("POST", f"/slots/{past}/bookings", {"participant": "child"}, **family)
    assert (refused.status, refused.body["type"]) == (409, "slot-past")
    refused = await trials.ask("POST", f"/slots/{past}/bookings", seat("child"), **family)
    assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, "/occurred_at")
    assert (await trials.ask("POST", f"/slots/{past}/bookings", seat("other"), **family)).status == 404
    booking = (await trials.must("POST", f"/slots/{past}/bookings", seat("child"), **NAVIGATOR))["booking"]
    full = await trials.ask("POST", f"/slots/{past}/bookings", seat("other"), **NAVIGATOR)
    assert (full.status, full.body["type"]) == (409, "slot-full")
    assert (await trials.ask("DELETE", f"/bookings/{booking}", **family)).body["type"] == "slot-past"
    assert (await trials.ask("DELETE", f"/bookings/{booking}", **STRANGER)).status == 404
    late = await trials.ask("DELETE", f"/bookings/{booking}?occurred_at=2020-10-06T10:00:00%2B03:00", **NAVIGATOR)
    assert (late.body["type"], late.body["errors"][0]["pointer"]) == ("slot-past", "query:occurred_at")
    earlier = f"/bookings/{booking}?occurred_at=2020-09-21T10:00:00%2B03:00"
    for _ in range(2):
        assert (await trials.must("DELETE", earlier, **NAVIGATOR))["status"] == "cancelled"
    assert (await trials.ask("POST", f"/slots/{past}/bookings", seat("other"), **NAVIGATOR)).status == 201
    assert (await trials.must("GET", f"/slots/{past}"))["open_seats"] == 0, "a seat is freed once"
    types = [e.event.type for e in await trials.published("trials.events.v1") if e.event.key == "child"]
    assert types == ["trial.booked.v1", "trial.cancelled.v1"]


async def test_consent_may_be_late_but_not_for_long(trials: Trials) -> None:
    await trials.enrol("late", consent=False)
    refused = await trials.ask("POST", "/attempts", attempt("late"), **NAVIGATOR)
    assert (refused.status, refused.body["type"], refused.body["retryable"]) == (409, "consent-missing", True)
    long_ago = datetime.now(UTC) - timedelta(seconds=31)
    await trials.mongo[PARTICIPANTS].update_one({"_id": "late"}, {"$set": {"seasons.2020.recorded": long_ago}})
    refused = await trials.ask("POST", "/attempts", attempt("late"), **NAVIGATOR)
    assert (refused.body["type"], refused.body.get("retryable")) == ("consent-missing", None)


async def test_what_is_told_again_or_late_changes_nothing(trials: Trials) -> None:
    await trials.enrol("told")
    before = await trials.mongo[PARTICIPANTS].find_one({"_id": "told"})
    assert before is not None
    moved = {"participant": "told", "school_class": "9Я", "grade": 9}
    await publish(
        trials.settings,
        enveloped(registered("told", school_class="9Я", grade=9), 1),
        enveloped(ConsentWithdrawn(**{**PLACE, **moved}), 1),
        enveloped(region().model_copy(update={"utc_offset": "+09:00"}), 0),
    )
    await trials.link("told", "aunt")
    await trials.publish(region("RU-SPE"))
    await trials.know({"_id": "RU-SPE"}, 1, "organisations")
    after = await trials.mongo[PARTICIPANTS].find_one({"_id": "told"})
    late = {"sequence": "0000000001", "time": "2020-09-14T10:00:00+03:00", "given": False, "until": None}
    aunt = {"account": trials.account("aunt"), "role": "guardian"}
    expected: dict[str, Any] = {"accounts": [aunt]}
    expected["link_changes"] = [{"sequence": "0000000003", "guardian": "g1", "opened": True, **aunt}]
    expected["consent_changes"] = [late, *before["consent_changes"]]
    assert after == before | expected, "the link is new, and a withdrawal before the consent in force"
    known = await trials.mongo["organisations"].find_one({"_id": "RU-ROS"})
    assert known is not None
    assert known["utc_offset"] == "+03:00"


async def test_attendance_is_confirmed_item_by_item(trials: Trials) -> None:
    await trials.enrol("c1", "c2")
    slot = await trials.slot()
    for id in ("c1", "c2"):
        await trials.must("POST", f"/slots/{slot}/bookings", seat(id), **NAVIGATOR)
    said = [present("c1"), present("c2", "2020-10-04"), present("c1"), present("nobody"), {"participant": "c2"}]
    answer = await trials.must("POST", f"/slots/{slot}/attendance", said, role="mentor", org=VENUE)
    assert [item["status"] for item in answer["items"]] == ["attended", "rejected", "known", "rejected", "rejected"]
    assert problems(answer) == [
        None,
        ("not-started", "/1/occurred_at"),
        None,
        ("not-booked", "/3/participant"),
        ("bad-input", "/4/source"),
    ]
    assert (await trials.ask("POST", "/slots/none/attendance", said, **HOST)).status == 404


async def test_nobody_learns_who_exists(trials: Trials) -> None:
    await trials.enrol("hidden")
    slot = await trials.slot()
    stranger = {"role": "guardian", "org": "stranger"}
    for path, body, who in (
        (f"/slots/{slot}/bookings", lambda id: {"participant": id}, stranger),
        (f"/slots/{slot}/bookings", seat, STRANGER),
        (f"/slots/{slot}/bookings/batch", lambda id: {"participants": [id]}, STRANGER),
        ("/attempts", attempt, STRANGER),
        ("/attempts/batch", lambda id: {"attempts": [attempt(id)]}, STRANGER),
    ):
        there, absent = [await trials.ask("POST", path, body(id), **who) for id in ("hidden", "absent")]
        assert there.status == absent.status
        assert str(there.body).replace("hidden", "absent") == str(absent.body)
        assert "participant-unknown" in str(there.body)
    for path in ("/participants/{}/path?season=2020", "/participants/{}/path?season=1999"):
        answers = [await trials.ask("GET", path.format(id), **STRANGER) for id in ("hidden", "absent")]
        assert answers[0] == answers[1]
        assert answers[0].status == 404


async def test_an_attendance_of_another_venue_is_none(trials: Trials) -> None:
    await trials.enrol("mine")
    slot = await trials.slot()
    await trials.must("POST", f"/slots/{slot}/bookings", seat("mine"), **NAVIGATOR)
    done = await trials.must("POST", f"/slots/{slot}/attendance", [present("mine")], **HOST)
    elsewhere = {"role": "venue", "org": "RU-ROS-001-V99"}
    answers = [
        await trials.ask("POST", f"/attendance/{id}/revocation", {"reason": "x"}, **elsewhere)
        for id in (done["items"][0]["attendance"], "absent")
    ]
    assert answers[0] == answers[1]
    assert answers[0].status == 404


async def test_a_venue_of_another_region_is_not_ours(trials: Trials) -> None:
    entry = {"organisation": VENUE, "name": "x", "registry": "federal", "season": "2020"}
    assert (await trials.ask("PUT", f"/venues/{VENUE}", entry, role="regional-operator", org="RU-DA")).status == 403
