"""Figures over HTTP: an answer that the caller has already is not sent again, one that has changed is."""

from typing import Any

from deploy.local.stack import Infrastructure
from shared.contracts.event import Envelope
from tests import builders
from tests.builders import enveloped
from tests.integration.installation import Installation, installed
from tests.integration.running import eventually, publish

REGIONAL = {"role": "regional-operator", "org": "RU-ROS"}
MUNICIPAL = {"role": "municipal-operator", "org": "RU-ROS-001"}


class Analytics(Installation):
    """Analytics in role `all`."""

    service = "analytics"

    async def asked(self, figures: str, tag: str = "", grant: Any = REGIONAL) -> tuple[int, str, Any]:
        """Status, tag and body of the answer to a caller who has what `tag` names."""
        url = f"{self.base}/analytics/regions/RU-ROS/{figures}?season=2020"
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


async def test_figures_are_sent_again_only_when_they_may_have_changed(infrastructure: Infrastructure) -> None:
    async with installed(Analytics, infrastructure) as service:
        catalogue = builders.season(), builders.municipality(), builders.region()  # with the region all has been read
        await service.learns(1, *map(enveloped, catalogue), enveloped(builders.registered("p1")))
        for figures in ("funnel", "ranking", "competencies"):
            status, tag, body = await service.asked(figures)
            assert (status, body["region"]) == (200, "RU-ROS")
            assert await service.asked(figures, tag) == (304, tag, None)
            status, other, _ = await service.asked(figures, tag, MUNICIPAL)
            assert status == 200
            assert other != tag
        _, tag, _ = await service.asked("funnel")
        await service.learns(2, enveloped(builders.registered("p2")))
        status, newer, body = await service.asked("funnel", tag)
        assert (status, body["registered"]) == (200, 2)
        assert newer != tag
