"""Figures over HTTP: an answer that the caller has already is not sent again, one that has changed is."""

import asyncio
import hashlib
import json
from typing import Any
from urllib.parse import quote

import pytest

from deploy.local.stack import Infrastructure
from services.analytics.figures.registry import FOLD
from shared.contracts.event import Envelope
from shared.identity.grants import Grant
from shared.storage.outbox import utcnow
from tests.builders import events as builders
from tests.builders.cursors import WRONG
from tests.builders.events import PLACE, enveloped
from tests.drivers.consumers import eventually, publish
from tests.drivers.service import ServiceProcess, installed

REGIONAL = {"role": "regional-operator", "org": "RU-ROS"}
MUNICIPAL = {"role": "municipal-operator", "org": "RU-ROS-001"}


class Analytics(ServiceProcess):
    """Analytics in role `all`."""

    service = "analytics"

    async def asked(self, figures: str, tag: str = "", grant: Any = REGIONAL) -> tuple[int, str, Any]:
        """Status, tag and body of the answer to a caller who has what `tag` names; of all regions without `figures`."""
        url = f"{self.base}/analytics/regions{figures and f'/RU-ROS/{figures}'}?season=2020"
        headers = self.bearer("someone", [grant]) | {"If-None-Match": tag}
        async with self.http.get(url, headers=headers) as answer:
            return answer.status, answer.headers.get("ETag", ""), await answer.json() if answer.status == 200 else None

    async def learns(self, registered: int, *facts: Envelope) -> None:
        """Publishes the facts and waits until so many pupils are registered."""
        await publish(self.settings, *facts)

        async def shown() -> bool:
            status, _, body = await self.asked("funnel")
            return status == 200 and body["registered"] == registered

        await eventually(shown)


async def test_a_guessed_tag_says_nothing_outside_the_scope(infrastructure: Infrastructure) -> None:
    elsewhere = {"role": "municipal-operator", "org": "RU-TAM-001"}
    async with installed(Analytics, infrastructure) as service:
        catalogue = builders.season(), builders.municipality(), builders.region()
        await service.learns(1, *map(enveloped, catalogue), enveloped(builders.registered("p1")))
        body = (await service.asked("funnel"))[2]
        standing = [body["position"], [body["as_of"]]]
        caller = ["someone", repr((Grant("municipal-operator", "RU-TAM-001"),))]
        path, hour = "/analytics/regions/RU-ROS/funnel", f"{utcnow():%Y-%m-%dT%H}"
        question = json.dumps([path, "season=2020", caller, standing, FOLD, hour])
        guessed = f'"{hashlib.sha256(question.encode()).hexdigest()[:24]}"'
        assert (await service.asked("funnel", guessed, elsewhere))[0] == 403


async def test_a_cursor_of_the_feed_is_right_or_refused(infrastructure: Infrastructure) -> None:
    async with installed(Analytics, infrastructure) as service:
        await service.learns(1, *map(enveloped, (builders.season(), builders.region(), builders.registered("p1"))))

        async def page(after: str, wait: int = 0) -> Any:
            path = f"/regions/RU-ROS/feed?after={quote(after)}&wait={wait}"
            return await service.request("GET", path, None, service.bearer("someone", [REGIONAL]))

        async def numbered() -> bool:
            answer = await page("0")
            return bool(answer.status == 200 and answer.body["watermark"] == 3)

        await eventually(numbered)
        whole = (await page("0")).body
        epoch, end = whole["epoch"], whole["next"]
        assert (whole["watermark"], end) == (3, f"{epoch}.3")
        assert [event["seq"] for event in (await page(f"{epoch}.0001")).body["events"]] == [2, 3]
        assert (await page(end)).body["next"] == end
        # A cursor of thousands of digits, digits of another script, and whatever else is no cursor of a feed.
        refused = [(word, 422, "bad-input") for word in WRONG if word not in ("0", "1.2")] + [
            (f"1.{'9' * 5_000}", 422, "bad-input"),
            (f"{epoch}.\u0661", 422, "bad-input"),
            (f"{epoch}.-1", 422, "bad-input"),
            (f"{epoch + 1}.1", 410, "epoch-gone"),
            (f"{epoch}.4", 410, "cursor-ahead"),
            (f"{epoch}.{'9' * 18}", 410, "cursor-ahead"),
        ]
        for after, status, slug in refused:
            answer = await page(after, wait=30)
            assert (answer.status, answer.body["type"]) == (status, slug), after[:40]
            assert [error["pointer"] for error in answer.body["errors"]] == ["query:after"]


async def test_polls_of_a_feed_that_wait_are_counted_while_they_do(
    infrastructure: Infrastructure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIMIT_OPERATOR_OPEN", "2")
    async with installed(Analytics, infrastructure) as service:
        await service.learns(1, *map(enveloped, (builders.season(), builders.region(), builders.registered("p1"))))
        reader = service.bearer("reader", [REGIONAL])
        read = await service.request("GET", "/regions/RU-ROS/feed?limit=1000", None, reader)
        behind = f"/regions/RU-ROS/feed?after={read.body['next']}"

        async def poll(wait: int) -> int:
            return (await service.request("GET", f"{behind}&wait={wait}", None, reader)).status

        waiting = [asyncio.create_task(poll(3)) for _ in range(5)]
        assert await poll(0) == 200
        assert sorted(await asyncio.gather(*waiting)) == [200, 200, 429, 429, 429]
        assert await poll(1) == 200


async def test_figures_are_sent_again_only_when_they_may_have_changed(infrastructure: Infrastructure) -> None:
    async with installed(Analytics, infrastructure) as service:
        catalogue = builders.season(), builders.municipality(), builders.region()  # with the region all has been read
        await service.learns(1, *map(enveloped, catalogue), enveloped(builders.registered("p1")))
        for figures in ("funnel", "ranking", "competencies", ""):
            status, tag, body = await service.asked(figures)
            assert (status, (body if figures else body["rows"][0])["region"]) == (200, "RU-ROS")
            for known in (tag, f'"other", W/{tag}', "*"):
                assert await service.asked(figures, known) == (304, tag, None)
            assert (await service.asked(figures, tag.strip('"')))[0] == 200
            status, other, _ = await service.asked(figures, tag, MUNICIPAL)
            assert status == 200
            assert other != tag
        _, tag, _ = await service.asked("funnel")
        await service.learns(2, enveloped(builders.registered("p2")))
        status, newer, body = await service.asked("funnel", tag)
        assert (status, body["registered"]) == (200, 2)
        assert newer != tag


async def test_quotas_are_plan_against_use(infrastructure: Infrastructure) -> None:
    moved = [
        builders.quota_moved("e1", "RU", "RU-ROS", 30),
        builders.quota_moved("e2", "RU-ROS", "RU-ROS-001", 20),
        builders.quota_moved("e3", "RU-ROS-001", PLACE["school"], 5, venue="V1"),
    ]
    came = [builders.booked("p1", "s2"), builders.attended("p1", "s2"), builders.booked("p1", "s3")]
    async with installed(Analytics, infrastructure) as service:
        catalogue = builders.season(), builders.municipality(), builders.region(), *moved
        steps = [enveloped(fact, n) for n, fact in enumerate((builders.booked("p1"), *came), 1)]
        again = [enveloped(moved[-1], 1), enveloped(builders.cancelled("p1", "s3"), 5)]
        await service.learns(1, *map(enveloped, catalogue), enveloped(builders.registered("p1")), *steps, *again)

        async def counted() -> bool:
            body = (await service.asked("quotas"))[2]
            return bool((body["planned"], body["completed"], body["reserved"]) == (30, 1, 1))

        await eventually(counted)
        status, tag, body = await service.asked("quotas")
        rows = [(r["level"], r["value"], r["given"], r["free"], r["reserved"], r["completed"]) for r in body["rows"]]
        assert rows == [
            ("region", 10, 20, 10, 0, 0),
            ("municipality", 15, 5, 15, 0, 0),
            ("school", 5, 0, 3, 1, 1),
        ]
        assert (status, body["unit"], body["rows"][2]["venue"]) == (200, "attendance", "V1")
        assert (await service.asked("quotas", tag))[0] == 304
        _, _, own = await service.asked("quotas", grant=MUNICIPAL)
        assert (own["planned"], [row["level"] for row in own["rows"]]) == (20, ["municipality", "school"])
