"""A withdrawal through all services: trials refuses at once, and what was taken meanwhile is taken back everywhere."""

import asyncio
import time
from typing import Any

from tests.drivers.consumers import eventually
from tests.e2e.conftest import Client
from tests.e2e.season import World, soon, world

HEARD_SECONDS = 2.0
STEPS = {"diagnostic.completed", "trial.booked", "trial.attended", "recommendation.issued"}
TAKEN_BACK = {"diagnostic.revoked", "trial.cancelled", "attendance.revoked", "recommendation.withdrawn"}


async def walked(place: World, participant: str) -> str:
    """The pupil goes the whole way; the slot."""
    await soon(place.client, "POST", "/trials/attempts", place.attempt(participant), by=place.navigator)
    slot = await place.slot("w1", capacity=1)
    seat = {"participant": participant, "occurred_at": "2020-09-21T10:00:00+03:00"}
    await place.client.ok("POST", f"/trials/slots/{slot}/bookings", seat, by=place.navigator)
    present = [{"participant": participant, "source": "list", "occurred_at": "2020-10-05T16:30:00+03:00"}]
    await place.client.ok("POST", f"/trials/slots/{slot}/attendance", present, by=place.host)
    return slot


async def test_what_happened_after_a_withdrawal_is_taken_back_in_every_service(client: Client) -> None:
    place = await world(client)
    (pupil,) = await place.register([place.pupil(1)])
    participant, mother = pupil["participant"], f"mother of {pupil['participant']}"
    await client.ok("POST", "/registration/links", {"code": pupil["link_code"]}, by=("guardian",), subject=mother)
    slot = await walked(place, participant)

    async def figures() -> tuple[int, ...]:
        funnel = await place.funnel()
        return tuple(funnel[stage] for stage in ("registered", "participated", "tested", "completed", "recommended"))

    async def shown() -> tuple[list[str], int, int]:
        path = f"/registration/schools/{place.school}/participants?season={place.season}"
        pupils = (await client.ok("GET", path, by=place.navigator))["items"]
        (progress,) = [one["progress"] for one in pupils if one["participant"] == participant]
        return progress["diagnostics"], progress["trials"], progress["activities"]

    async def told() -> set[str]:
        inbox = await client.ok("GET", "/notifications/inbox?limit=100", by=("guardian",), subject=mother)
        return {notice["type"] for notice in inbox["items"]}

    async def holds(expected: tuple[int, ...], steps: tuple[list[str], int, int], types: set[str]) -> bool:
        return (await figures(), await shown()) == (expected, steps) and types <= await told()

    await eventually(lambda: holds((2, 1, 1, 1, 1), (["e2e"], 1, 0), STEPS))
    consent = f"/registration/participants/{participant}/consents/current?occurred_at=2020-09-05T10:00:00%2B03:00"
    await client.ok("DELETE", consent, by=place.navigator)
    since = time.monotonic()
    late: dict[str, Any] = place.attempt(participant, "late")
    while (answer := await client.call("POST", "/trials/attempts", late, by=place.navigator)).status != 409:
        assert time.monotonic() - since < HEARD_SECONDS, answer.body
        late = {**late, "ref": f"{late['ref']}+"}
        await asyncio.sleep(0.02)
    assert answer.body["type"] == "consent-missing"
    assert time.monotonic() - since < HEARD_SECONDS
    await eventually(lambda: holds((2, 0, 0, 0, 0), ([], 0, 0), TAKEN_BACK))
    before = {**place.attempt(participant), "occurred_at": "2020-09-03T10:00:00+03:00"}
    await client.ok("POST", "/trials/attempts", before, by=place.navigator)
    assert (await client.ok("GET", f"/trials/slots/{slot}", by=place.navigator))["open_seats"] == 1
    await eventually(lambda: holds((2, 1, 1, 0, 0), (["e2e"], 0, 0), TAKEN_BACK))
