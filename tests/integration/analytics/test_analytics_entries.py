"""Merged pupils on real servers: counted once wherever their entries lie, by however many workers, and in a replay."""

from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any

import pytest
import pytest_asyncio

from services.analytics.collections import HEADS, MERGED, PAGES
from services.analytics.copies import Copies
from services.analytics.entry_rows import EntryRows
from services.analytics.projection import Projection
from shared.contracts.event import Envelope
from shared.runtime.service import Platform
from shared.storage.mongo import Transaction
from tests.builders import events as builders
from tests.builders.entries import DAYS, SEASON, Entries
from tests.builders.events import enveloped
from tests.drivers.analytics import Analytics, Body, overlapping, polled
from tests.drivers.figures import figures, interleaved, same_as_a_recount

HARDER = builders.season(diagnostics=("readiness", "interests"), trials_required=3)
CATALOGUE = [enveloped(HARDER), enveloped(builders.season("camp")), enveloped(builders.region())]
SURVIVOR, DUPLICATE = (
    enveloped(builders.merged("p1", "p2", "survivor"), 2),
    enveloped(builders.merged("p2", "p1", "duplicate"), 2),
)
REGISTERED = [enveloped(builders.registered(p)) for p in ("p1", "p2", "p3")]


class Fold:
    """The writers of the figures on one database."""

    def __init__(self, analytics: Analytics) -> None:
        self.mongo = analytics.platform.mongo
        self._group = analytics.views[-1].offsets.group
        self.writer = Projection(self.mongo, self._group)
        self.catalogue = Copies(self.mongo, self.writer)

    async def define(self, *events: Envelope) -> None:
        """One poll of the catalogue."""
        await self.mongo.transact(lambda tx: self.catalogue.apply(polled(*events), tx))

    def poll(self, *facts: Envelope) -> Body:
        """What one poll of facts does in its transaction, of a worker that has just started."""
        worker = Projection(self.mongo, self._group)
        return lambda tx: worker.apply(polled(*facts), tx)

    async def learn(self, *facts: Envelope) -> None:
        """One poll of facts."""
        await self.mongo.transact(lambda tx: self.writer.apply(polled(*facts), tx))

    async def registered(self) -> int:
        """How many pupils are registered."""
        shown = await figures(self.mongo, DAYS[-1])
        return sum(n for row, n in shown.items() if row[0] == "funnel" and row[3] == "registered")


@pytest_asyncio.fixture
async def fold(platform_of: Callable[..., Platform]) -> Fold:
    analytics = Analytics(platform_of("analytics"))
    await analytics.migrate()
    fold = Fold(analytics)
    await fold.define(*CATALOGUE)
    return fold


@pytest.mark.parametrize("known", [REGISTERED, []])
@pytest.mark.parametrize("words", [(SURVIVOR, DUPLICATE), (DUPLICATE, SURVIVOR)])
async def test_two_workers_that_hear_the_two_words_of_a_merging(
    fold: Fold, known: list[Envelope], words: tuple[Envelope, Envelope]
) -> None:
    await fold.learn(*known)
    assert await overlapping(fold.mongo, fold.poll(words[0]), fold.poll(words[1])) > 1
    await fold.learn(*REGISTERED)
    assert await fold.registered() == 2


async def test_words_that_are_heard_without_a_row_of_whom_they_name_are_missed(
    fold: Fold, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row by which the two workers conflict is what joins the entries."""

    async def alone(_: Any, merged: Iterable[str], known: Mapping[str, Any], tx: Transaction) -> dict[str, Any]:
        return {participant: known[participant] for participant in merged if participant in known}

    await fold.learn(*REGISTERED)
    monkeypatch.setattr(EntryRows, "joined", alone)
    assert await overlapping(fold.mongo, fold.poll(SURVIVOR), fold.poll(DUPLICATE)) == 1
    assert await fold.registered() == 3


@pytest.mark.parametrize("word_first", [False, True])
async def test_a_step_of_a_pupil_while_another_says_that_they_are_one(fold: Fold, word_first: bool) -> None:
    """Also of one whose row is not there yet, and who has said nothing so far."""
    await fold.learn(REGISTERED[0], DUPLICATE)
    word, step = fold.poll(SURVIVOR), fold.poll(REGISTERED[1])
    assert await overlapping(fold.mongo, *((word, step) if word_first else (step, word))) > 1
    assert await fold.registered() == 1


async def test_steps_of_two_duplicates_of_one_pupil_meet(fold: Fold) -> None:
    """Neither names the other: they meet at their survivor."""
    words = (
        enveloped(builders.merged("p1", "p3", "survivor"), 3),
        enveloped(builders.merged("p3", "p1", "duplicate"), 2),
    )
    await fold.learn(*REGISTERED, SURVIVOR, DUPLICATE, *words)
    steps = [fold.poll(enveloped(builders.attended(p, "s1"))) for p in ("p2", "p3")]
    assert await overlapping(fold.mongo, *steps) > 1
    demand = [n for row, n in (await figures(fold.mongo, DAYS[-1])).items() if row[0] == "demand"]
    assert demand == [1]


@pytest.mark.parametrize("seed", range(3))
async def test_terms_that_change_count_a_merged_pupil_once(fold: Fold, seed: int) -> None:
    rng = Random(seed)
    entries = Entries(rng, [f"p{n}" for n in range(8)])
    for version in range(4):
        facts = list(interleaved(entries.happen(60), rng))
        for n in range(0, len(facts), 7):
            await fold.learn(*facts[n : n + 7])
        await fold.define(enveloped(HARDER if version % 2 else SEASON, version + 2))
    await fold.define(enveloped(SEASON, 9))
    assert entries.survivors
    await same_as_a_recount(fold.mongo, entries.told)


@pytest.mark.parametrize("heard", [[SURVIVOR], [DUPLICATE], [SURVIVOR, DUPLICATE]])
async def test_terms_that_change_while_the_words_of_a_merging_are_heard(fold: Fold, heard: list[Envelope]) -> None:
    steps = [enveloped(builders.diagnosed(p, name)) for p in ("p1", "p2") for name in HARDER.diagnostics]
    steps += [enveloped(build(p)) for p in ("p1", "p2") for build in (builders.attended, builders.recommended)]
    told = [*REGISTERED, *steps, *heard]
    await fold.learn(*told)
    await fold.define(enveloped(SEASON, 2))
    await same_as_a_recount(fold.mongo, told)


async def test_who_was_never_merged_costs_one_read_and_one_page_a_poll(fold: Fold) -> None:
    await fold.learn(*REGISTERED, SURVIVOR, DUPLICATE)
    database = fold.mongo[PAGES].database
    await database.command("profile", 2)
    await fold.learn(enveloped(builders.diagnosed("p3")), enveloped(builders.registered("p5")))
    await database.command("profile", 0)
    done = await fold.mongo["system.profile"].find({"op": {"$in": ["query", "insert", "update"]}}).to_list(None)
    of = {name: [row["op"] for row in done if row["ns"].endswith(f".{name}")] for name in (HEADS, PAGES, MERGED)}
    assert of == {HEADS: ["query", "update"], PAGES: ["insert"], MERGED: []}
