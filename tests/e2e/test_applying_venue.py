"""A venue asks, is let in and leaves: its region's feed tells that, and neither why nor by whom nor where it is met."""

from typing import Any

from tests.drivers.consumers import eventually
from tests.e2e.conftest import Client
from tests.e2e.season import soon, world

LINK = "https://meet.example.org/of-one-venue"
TOLD = ["venue.registered.v1", "programme.defined.v1", "slot.opened.v1", "venue.withdrawn.v1"]


async def test_a_region_s_feed_tells_of_a_venue_that_applied_and_left(client: Client) -> None:
    place = await world(client)
    code = f"{place.region}-V09"
    entry = {"organisation": place.venue, "name": "Мастерская", "registry": "regional", "season": place.season}
    said: dict[str, Any] = {"grades": [8, 9], "capacity": 6, "contact": "дежурный мастер"}
    path = f"/trials/venues/{code}/applications"
    await soon(client, "POST", path, {**entry, **said}, by=place.host)
    await client.ok("POST", f"{path}/{place.season}/decision", {"approved": True}, by=place.operator)
    passport = {
        "organisation": place.venue,
        "name": "Сварка",
        "competency": "gov",
        "level": "basic",
        "format": "online",
    }
    shape = {"environment": "industrial", "minutes": 90, "places": 6, "grades": [8, 9], "link": LINK}
    await client.ok("PUT", f"/trials/programmes/{code}-P", {**passport, **shape}, by=place.host)
    slot = await place.slot("online", 6, venue=code, grades=[8, 9], programme=f"{code}-P")
    await client.ok("POST", f"{path}/{place.season}/withdrawal", {"reason": "Ремонт цеха"}, by=place.operator)

    async def told() -> bool:
        feed = await client.ok("GET", f"/analytics/regions/{place.region}/feed?limit=1000", by=place.operator)
        own = [event for event in feed["events"] if code in str(event["data"]) or slot in str(event["data"])]
        assert not [word for word in (LINK, "Ремонт", "дежурный") if word in str(feed)]
        return [event["type"] for event in own] == TOLD

    await eventually(told)
