"""Public figures over HTTP: without a token, of the last release, kept by anybody until the next."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from deploy.local.stack import Infrastructure
from services.analytics.collections import RELEASES
from shared.contracts.event import Envelope
from tests.builders import events as builders
from tests.builders.events import enveloped
from tests.drivers.consumers import eventually, publish
from tests.drivers.service import ServiceProcess, installed

OPERATOR = [{"role": "regional-operator", "org": "RU-ROS"}]
CATALOGUE = [
    *(builders.season(diagnostics=("readiness",)), builders.competency()),
    *(builders.municipality(f"RU-ROS-00{n}", name) for n, name in enumerate(("Азов", "Гуково", "Шахты"), 1)),
    builders.region(),
]


def pupils(town: str, first: int, n: int) -> list[Envelope]:
    """Pupils of a municipality, all of them tested."""
    place = {"municipality": town, "school": f"{town}-S01"}
    names = [f"{town}-{number}" for number in range(first, first + n)]
    tested = [enveloped(builders.diagnosed(name, **place)) for name in names]
    return [*(enveloped(builders.registered(name, **place)) for name in names), *tested]


class Analytics(ServiceProcess):
    """Analytics in role `all`."""

    service = "analytics"

    async def learns(self, tested: int, facts: Sequence[Envelope]) -> None:
        """Publishes facts and waits until so many pupils are tested."""
        await publish(self.settings, *facts)
        headers = self.bearer("someone", OPERATOR)

        async def shown() -> bool:
            answer = await self.request("GET", "/regions/RU-ROS/funnel?season=2020", None, headers)
            return answer.status == 200 and bool(answer.body["tested"] == tested)

        await eventually(shown)

    async def public(self, figure: str, region: str = "RU-ROS", season: str = "2020") -> Any:
        answer = await self.request("GET", f"/public/regions/{region}/{figure}season={season}", None, {})
        assert answer.status == 200, answer.body
        return answer.body


async def test_a_release_shows_no_small_number_and_follows_in_steps(
    infrastructure: Infrastructure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_RELEASE_SECONDS", "0")
    async with installed(Analytics, infrastructure) as service:
        facts = [*map(enveloped, CATALOGUE), *pupils("RU-ROS-001", 0, 30), *pupils("RU-ROS-002", 0, 12)]
        await service.learns(45, [*facts, *pupils("RU-ROS-003", 0, 3)])
        funnel = await service.public("funnel?")
        assert (funnel["tested"], funnel["completed"], funnel["name"]) == (45, None, "Ростовская область")
        assert [(row["name"], row["tested"]) for row in funnel["rows"]] == [("Азов", 30)]
        ranking = await service.public("ranking?min_n=5&")
        assert (ranking["rows"], ranking["not_ranked"], ranking["min_n"]) == ([], 1, 5)
        assert (await service.public("competencies?"))["rows"] == []
        await service.learns(49, pupils("RU-ROS-001", 30, 4))
        again = await service.public("funnel?")
        assert (again["tested"], again["rows"]) == (45, funnel["rows"])
        assert again["released_at"] > funnel["released_at"]
        assert again["position"] != funnel["position"]
        await service.learns(50, pupils("RU-ROS-001", 34, 1))
        assert [(await service.public("funnel?"))[part] for part in ("tested", "registered")] == [50, 50]
        many = await asyncio.gather(*(service.public("funnel?") for _ in range(8)))
        assert {(each["tested"], each["rows"][0]["tested"]) for each in many} == {(50, 35)}


async def test_a_release_holds_until_the_next_is_due_and_may_be_kept(infrastructure: Infrastructure) -> None:
    async with installed(Analytics, infrastructure) as service, service.replica() as other:
        await service.learns(30, [*map(enveloped, CATALOGUE), *pupils("RU-ROS-001", 0, 30)])
        path = "/analytics/public/regions/RU-ROS/funnel?season=2020"
        asked = [service.http.get(f"{base}{path}") for base in (service.base, other) * 4]
        tags = {answer.headers["ETag"] for answer in await asyncio.gather(*asked)}
        assert len(tags) == 1, "whichever process made it"
        await service.learns(60, pupils("RU-ROS-001", 30, 30))
        async with service.http.get(f"{other}{path}", headers={"If-None-Match": tags.pop()}) as answer:
            public, age = answer.headers["Cache-Control"].split("max-age=")
            assert (answer.status, public) == (304, "public, ")
            assert 3_000 < int(age) <= 3_600
        rows = await service.mongo[RELEASES].find().to_list(None)
        assert [(row["_id"], row["number"]) for row in rows] == [("stages/2020/RU-ROS", 1)]


async def test_what_is_not_known_is_refused_and_strangers_are_counted(
    infrastructure: Infrastructure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIMIT_UNKNOWN_CALLERS", "4/600")
    async with installed(Analytics, infrastructure) as service:
        await service.learns(1, [*map(enveloped, CATALOGUE), *pupils("RU-ROS-001", 0, 1)])

        async def refused(path: str) -> tuple[int, str, list[str]]:
            answer = await service.request("GET", f"/public/regions/{path}", None, {})
            return answer.status, answer.body["type"], [error["pointer"] for error in answer.body.get("errors", [])]

        assert await refused("RU-NONE/funnel?season=2020") == (404, "region-unknown", ["path:code"])
        assert await refused("RU-ROS/competencies?season=1999") == (404, "season-unknown", ["query:season"])
        assert await refused("RU-ROS/ranking?season=2020&min_n=4") == (422, "bad-input", ["query:min_n"])
        assert await refused("RU-ROS/funnel?season=2020&by=school") == (422, "bad-input", ["query:by"])
        while (found := await refused("RU-NONE/funnel?season=2020"))[0] == 404:
            pass
        assert found[:2] == (429, "quota-exceeded")
        assert await service.mongo[RELEASES].count_documents({}) == 0
