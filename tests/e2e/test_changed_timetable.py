"""A venue changes its timetable through all services: families read of it, and demand counts what stands."""

from tests.drivers.consumers import eventually
from tests.e2e.conftest import Client
from tests.e2e.season import World, soon, world

THEN = "2020-09-25T10:00:00+03:00"


async def booked(place: World, slot: str, participant: str) -> None:
    """A seat that the school took."""
    seat = {"participant": participant, "occurred_at": "2020-09-21T10:00:00+03:00"}
    await soon(place.client, "POST", f"/trials/slots/{slot}/bookings", seat, by=place.navigator)


async def test_a_family_reads_when_a_trial_is_and_why_it_is_not_held(client: Client) -> None:
    place = await world(client)
    (pupil,) = await place.register([place.pupil(1)])
    participant, mother = pupil["participant"], f"mother of {pupil['participant']}"
    await client.ok("POST", "/registration/links", {"code": pupil["link_code"]}, by=("guardian",), subject=mother)
    moved, off = await place.slot("moved"), await place.slot("off", starts_at="2020-10-07T15:00:00+03:00")
    for slot in (moved, off):
        await booked(place, slot, participant)
    to = {"starts_at": "2020-10-06T07:30:00Z", "occurred_at": THEN}
    await client.ok("POST", f"/trials/slots/{moved}/move", to, by=place.host)
    frost = {"day": "2020-10-07", "reason": "frost", "words": "Минус сорок", "occurred_at": THEN}
    closed = await client.ok("POST", "/trials/closings", {**frost, "region": place.region}, by=place.operator)
    assert (closed["slots"], closed["bookings"], closed["done"]) == (1, 1, True)

    async def read(language: str) -> dict[str, str]:
        inbox = await client.call(
            "GET", "/notifications/inbox?limit=100", by=("guardian",), subject=mother, **{"Accept-Language": language}
        )
        return {notice["type"]: notice["body"] for notice in inbox.body["items"]}

    async def demand() -> list[int]:
        path = f"/analytics/regions/{place.region}/competencies?season={place.season}"
        return [row["booked"] for row in (await client.ok("GET", path, by=place.operator))["rows"]]

    async def is_told() -> bool:
        return {"trial.moved", "trial.cancelled"} <= (await read("ru")).keys() and await demand() == [1]

    await eventually(is_told)
    russian, english = await read("ru"), await read("en")
    assert russian["trial.moved"].endswith("6 октября 2020, 10:30, 90 мин. Раньше: 5 октября 2020, 15:00, 90 мин.")
    assert english["trial.moved"].endswith("6 October 2020, 10:30, 90 min. Before: 5 October 2020, 15:00, 90 min.")
    assert russian["trial.cancelled"].endswith("7 октября 2020, 15:00. Занятие не состоится из-за мороза.")
    assert "Минус" not in str(russian)
    feed = await client.ok("GET", f"/analytics/regions/{place.region}/feed?limit=1000", by=place.operator)
    assert {"slot.moved.v1", "slot.closed.v1", "trial.moved.v1"} <= {record["type"] for record in feed["events"]}
