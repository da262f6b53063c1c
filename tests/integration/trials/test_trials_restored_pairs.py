"""Trials put back from a backup, of merged entries: what a survivor's event takes back of a duplicate stays taken back.

Their events lie in partitions of their own, which a restored database reads one after the other.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest_asyncio
from aiokafka.partitioner import DefaultPartitioner

from deploy.local.stack import Infrastructure
from services.trials.collections import HALF_CORRECTIONS, PARTICIPANTS
from services.trials.domain.path.path_parts import Correction
from services.trials.half_corrections import HalfCorrections
from shared.contracts.event import Envelope
from shared.contracts.registration import ConsentWithdrawn
from shared.contracts.trials import DiagnosticRevoked
from tests.builders.events import PLACE, at
from tests.builders.merging import merged, unmerged
from tests.builders.trials import attempt
from tests.drivers.backups import Backup, assert_numbered_once
from tests.drivers.trials import NAVIGATOR, Trials, completed, history, states, trials_service

PLAYED = {"known": True, "lost": False}
"""Pairs of whom the backup has the duplicate's path, and pairs of whom it has none of it."""


def in_partition(wanted: int, name: str) -> str:
    """An id whose records go to a partition of two."""
    names = (f"{name}{n}" for n in range(100))
    return next(id for id in names if DefaultPartitioner()(id.encode(), [0, 1], [0, 1]) == wanted)


PAIRS = [
    (in_partition(first, f"{word}-s"), in_partition(1 - first, f"{word}-d"), before)
    for word, before in PLAYED.items()
    for first in (0, 1)
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def goes_the_whole_way(trials: Trials, id: str) -> None:
    await completed(trials, id)
    again = attempt(id, "readiness", ref="again", occurred_at="2020-11-10T10:00:00+03:00")
    await trials.must("POST", "/attempts", again, **NAVIGATOR)


async def takes_back(trials: Trials, survivor: str, duplicate: str) -> None:
    """The duplicate's consent is known to have ended before all of it, once both are one pupil."""
    await trials.publish(*merged(survivor, duplicate), time=at("2020-11-18"))
    both = {"_id": {"$in": [survivor, duplicate]}, "mergings.merged": True}
    await trials.know(both, 2, PARTICIPANTS)
    ended = ConsentWithdrawn(**{**PLACE, "participant": duplicate})
    await trials.publish(ended, time=at("2020-09-10"))
    await trials.know({"path": f"{duplicate}/2020"}, 0, "attempts")


def in_any_order(row: dict[str, Any]) -> dict[str, Any]:
    """A row in which corrections, each of a part of its own, stand in the order of these."""
    return {**row, "corrections": sorted(row.get("corrections", ()), key=lambda one: str(one["id"]))}


async def of(trials: Trials, *ids: str) -> list[Envelope]:
    return [e for e in await trials.published("trials.events.v1") if e.event.key in ids]


async def test_what_a_survivor_s_events_take_back_of_a_duplicate_stays_taken_back(trials: Trials) -> None:
    for survivor, duplicate, before in PAIRS:
        await trials.enrol(survivor)
        if before:
            await goes_the_whole_way(trials, duplicate)
    await trials.know({}, 0, "outbox")
    backup = Backup.of(trials.settings, "trials")
    for survivor, duplicate, before in PAIRS:
        if not before:
            await goes_the_whole_way(trials, duplicate)
        await takes_back(trials, survivor, duplicate)
    before_it, stored = await history(trials), await states(trials)
    taken = [e.event for e in before_it if isinstance(e.event, DiagnosticRevoked)]
    assert {event.participant for event in taken} == {survivor for survivor, _, _ in PAIRS}, "under the other's key"
    assert len(taken) == 3 * len(PAIRS)

    await trials.child.stop()
    backup.put_back()
    await trials.start()
    await trials.know({"path": {"$regex": "."}}, 0, "attempts")
    after = await history(trials)
    assert after == before_it, "nothing is published again"
    found = await states(trials)
    assert found.keys() == stored.keys()
    assert {name: row for name, row in found.items() if in_any_order(row) != in_any_order(stored[name])} == {}

    for survivor, duplicate, _ in PAIRS:
        await trials.publish(*unmerged(survivor, duplicate), time=at("2020-11-25"))
        word = {"$elemMatch": {"merged": False}}
        await trials.know({"_id": {"$in": [survivor, duplicate]}, "mergings": word}, 2, PARTICIPANTS)
    events = await history(trials)
    assert_numbered_once(events)
    told = [e.event for e in events if isinstance(e.event, DiagnosticRevoked) and e not in before_it]
    assert {(event.participant, event.attempt) for event in told} == {
        (duplicate, event.attempt) for event in taken for s, duplicate, _ in PAIRS if event.participant == s
    }, "each tells under its own key what the other one's event took back"


async def test_a_repeat_stands_for_a_first_attempt_that_was_taken_back_and_an_attempt_without_answers_may_be(
    trials: Trials,
) -> None:
    """Both are known by their events alone: their answers are lost."""
    await trials.enrol("rep")
    await trials.know({}, 0, "outbox")
    backup = Backup.of(trials.settings, "trials")
    for ref, day in (("first", "2020-10-05"), ("second", "2020-10-25"), ("third", "2020-11-05")):
        taken = attempt("rep", "readiness", ref=ref, occurred_at=f"{day}T10:00:00+03:00")
        await trials.must("POST", "/attempts", taken, **NAVIGATOR)
    await trials.withdraw("rep", at("2020-10-01"))
    await trials.know({"path": "rep/2020"}, 0, "attempts")
    await trials.consent("rep", at("2020-10-20"))
    for ref, day in (("fourth", "2020-10-26"), ("fifth", "2020-11-06")):
        taken = attempt("rep", "readiness", ref=ref, occurred_at=f"{day}T10:00:00+03:00")
        await trials.must("POST", "/attempts", taken, **NAVIGATOR)
    before, stored = await history(trials), await states(trials)

    await trials.child.stop()
    backup.put_back()
    await trials.start()
    assert (await history(trials), await states(trials)) == (before, stored)
    path = await trials.must("GET", "/participants/rep/path?season=2020", **NAVIGATOR)
    assert [shown["profile"] for shown in path["attempts"]] == [{}, {}], "the answers are lost, and not made up"
    await trials.withdraw("rep", at("2020-11-01"))

    async def taken_back() -> list[str]:
        return [e.event.attempt for e in await of(trials, "rep") if isinstance(e.event, DiagnosticRevoked)]

    await trials.know({"path": "rep/2020"}, 1, "attempts")
    assert len(await taken_back()) == 4, "an attempt whose answers are lost is taken back as any other"
    row: Any = await trials.mongo["paths"].find_one({"_id": "rep/2020"})
    assert row["diagnostics"]["readiness"].startswith("2020-10-26")


async def test_all_that_is_said_of_one_booking_waits_for_it(trials: Trials) -> None:
    """Also what the release before keeps under the booking's id alone."""
    waiting = HalfCorrections(trials.mongo)
    missed = Correction(kind="missed", id="b1", time=at("2020-10-05"))
    given_up = Correction(kind="cancelled", id="b1", time=at("2020-10-06"))
    old = Correction(kind="cancelled", id="b2", time=at("2020-10-07"))
    row = {"_id": "b2", **old.model_dump(mode="json", exclude={"id"})}
    await trials.mongo[HALF_CORRECTIONS].insert_one(row)

    async def take(made: Sequence[Correction], parts: Sequence[str]) -> Sequence[Correction]:
        return await trials.mongo.transact(lambda tx: waiting.take(made, parts, tx))

    for one in (missed, given_up):
        assert await take([one], []) == []
    assert await take([], ["b1", "b2"]) == [missed, given_up, old]
    assert await take([], ["b1", "b2"]) == []
