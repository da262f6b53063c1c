"""One attempt a round, where the season says so: one more by the navigator's leave, which goes with the pupil."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.trials.collections import PARTICIPANTS
from shared.contracts.trials import PathErased, SeasonDefined
from tests.builders.events import at, erased
from tests.builders.merging import merged
from tests.builders.trials import RULES, attempt
from tests.drivers.backups import Backup
from tests.drivers.consumers import eventually
from tests.drivers.service import Answer
from tests.drivers.trials import NAVIGATOR, STRANGER, Trials, trials_service

ONCE = "once"
"""A season with two rounds and one attempt in each."""
FIRST, SECOND = "2020-09-14T10:00:00+03:00", "2020-11-14T10:00:00+03:00"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        rules = {**RULES, "second_round": {"opens": "2020-11-01"}, "attempts_per_round": 1}
        await running.must("PUT", f"/seasons/{ONCE}", rules)
        yield running


async def sits(trials: Trials, id: str, ref: str, time: str = FIRST) -> Answer:
    sent = attempt(id, ref=ref, season=ONCE, occurred_at=time)
    return await trials.ask("POST", "/attempts", sent, **NAVIGATOR)


async def leave(trials: Trials, id: str, time: str = FIRST, **changed: Any) -> Answer:
    body = {"season": ONCE, "diagnostic": "readiness", "reason": "technical", "occurred_at": time}
    return await trials.ask("POST", f"/participants/{id}/repeats", body, **{**NAVIGATOR, **changed})


async def test_a_second_attempt_waits_for_the_navigator_and_each_leave_is_one(trials: Trials) -> None:
    await trials.enrol("one", season=ONCE)
    assert (await leave(trials, "one")).body["status"] == "known", "the pupil has an attempt left"
    assert (await sits(trials, "one", "1")).status == 201
    assert (await sits(trials, "one", "1")).status == 200, "the same ref is the same attempt"
    refused = await sits(trials, "one", "2")
    assert (refused.status, refused.body["type"]) == (409, "attempt-taken")
    draft = f"/participants/one/drafts/readiness?season={ONCE}"
    answered = {"answers": {"m1": "yes"}, "occurred_at": FIRST}
    refused = await trials.ask("PUT", draft, answered, **NAVIGATOR)
    assert (refused.status, refused.body["type"]) == (409, "attempt-taken")
    batch = {"attempts": [attempt("one", ref=ref, season=ONCE, occurred_at=SECOND) for ref in ("3", "4")]}
    items = (await trials.must("POST", "/attempts/batch", batch, **NAVIGATOR))["items"]
    assert [item["status"] for item in items] == ["completed", "rejected"], "the second round has one of its own"
    for status in (404, 403):
        who = STRANGER if status == 404 else {"role": "regional-operator", "org": "RU-ROS"}
        assert (await leave(trials, "one", **who)).status == status
    given = [(await leave(trials, "one")).body for _ in range(2)]
    assert [(one["status"], one["round"]) for one in given] == [("allowed", 1), ("known", 1)]
    await trials.must("PUT", draft, answered, **NAVIGATOR)
    assert (await sits(trials, "one", "5")).status == 201
    assert (await sits(trials, "one", "6")).body["type"] == "attempt-taken"
    await trials.enrol("free")
    free = {"season": "2020", "diagnostic": "readiness", "reason": "other", "occurred_at": FIRST}
    answer = await trials.must("POST", "/participants/free/repeats", free, **NAVIGATOR)
    assert answer["status"] == "known", "a season that says nothing takes as many as are wanted"
    assert await trials.mongo["repeats"].count_documents({"path": {"$regex": "^(one|free)/"}}) == 1


async def test_of_two_attempts_at_once_one_is_taken_and_of_two_leaves_one_is_given(trials: Trials) -> None:
    await trials.enrol("race", season=ONCE)
    answers = await asyncio.gather(*(sits(trials, "race", str(n)) for n in range(4)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
    leaves = await asyncio.gather(*(leave(trials, "race") for _ in range(4)))
    assert {answer.status for answer in leaves} == {200}
    assert await trials.mongo["repeats"].count_documents({"path": f"race/{ONCE}"}) == 1
    answers = await asyncio.gather(*(sits(trials, "race", f"again {n}") for n in range(4)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]


async def test_joined_entries_count_as_one_and_a_leave_is_for_both(trials: Trials) -> None:
    await trials.enrol("s", "d", season=ONCE)
    for id in ("s", "d"):
        assert (await sits(trials, id, id)).status == 201
    await trials.publish(*merged("s", "d"), time=at("2020-10-10"))
    await trials.know({"_id": {"$in": ["s", "d"]}, "mergings.merged": True}, 2, PARTICIPANTS)
    assert (await sits(trials, "d", "more")).body["type"] == "attempt-taken"
    draft = f"/participants/d/drafts/readiness?season={ONCE}"
    refused = await trials.ask("PUT", draft, {"answers": {"m1": "yes"}, "occurred_at": FIRST}, **NAVIGATOR)
    assert refused.body["type"] == "attempt-taken"
    given = await leave(trials, "d")
    assert (given.body["participant"], given.body["status"]) == ("s", "allowed")
    assert (await sits(trials, "s", "more")).status == 201
    assert (await sits(trials, "d", "most")).body["type"] == "attempt-taken"


async def test_a_backup_counts_what_was_taken_since_and_an_erasure_leaves_no_leave(trials: Trials) -> None:
    await trials.enrol("back", "gone", season=ONCE)
    await trials.know({}, 0, "outbox")
    backup = Backup.of(trials.settings, "trials")
    assert (await sits(trials, "back", "1")).status == 201
    await trials.know({}, 0, "outbox")
    await trials.child.stop()
    backup.put_back()
    await trials.start()
    refused = await sits(trials, "back", "2")
    assert refused.body["type"] == "attempt-taken", "the topic tells of the attempt"
    (defined,) = [
        e.event
        for e in await trials.published("trials.catalogue.v1")
        if isinstance(e.event, SeasonDefined) and e.event.season == ONCE
    ]
    assert defined.attempts_per_round == 1

    assert (await sits(trials, "gone", "1")).status == 201
    assert (await leave(trials, "gone")).body["status"] == "allowed"
    await trials.publish(erased("gone"))

    async def told() -> bool:
        found = [e.event for e in await trials.published("trials.events.v1") if isinstance(e.event, PathErased)]
        return [(event.rows["attempts"], event.rows["repeats"]) for event in found if event.key == "gone"] == [(1, 1)]

    await eventually(told)
    assert await trials.mongo["repeats"].count_documents({"path": f"gone/{ONCE}"}) == 0
