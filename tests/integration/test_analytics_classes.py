"""One class in the figures, whichever way events spell it and whichever release folded them."""

from collections.abc import Callable
from typing import Any

import pytest
import pytest_asyncio

from services.analytics.respelling import respell
from shared.contracts.event import Envelope
from shared.service import Platform
from tests import builders
from tests.builders import enveloped
from tests.integration.running_analytics import Analytics, overlapping, polled
from tests.integration.test_analytics_fold import Fold

SPELLINGS = ("7А", "7A", "7 «а»", "7-а")
CLASS = {"school": "RU-ROS-001-S01", "class": "7А", "grade": 7}


@pytest_asyncio.fixture
async def fold(platform_of: Callable[..., Platform]) -> Fold:
    analytics = Analytics(platform_of("analytics"))
    await analytics.migrate()
    fold = Fold(analytics)
    await fold.define(*(enveloped(e) for e in (builders.season(), builders.region(), builders.municipality())))
    return fold


def facts() -> list[Envelope]:
    """A pupil of the class in each spelling, two guardians of them all, and a step of each."""
    pupils = [(f"p{number}", {"school_class": name}) for number, name in enumerate(SPELLINGS)]
    told = [builders.registered(id, **place) for id, place in pupils]
    linked = [builders.guardian_linked(id, guardian, **place) for id, place in pupils for guardian in ("g1", "g2")]
    return [enveloped(event) for event in (*told, *linked, *(builders.diagnosed(id, **place) for id, place in pupils))]


@pytest.fixture
def old_release(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The fold as the release before has it, which takes a class as it is written, until this is undone."""
    monkeypatch.setattr("services.analytics.domain.class_form", lambda text: text)
    return monkeypatch


async def _figures(fold: Fold) -> list[Any]:
    """What may depend on classes: the rows by class, and the totals."""
    by_class = await fold.funnel(by="class")
    assert [row["key"] if "key" in row else {k: row[k] for k in CLASS} for row in by_class["rows"]] == [CLASS]
    return [(row["registered"], row["participated"], row["guardians"]) for row in by_class["rows"]]


async def test_a_class_is_one_row_however_events_spell_it(fold: Fold) -> None:
    await fold.learn(*facts())
    assert await _figures(fold) == [(4, 4, 2)]


async def test_figures_of_the_release_before_become_those_of_a_replay(
    fold: Fold, old_release: pytest.MonkeyPatch
) -> None:
    await fold.learn(*facts(), partition=3)
    await fold.mongo["pupils"].update_many({}, {"$unset": {"texts": ""}})
    old_release.undo()
    assert await _figures(fold) == [(4, 4, 8)], "one row already; a guardian is one in each old spelling"
    settings = fold.analytics.platform.settings
    assert await respell(fold.mongo, settings) == []
    assert await _figures(fold) == [(4, 4, 2)]
    before = [await fold.mongo[name].find({}).sort("_id", 1).to_list(None) for name in ("pupils", "cells", "guardians")]
    assert await respell(fold.mongo, settings) == []
    assert before == [
        await fold.mongo[name].find({}).sort("_id", 1).to_list(None) for name in ("pupils", "cells", "guardians")
    ]
    await fold.learn(*facts())
    assert await _figures(fold) == [(4, 4, 2)]


async def test_a_pupil_of_the_release_before_is_respelled_by_the_next_fact(
    fold: Fold, old_release: pytest.MonkeyPatch
) -> None:
    await fold.learn(*facts()[:-1])
    old_release.undo()
    told = [enveloped(builders.diagnosed(f"p{number}", "interests"), 9) for number in range(4)]
    await fold.learn(*told, partition=1)
    assert await _figures(fold) == [(4, 4, 2)]


async def test_a_worker_that_meets_the_respelling_comes_second_and_reads_again(
    fold: Fold, old_release: pytest.MonkeyPatch
) -> None:
    await fold.learn(*facts()[:-1])
    await fold.mongo["pupils"].update_many({}, {"$unset": {"texts": ""}})
    old_release.undo()
    tries = await overlapping(
        fold.mongo,
        lambda tx: fold.writer.respell({"p0", "p1", "p2", "p3"}, tx),
        lambda tx: fold.writer.apply(polled(facts()[-1]), tx),
    )
    assert tries == 2
    assert await _figures(fold) == [(4, 4, 2)]
