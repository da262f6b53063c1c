"""Attempts over HTTP: each is answered, and taken once, whoever else sends at the same time."""

import asyncio
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.trials.collections import PARTICIPANTS
from shared.contracts.registration import AccountLinked
from shared.messaging import kafka
from tests.builders.events import PLACE
from tests.builders.trials import ANSWERS, OFFER, PROFILE, VENUE, attempt, present, seat
from tests.drivers.trials import HOST, NAVIGATOR, RUNNING, STRANGER, Trials, problems, trials_service


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def everything(trials: Trials) -> Mapping[str, int]:
    """How many documents and records there are."""
    names = ("paths", "attempts", "slots", "outbox", PARTICIPANTS)
    counts = {name: await trials.mongo[name].count_documents({}) for name in names}
    prefix = trials.settings.kafka_topic_prefix
    topics = [f"{prefix}trials.{topic}.v1" for topic in ("events", "catalogue")]
    ends = await kafka.end_offsets(trials.settings.bootstrap, topics)
    return counts | {"records": sum(ends.values())}


async def test_a_guardian_does_not_take_the_childs_diagnostic(trials: Trials) -> None:
    await trials.enrol("small", season=RUNNING)
    await trials.link("small", "parent")
    sent = attempt("small", season=RUNNING)
    del sent["occurred_at"]
    claimed = {"role": "pupil", "org": "parent"}
    assert (await trials.ask("POST", "/attempts", sent, **claimed)).status == 404
    path = f"/participants/small/path?season={RUNNING}"
    assert (await trials.ask("GET", path, **claimed)).status == 404
    await trials.publish(AccountLinked(**{**PLACE, "participant": "small", "account": trials.account("small")}))
    await trials.know({"_id": "small", "accounts.role": "pupil"}, 1, PARTICIPANTS)
    taken = await trials.ask("POST", "/attempts", sent, role="pupil", org="small")
    assert taken.status == 201
    view = await trials.must("GET", path, role="guardian", org="parent")
    assert [a["attempt"] for a in view["attempts"]] == [taken.body["attempt"]]


async def test_what_cannot_be_stored_is_refused_and_the_rest_goes_through(trials: Trials) -> None:
    await trials.enrol("sound")
    broken = "\ud800"
    wrong = [attempt(broken), attempt("sound", ref=broken), attempt("sound", answers={broken: "yes"})]
    wrong.append(attempt("sound", occurred_at="0001-01-01T00:00:00+14:00"))
    answer = await trials.must("POST", "/attempts/batch", {"attempts": [*wrong, attempt("sound")]}, **NAVIGATOR)
    assert [item["status"] for item in answer["items"]] == ["rejected"] * 4 + ["completed"]
    slot = await trials.slot()
    named = {"participants": [broken, "sound"], "occurred_at": seat("sound")["occurred_at"]}
    answer = await trials.must("POST", f"/slots/{slot}/bookings/batch", named, **NAVIGATOR)
    assert [item["status"] for item in answer["items"]] == ["rejected", "booked"]
    said = [present(broken), {"participant": broken}, present("sound")]
    answer = await trials.must("POST", f"/slots/{slot}/attendance", said, **HOST)
    assert [item["status"] for item in answer["items"]] == ["rejected", "rejected", "attended"]
    late = {**OFFER, "starts_at": "9999-12-31T23:59:59Z"}
    answer = await trials.must("POST", "/slots/batch", {"venue": VENUE, "season": "2020", "slots": [late]}, **HOST)
    assert problems(answer) == [("bad-input", "/slots/0/starts_at")]
    first = urlsafe_b64encode(b"0001-01-01T00:00:00+14:00 s").decode()
    refused = [
        (await trials.ask("POST", "/attempts", wrong[2], **NAVIGATOR), "/answers"),
        (await trials.ask("POST", "/slots", {**late, "venue": VENUE, "season": "2020"}, **HOST), "/starts_at"),
        (await trials.ask("GET", f"/slots?season=2020&after={first}", **HOST), "query:after"),
    ]
    for result, field in refused:
        assert result.status == 422, result
        assert result.body["errors"][0]["pointer"].startswith(field)


async def test_wrong_attempts_are_named_and_where_all_are_wrong_nothing_is_written(trials: Trials) -> None:
    await trials.enrol("silent", consent=False)
    await trials.enrol("loud")
    await trials.published("trials.events.v1")
    before = await everything(trials)
    wrong = [
        attempt("silent"),
        attempt("unknown"),
        attempt("loud", answers={"m1": "maybe", "m2": "no", "p1": "no"}),
        attempt("loud", answers={"m1": "no", "m2": "no"}),
        attempt("loud", diagnostic="palmistry"),
        attempt("loud", season="1999"),
        attempt("loud", occurred_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat()),
        {"participant": "loud", "ref": "r"},
        "not an attempt",
    ]
    answer = await trials.must("POST", "/attempts/batch", {"attempts": wrong}, **NAVIGATOR)
    assert {item["status"] for item in answer["items"]} == {"rejected"}
    assert problems(answer) == [
        ("consent-missing", "/attempts/0/participant"),
        ("participant-unknown", "/attempts/1/participant"),
        ("bad-input", "/attempts/2/answers/m1"),
        ("bad-input", "/attempts/3/answers/p1"),
        ("bad-input", "/attempts/4/diagnostic"),
        ("bad-input", "/attempts/5/season"),
        ("bad-input", "/attempts/6/occurred_at"),
        ("bad-input", "/attempts/7/season"),
        ("bad-input", "/attempts/8"),
    ]
    assert await everything(trials) == before
    mixed = {"attempts": [wrong[2], attempt("loud"), wrong[0]]}
    answer = await trials.must("POST", "/attempts/batch", mixed, **NAVIGATOR)
    assert [item["status"] for item in answer["items"]] == ["rejected", "completed", "rejected"]
    too_many = await trials.ask("POST", "/attempts/batch", {"attempts": [attempt("loud")] * 101}, **NAVIGATOR)
    assert (too_many.status, too_many.body["errors"][0]["pointer"]) == (422, "/attempts")


async def test_requests_that_come_at_once_are_each_answered_as_if_alone(trials: Trials) -> None:
    await trials.enrol(*(f"rush-{n}" for n in range(12)))
    morning, clash, tiny = [await trials.slot(), await trials.slot(), await trials.slot(capacity=1)]
    wishes = [(morning, f"rush-{n}", NAVIGATOR) for n in range(8)] + [
        (clash, "rush-0", NAVIGATOR),
        (tiny, "rush-8", NAVIGATOR),
        (tiny, "rush-9", NAVIGATOR),
        ("no-such-slot", "rush-10", NAVIGATOR),
        (morning, "rush-11", STRANGER),
        (morning, "rush-7", NAVIGATOR),
    ]
    answers = await asyncio.gather(
        *(trials.ask("POST", f"/slots/{slot}/bookings", seat(id), **who) for slot, id, who in wishes)
    )
    outcomes = Counter(answer.body.get("type", answer.status) for answer in answers)
    refused = ("time-conflict", "slot-full", "not-found", "participant-unknown")
    assert outcomes == Counter({201: 9, 200: 1} | dict.fromkeys(refused, 1))
    documents = trials.mongo["slots"].find({"_id": {"$in": [morning, clash, tiny]}})
    taken = {slot["_id"]: slot["booked"] async for slot in documents}
    assert (taken[morning] + taken[clash], taken[tiny]) == (8, 1)
    said = [(morning, HOST), ("no-such-slot", HOST), (morning, {"role": "venue", "org": "OTHER"}), (morning, HOST)]
    calls = await asyncio.gather(
        *(trials.ask("POST", f"/slots/{slot}/attendance", [present("rush-1")], **who) for slot, who in said)
    )
    assert [call.status for call in calls] == [200, 404, 403, 200]
    statuses = {call.body["items"][0]["status"] for call in calls if call.status == 200}
    assert statuses == {"attended", "known"}


async def test_an_attempt_sent_again_is_the_same_attempt(trials: Trials) -> None:
    await trials.enrol("again")
    first, second = await asyncio.gather(
        *(trials.ask("POST", "/attempts", attempt("again"), **NAVIGATOR) for _ in range(2))
    )
    assert {first.status, second.status} == {200, 201}
    assert first.body["attempt"] == second.body["attempt"]
    assert first.body["profile"] == second.body["profile"] == PROFILE
    other = attempt("again", answers={**ANSWERS, "p1": "yes"})
    reused = await trials.ask("POST", "/attempts", other, **NAVIGATOR)
    assert (reused.status, reused.body["type"]) == (409, "ref-reused")
    assert reused.body["errors"][0]["pointer"] == "/ref"
    assert (await trials.ask("POST", "/attempts", other | {"ref": "2"}, **NAVIGATOR)).status == 201
    twice = {"attempts": [attempt("again", "interests"), attempt("again", "interests")]}
    answer = await trials.must("POST", "/attempts/batch", twice, **NAVIGATOR)
    assert [item["status"] for item in answer["items"]] == ["completed", "known"]
    assert sum(e.event.key == "again" for e in await trials.published("trials.events.v1")) == 3
