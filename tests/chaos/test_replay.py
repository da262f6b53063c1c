"""The databases of analytics and notifications are lost; from Kafka alone the same figures and inboxes return."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import aiohttp
import pytest

from deploy.cli.whole_demo import settings_of
from deploy.local.system import System
from deploy.simulator.simulation import Options
from shared.base.settings import Settings
from shared.storage.mongo import Mongo
from tests.chaos.agreement import ask
from tests.chaos.conftest import Show
from tests.chaos.inboxes import Inboxes
from tests.chaos.installation import Installation, play, season
from tests.chaos.proof import proven

LOST = ("analytics", "notifications")
QUESTIONS = (
    *(f"funnel?season={{season}}&by={by}" for by in ("municipality", "school", "class", "grade", "day")),
    "ranking?season={season}",
    "competencies?season={season}",
)
RETURNS_WITHIN = 120.0


async def answers(running: System, region: str, season_code: str) -> dict[str, Mapping[str, Any]]:
    """Everything that analytics says of a region's season, but when it is said."""
    async with aiohttp.ClientSession() as http:
        found = {q: await ask(http, running, region, q.format(season=season_code)) for q in QUESTIONS}
    return {question: {k: v for k, v in answer.items() if k != "known_at"} for question, answer in found.items()}


def contents(inboxes: Inboxes) -> dict[str, dict[str, Any]]:
    """Participant → event → what the notice says; its number is the order of arrival, which a replay may change."""
    return {
        participant: {id: {k: v for k, v in notice.items() if k != "number"} for id, notice in notices.items()}
        for participant, notices in inboxes.items()
    }


@pytest.mark.timeout(900)
async def test_from_kafka_alone(installation: Installation, seed: int, show: Show) -> None:
    scenario = season()
    region, code = scenario.region, scenario.season
    async with installation.running() as running:
        settings = settings_of(running.settings)
        result = await play(running, scenario, Options(seed=seed))
        before = await proven(running, result, seed)
        figures = await answers(running, region, code)
    for service in LOST:
        await _lose(settings, service)
    async with installation.running() as running:
        begun = time.monotonic()
        await _returned(running, figures, region, code)
        seconds = time.monotonic() - begun
        after = await proven(running, result, seed)
        assert await answers(running, region, code) == figures
        assert contents(after.inboxes) == contents(before.inboxes)
        show(f"{after}; {len(QUESTIONS)} answers returned {seconds:.1f} s after the system was ready")


async def _lose(settings: Settings, service: str) -> None:
    with closing(Mongo(settings.mongo_url, settings.database(service))) as mongo:
        assert await mongo.collections()
        await mongo.drop()
        assert await mongo.collections() == []


async def _returned(running: System, figures: Mapping[str, Mapping[str, Any]], region: str, code: str) -> None:
    """Waits until the figures are what they were: a group that has read nothing yet has no lag either."""
    deadline = time.monotonic() + RETURNS_WITHIN
    while (now := await answers(running, region, code)) != figures:
        differing = [question for question in figures if now[question] != figures[question]]
        assert time.monotonic() < deadline, f"not returned within {RETURNS_WITHIN:g} s: {differing}"
        await asyncio.sleep(0.2)
