"""The verification on real servers: it proves figures that are right, whatever arrives, and finds planted faults."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
import pytest_asyncio

from services.analytics.collections import CELLS, GIVEN, GUARDIANS, PAGES, RESERVATIONS, SEASONS
from services.analytics.consumers import VIEWS
from services.analytics.facts import SeasonFacts
from services.analytics.states import packed, unpacked
from services.analytics.verification.logs import Pace
from services.analytics.verification.verdict import Verdict
from services.analytics.verification.verify import verify
from shared.contracts.event import Envelope
from shared.contracts.revisions import SeasonCorrected
from shared.messaging import kafka
from shared.messaging.consumer import BatchConsumer
from shared.operations import recovery
from shared.operations.dead_letters import dead_letters
from shared.runtime.service import Platform
from shared.storage.mongo import Document
from tests.builders import events as builders
from tests.builders.entries import SEASON, Entries
from tests.builders.events import at, enveloped
from tests.drivers.analytics import Analytics
from tests.drivers.consumers import consuming, eventually, publish, relay_once

BEGIN = at("2020-12-20")
CATALOGUE = [
    *(enveloped(e) for e in (SEASON, builders.season("camp"), builders.region(), builders.competency())),
    enveloped(builders.quota_moved("e1", "RU", "RU-ROS", 40)),
    enveloped(builders.quota_moved("e2", "RU-ROS", "RU-ROS-001", 9)),
]


def recorded(told: Iterable[Envelope], since: int = 0) -> list[Envelope]:
    """The facts, one recorded a minute; a seat is given up once."""
    given_up: set[str] = set()
    facts: list[Envelope] = []
    for number, fact in enumerate(told, since):
        if fact.event.type == "trial.cancelled.v1":
            booking = str(vars(fact.event)["booking"])
            if booking in given_up:
                continue
            given_up.add(booking)
        facts.append(replace(fact, recordedtime=BEGIN + timedelta(minutes=number)))
    return facts


class Installation:
    """The figures of one installation, and what they are verified by."""

    def __init__(self, platform: Platform) -> None:
        self.analytics, self.platform = Analytics(platform), platform
        self.settings, self.mongo = platform.settings, platform.mongo

    @property
    def consumers(self) -> Sequence[BatchConsumer]:
        """Those whose effects the figures are."""
        return [*self.analytics.views, self.analytics.reserved]

    async def verdict(self, rate: int | None = None) -> Verdict:
        """The outcome of a verification."""
        return await verify(self.settings, Pace(print, rate))

    async def folds(self, *told: Envelope) -> None:
        """Publishes events, and returns once all are handled."""
        await publish(self.settings, *told)
        again = Installation(self.platform)  # consumers run once
        async with consuming(self.settings, *again.consumers):
            await eventually(again.has_read_all)

    async def has_read_all(self) -> bool:
        """Whether every record of the topics is handled."""
        for consumer in self.consumers:
            ends = await kafka.end_offsets(self.settings.bootstrap, consumer.topics)
            if await consumer.offsets.read(ends) != ends:
                return False
        return True

    async def faulty(self, collection: str, where: Document, change: Document) -> Verdict:
        """The verdict while a stored document is another one."""
        row = await self.mongo[collection].find_one(where)
        assert row is not None
        await self.mongo[collection].update_one({"_id": row["_id"]}, change)
        verdict = await self.verdict()
        await self.mongo[collection].replace_one({"_id": row["_id"]}, row)
        return verdict


@pytest_asyncio.fixture
async def installation(platform_of: Callable[..., Platform]) -> AsyncIterator[Installation]:
    found = Installation(platform_of("analytics"))
    await found.analytics.migrate()
    yield found


def season(n: int = 160) -> list[Envelope]:
    """A season with all that corrects it, closed and revised, in the order in which it was recorded."""
    entries = Entries(Random(14), [f"p{number}" for number in range(8)])
    told = recorded(entries.happen(n))
    ends = [
        replace(enveloped(event, number), recordedtime=told[index].recordedtime)
        for number, event, index in (
            (2, builders.season_closed(), n // 2),
            (3, SeasonCorrected(season="2020", revision=1), 3 * n // 4),
        )
    ]
    return [*told, *ends]


async def test_a_season_with_corrections_is_proven_while_more_arrives(installation: Installation) -> None:
    told = season()
    await installation.folds(*CATALOGUE, *told)
    verdict = await installation.verdict()
    assert (verdict.first, verdict.differing, verdict.left_out) == ([], 0, [])
    assert verdict.cells > 150
    assert verdict.records == len(CATALOGUE) + len(told) == sum(verdict.position[VIEWS].values()) + len(CATALOGUE) + 2

    entries = Entries(Random(15), [f"q{number}" for number in range(60)])
    more = recorded(entries.happen(600), len(told))
    again = Installation(installation.platform)
    async with consuming(installation.settings, *again.consumers):
        publishing = asyncio.create_task(publish(installation.settings, *more))
        verdicts = [await installation.verdict() for _ in range(3)]
        await publishing
        await eventually(again.has_read_all)
    assert [verdict.first for verdict in [*verdicts, await installation.verdict()]] == [[]] * 4


async def test_what_has_had_no_effect_is_named_and_what_was_redriven_counts(installation: Installation) -> None:
    settings = installation.settings
    facts = settings.kafka_topic_prefix + "registration.events.v1"
    async with kafka.producer(settings.bootstrap) as producer:
        await producer.send_and_wait(facts, b"{}", b"p", partition=0)
    await installation.folds(*CATALOGUE, enveloped(builders.registered()))
    await installation.folds(enveloped(builders.registered("early", "next")))
    verdict = await installation.verdict()
    assert verdict.is_proven
    assert {one.position for one in verdict.left_out if one.reason.startswith("header missing")} == {f"{facts}:0:0"}
    assert NAMED & {one.reason for one in verdict.left_out} == {"it waits for what it names"}

    later = Platform("analytics", settings, clock=lambda: installation.platform.clock() + timedelta(minutes=2))
    await _gives_up(Installation(later))
    later.close()
    assert NAMED & await _reasons(installation) == {"season next is not in the catalogue"}, "its letter is not sent yet"
    await relay_once(installation.platform)
    letters = [letter async for letter in dead_letters(settings, [VIEWS]) if "catalogue" in letter.reason]
    await installation.folds(enveloped(builders.season("next")))
    assert NAMED & await _reasons(installation) == {"season next is not in the catalogue"}, "it is not redriven yet"
    async with consuming(settings, *Installation(installation.platform).consumers):
        (outcome,) = await recovery.redrive(settings, letters, 30)
    assert outcome.state == "applied"
    assert not NAMED & await _reasons(installation)


NAMED = {"it waits for what it names", "season next is not in the catalogue"}


async def _reasons(installation: Installation) -> set[str]:
    """Why the figures, which are right, leave records out."""
    verdict = await installation.verdict()
    assert verdict.is_proven, verdict
    return {one.reason for one in verdict.left_out}


async def _gives_up(later: Installation) -> None:
    """What waited for a season has waited long enough."""

    async def none_waits() -> bool:
        return not await later.mongo["deferred"].count_documents({"state": "waiting"})

    async with consuming(later.settings, *later.consumers):
        await eventually(none_waits)


async def test_each_planted_fault_is_found(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    told = [enveloped(builders.registered(p)) for p in ("p1", "p2", "p3")]
    told += [enveloped(builders.guardian_linked("p1"), 2), enveloped(builders.diagnosed("p1", "readiness"), 1)]
    told += [enveloped(builders.booked("p1"), 2), enveloped(builders.attended("p1"), 3)]
    await installation.folds(*CATALOGUE, *told)
    await _is_found_in_what_is_stored(installation)
    assert (await installation.verdict()).is_proven

    await installation.folds(enveloped(builders.registered("p4")))
    await _is_found_where_offsets_moved_without_effects(installation)
    assert (await installation.verdict()).is_proven

    await _forget_diagnostics(installation, "p1")
    await installation.folds(enveloped(builders.diagnosed("p1", "interests"), 4))
    assert _tables(await installation.verdict()) == {"funnel", "classes"}, "a pupil's state was altered"

    monkeypatch.setattr(SeasonFacts, "attendances", lambda facts: iter(facts.attended.values()))
    await installation.folds(enveloped(builders.revoked(), 5))
    assert _tables(await installation.verdict()) == {"funnel", "classes", "demand"}, "a rule of the fold is wrong"


async def _is_found_in_what_is_stored(installation: Installation) -> None:
    cell = {"table": "funnel"}
    day = "2020-09-14"
    for collection, where, change, tables in (
        (CELLS, cell, {"$inc": {f"n.registered.7.{day}": 1, "total.registered.7": 1}}, {"funnel"}),
        (CELLS, cell, {"$inc": {"n.completed.9.2020-10-01": 1, "total.completed.9": 1}}, {"funnel"}),
        (CELLS, cell, {"$inc": {"total.registered.7": 1}}, {"funnel"}),
        (CELLS, {"table": "region-guardians"}, {"$set": {"n": {}, "total": {}}}, {"region-guardians"}),
        (RESERVATIONS, {}, {"$set": {"n": {}, "total": {}}}, {"reservations"}),
        (GIVEN, {"_id": "e1"}, {"$inc": {"amount": 1}}, {"given"}),
        (SEASONS, {"_id": "2020"}, {"$inc": {"trials_required": 1}}, {"seasons"}),
        (GUARDIANS, {}, {"$set": {"links.0.day": "2020-09-01"}}, {"links"}),
    ):
        verdict = await installation.faulty(collection, where, change)
        assert _tables(verdict) == tables, change
    gone = await installation.mongo[CELLS].find_one_and_delete({"table": "demand"})
    assert gone is not None
    assert _tables(await installation.verdict()) == {"demand"}
    await installation.mongo[CELLS].insert_one(gone)


async def _forget_diagnostics(installation: Installation, participant: str) -> None:
    """Alters a pupil's state, wherever it is stored."""
    async for page in installation.mongo[PAGES].find({"ids": participant}):
        at = page["ids"].index(participant)
        pupil = unpacked(page["states"][at])
        pupil.seasons["2020"].diagnostics.clear()
        await installation.mongo[PAGES].update_one({"_id": page["_id"]}, {"$set": {f"states.{at}": packed(pupil)}})


def _tables(verdict: Verdict) -> set[str]:
    assert not verdict.is_proven
    return {one.cell.partition("\t")[0] for one in verdict.first}


async def _is_found_where_offsets_moved_without_effects(installation: Installation) -> None:
    await publish(installation.settings, enveloped(builders.registered("p5")))
    views = installation.consumers[1]
    ends = await kafka.end_offsets(installation.settings.bootstrap, views.topics)
    before = await views.offsets.read(ends)
    for offsets in (ends, before):
        for partition, next_ in offsets.items():
            row = {"_id": views.offsets.id(partition)}
            await installation.mongo["offsets"].update_one(row, {"$set": {"next": next_}})
        if offsets is ends:
            assert _tables(await installation.verdict()) == {"funnel", "classes"}
