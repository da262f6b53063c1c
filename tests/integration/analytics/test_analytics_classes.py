"""One class in the figures, whichever way events spell it."""

from collections.abc import Callable
from typing import Any

import pytest_asyncio

from shared.contracts.event import Envelope
from shared.runtime.service import Platform
from tests.builders import events as builders
from tests.builders.events import enveloped
from tests.drivers.analytics import Analytics, Fold

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
    steps = [builders.diagnosed(id, **place) for id, place in pupils]
    return [enveloped(event, number) for number, event in enumerate((*told, *linked, *steps), 1)]


async def _figures(fold: Fold) -> list[Any]:
    """What may depend on classes: the rows by class, and the totals."""
    by_class = await fold.funnel(by="class")
    assert [row["key"] if "key" in row else {k: row[k] for k in CLASS} for row in by_class["rows"]] == [CLASS]
    return [(row["registered"], row["participated"], row["guardians"]) for row in by_class["rows"]]


async def test_a_class_is_one_row_however_events_spell_it(fold: Fold) -> None:
    await fold.learn(*facts())
    assert await _figures(fold) == [(4, 4, 2)]
