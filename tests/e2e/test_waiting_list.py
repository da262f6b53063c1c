"""A family waits for a seat through all services: it reads that one came free, and confirms it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.drivers.consumers import eventually
from tests.e2e.conftest import Client
from tests.e2e.season import soon, world


async def test_a_family_reads_until_when_to_confirm_a_seat_that_came_free(client: Client) -> None:
    place = await world(client, closes="2099-12-31")
    entered = await place.register([place.pupil(1), place.pupil(2)])
    first, second = (item["participant"] for item in entered)
    mother: dict[str, Any] = {"by": ("guardian",), "subject": f"mother of {second}"}
    await client.ok("POST", "/registration/links", {"code": entered[1]["link_code"]}, **mother)
    starts_at = (datetime.now(UTC) + timedelta(days=9)).replace(microsecond=0)
    slot = await place.slot("full", capacity=1, starts_at=starts_at.isoformat())
    seat = await soon(client, "POST", f"/trials/slots/{slot}/bookings", {"participant": first}, by=place.navigator)
    line = f"/trials/slots/{slot}/waiting"
    assert (await soon(client, "POST", line, {"participant": second}, **mother))["place"] == 1
    await client.ok("DELETE", f"/trials/bookings/{seat['booking']}", by=place.navigator)

    async def offered(language: str) -> list[dict[str, Any]]:
        inbox = await client.call("GET", "/notifications/inbox?limit=100", **mother, **{"Accept-Language": language})
        return [notice for notice in inbox.body["items"] if notice["type"] == "trial.booked"]

    async def is_told() -> bool:
        return len(await offered("ru")) == 1

    await eventually(is_told)
    (russian,), (english,) = await offered("ru"), await offered("en")
    assert (russian["title"], english["title"]) == ("Освободилось место", "A seat came free")
    assert "Подтвердите запись до" in russian["body"]
    (booking,) = (await client.ok("GET", f"/trials/participants/{second}/bookings?season={place.season}", **mother))[
        "items"
    ]
    until = datetime.fromisoformat(booking["confirm_by"])
    assert f"{until:%Y, %H:%M}, or the next in line gets it." in english["body"]
    confirmed = await client.ok("POST", f"/trials/bookings/{booking['id']}/confirmation", **mother)
    assert confirmed["status"] == "confirmed"
    feed = await client.ok("GET", f"/analytics/regions/{place.region}/feed?limit=1000", by=place.operator)
    told = [record["data"].get("confirm_by") for record in feed["events"] if record["type"] == "trial.booked.v1"]
    assert [one is not None for one in told] == [False, True]
