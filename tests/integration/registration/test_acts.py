"""Acts of destruction are listed within a scope; those left open for too long are counted and said to be overdue."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.registration.act_watch import ActWatch
from services.registration.acts import Acts
from services.registration.domain.erasure import ANSWERED_WITHIN
from shared.contracts.notifications import FamilyErased
from shared.contracts.trials import PathErased
from shared.runtime.service import Platform
from shared.storage.outbox import utcnow
from tests.builders.events import PLACE, enveloped
from tests.builders.registration import pupil
from tests.drivers.consumers import eventually, publish
from tests.drivers.registration import NATIONAL, NAVIGATOR, REGIONAL, Registration, registration

MUNICIPAL = {"role": "municipal-operator", "org": "RU-ROS-001"}
ELSEWHERE = {"role": "regional-operator", "org": "RU-MOW"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        yield service


async def listed(running: Registration, query: str, *grants: Any) -> tuple[list[str], str | None]:
    status, page = await running.call("GET", f"/acts?{query}", grants=list(grants))
    assert status == 200, page
    return [act["number"] for act in page["items"]], page["next"]


async def test_open_acts_are_listed_to_who_has_their_place_until_they_are_answered(running: Registration) -> None:
    items = await running.enter(*(pupil(f"АК{n}") for n in range(3)))
    numbers = []
    for item in items:
        _, erased = await running.call("DELETE", f"/participants/{item['participant']}", grants=[REGIONAL])
        numbers.append(erased["act"]["number"])
        assert erased["act"]["overdue"] is False
    fields = {**PLACE, "participant": items[0]["participant"], "act": numbers[0]}
    for answer in (PathErased(**fields, rows={"notices": 1}), FamilyErased(**fields, rows={"notices": 1})):
        await publish(running.settings, enveloped(answer))

    async def answered() -> bool:
        return (await listed(running, "state=closed", REGIONAL))[0] == numbers[:1]

    await eventually(answered)
    for grant in (NATIONAL, REGIONAL, MUNICIPAL):
        assert await listed(running, "", grant) == (sorted(numbers), None)
        assert await listed(running, "state=open", grant) == (sorted(numbers[1:]), None)
    assert await listed(running, "", ELSEWHERE, MUNICIPAL) == (sorted(numbers), None)
    assert await listed(running, "", ELSEWHERE) == ([], None)
    first, after = await listed(running, "state=open&limit=1", REGIONAL)
    assert await listed(running, f"state=open&limit=1&after={after}", REGIONAL) == (
        sorted(set(numbers[1:]) - set(first)),
        None,
    )
    assert (await running.call("GET", "/acts", grants=[NAVIGATOR]))[0] == 403
    for wrong in ("state=late", "state=open&region=RU-ROS", f"state=closed&after={after}"):
        assert (await running.call("GET", f"/acts?{wrong}", grants=[REGIONAL]))[0] == 422


async def test_what_is_open_for_more_than_an_hour_is_counted_and_said(running: Registration) -> None:
    (item,) = await running.enter(pupil("АК-поздно"))
    _, erased = await running.call("DELETE", f"/participants/{item['participant']}", grants=[REGIONAL])
    number = erased["act"]["number"]
    platform = Platform("registration", running.settings)
    try:
        moment = utcnow()
        watch = ActWatch(Acts(platform.mongo), platform.metrics, lambda: moment)
        await watch.turn()
        assert overdue(platform) == 0
        early = {"$set": {"erased_at": moment - ANSWERED_WITHIN - timedelta(seconds=1)}}
        await running.mongo["acts"].update_one({"_id": number}, early)
        await watch.turn()
        assert (overdue(platform), watch.waiting) == (1, None)
    finally:
        platform.close()
    _, seen = await running.call("GET", f"/acts/{number}", grants=[REGIONAL])
    assert (seen["state"], seen["overdue"]) == ("open", True)
    async with running.http.get(f"{running.base}/metrics") as answer:
        assert "bilet_registration_overdue_acts" in await answer.text()


def overdue(platform: Platform) -> float | None:
    return platform.metrics.registry.get_sample_value("bilet_registration_overdue_acts")
