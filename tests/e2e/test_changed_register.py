"""A school goes to another municipality and then closes into one: figures of each day stay where pupils were on it."""

from typing import Any

from tests.drivers.consumers import eventually
from tests.e2e.conftest import Client
from tests.e2e.season import World, soon, world


async def registered(place: World, **query: str) -> dict[str, int]:
    """Registered pupils by municipality and school, as a region's operator sees them."""
    asked = "".join(f"&{name}={value}" for name, value in query.items())
    found: dict[str, int] = {}
    for by in ("municipality", "school"):
        path = f"/analytics/regions/{place.region}/funnel?season={place.season}&by={by}{asked}"
        answer: Any = await place.client.ok("GET", path, by=place.operator)
        found |= {row[by]: row["registered"] for row in answer["rows"] if row["registered"]}
    return found


async def shows(place: World, expected: dict[str, int], **query: str) -> None:
    async def is_so() -> bool:
        return await registered(place, **query) == expected

    await eventually(is_so)


async def test_figures_of_a_day_show_the_municipality_and_the_school_of_that_day(client: Client) -> None:
    place = await world(client)
    first, second = place.municipality, f"{place.region}-002"
    school, into = place.school, f"{second}-S01"
    for code, kind, parent in ((second, "municipality", place.region), (into, "school", second)):
        body = {"kind": kind, "name": f"Организация {code}", "parent": parent}
        await client.ok("PUT", f"/registration/organisations/{code}", body, by=place.operator)
    one, two = await place.register([place.pupil(1), place.pupil(2)])
    await soon(client, "POST", "/trials/attempts", place.attempt(one["participant"]), by=place.navigator)
    await client.ok("DELETE", f"/registration/participants/{two['participant']}", by=place.operator)
    subject = f"mother of {one['participant']}"
    await client.ok("POST", "/registration/links", {"code": one["link_code"]}, by=("guardian",), subject=subject)
    await shows(place, {first: 3, school: 3})

    register = "/registration/organisations"
    move = {"parent": second, "occurred_at": "2020-10-01T10:00:00+03:00"}
    moved = await client.ok("POST", f"{register}/{school}/moves", move, by=place.operator)
    assert (moved["pupils"], moved["done"]) == (3, True), "who was erased stays in the figures, and goes along"
    await shows(place, {second: 3, school: 3})
    closing = {"into": into, "occurred_at": "2020-11-01T10:00:00+03:00"}
    closed = await client.ok("POST", f"{register}/{school}/closing", closing, by=place.operator)
    assert (closed["pupils"], closed["rekeyed"], closed["done"]) == (3, 0, True)
    await shows(place, {second: 3, into: 3})
    await client.ok("POST", f"{register}/{first}/closing", {"into": second}, by=place.operator)
    for day, expected in (
        ("2020-09-30", {first: 3, school: 3}),
        ("2020-10-01", {second: 3, school: 3}),
        ("2020-10-31", {second: 3, school: 3}),
        ("2020-11-01", {second: 3, into: 3}),
    ):
        assert await registered(place, as_of=day) == expected, day

    own = f"/trials/participants/{one['participant']}/path?season={place.season}"

    async def goes_along() -> bool:
        found = [(await client.call("GET", own, by=(f"navigator:{code}",))).status for code in (place.school, into)]
        return found == [404, 200]

    await eventually(goes_along)

    async def told() -> list[str]:
        inbox = await client.ok("GET", "/notifications/inbox", by=("guardian",), subject=subject)
        return [item["type"] for item in inbox["items"]]

    async def is_told_once() -> bool:
        return (await told()).count("participant.moved") == 1

    await eventually(is_told_once)

    async def feed_tells() -> bool:
        page = await client.ok("GET", f"/analytics/regions/{place.region}/feed?limit=1000", by=place.operator)
        return [e["data"]["code"] for e in page["events"] if e["type"] == "organisation.closed.v1"] == [school, first]

    await eventually(feed_tells)
