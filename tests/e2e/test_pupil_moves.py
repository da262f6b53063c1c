"""A pupil who moves, is archived and restored, through all services: counted once, where the pupil is, on every day."""

from typing import Any

from tests.drivers.consumers import eventually
from tests.e2e.conftest import Client
from tests.e2e.season import NATION, World, soon, world

STAGES = ("registered", "tested", "guardians")


async def figures(place: World, season: str, **query: str) -> list[int]:
    """What a region shows of a season."""
    asked = "&".join(f"{name}={value}" for name, value in {"season": season, **query}.items())
    answer = await place.client.ok("GET", f"/analytics/regions/{place.region}/funnel?{asked}", by=place.operator)
    return [answer[stage] for stage in STAGES]


async def shows(place: World, season: str, expected: list[int], **query: str) -> None:
    async def is_so() -> bool:
        return await figures(place, season, **query) == expected

    await eventually(is_so)


async def moves_in(place: World) -> list[dict[str, Any]]:
    """The moves in a region's feed."""
    path = f"/analytics/regions/{place.region}/feed?limit=1000"
    page = await place.client.ok("GET", path, by=place.operator)
    return [event["data"] for event in page["events"] if event["type"] == "participant.moved.v1"]


async def test_a_pupil_moves_to_another_region_and_is_entered_by_mistake(client: Client) -> None:
    here, there = await world(client), await world(client)
    season = here.season
    (pupil,) = await here.register([here.pupil(1)])
    id, subject = pupil["participant"], f"mother of {pupil['participant']}"
    await soon(client, "POST", "/trials/attempts", here.attempt(id), by=here.navigator)
    await client.ok("POST", "/registration/links", {"code": pupil["link_code"]}, by=("guardian",), subject=subject)
    await shows(here, season, [2, 1, 1])

    path = f"/registration/participants/{id}"
    move = {"school": there.school, "class": "7Б", "occurred_at": "2020-10-01T10:00:00+03:00"}
    assert (await client.call("POST", f"{path}/moves", move, by=here.operator)).status == 403
    moved = await client.ok("POST", f"{path}/moves", move, by=NATION)
    assert (moved["moved"], moved["region"], moved["class"]) == (True, there.region, "7Б")
    await shows(there, season, [1, 1, 1])
    await shows(here, season, [1, 0, 0])
    assert await figures(here, season, as_of="2020-09-30") == [2, 1, 0]
    assert await figures(there, season, as_of="2020-09-30") == [0, 0, 0]
    assert await figures(there, season, as_of="2020-10-01") == [1, 1, 0], "the cabinet was opened today"
    (seen_here,), (seen_there,) = [await moves_in(place) for place in (here, there)]
    assert (seen_here["from_school"], seen_here["to_school"]) == (here.school, there.school)
    assert seen_there["participant"] != seen_here["participant"] != id

    own = f"/trials/participants/{id}/path?season={season}"

    async def goes_along() -> bool:
        found = [(await client.call("GET", own, by=school.navigator)).status for school in (there, here)]
        return found == [200, 404]

    await eventually(goes_along)

    async def is_told() -> bool:
        inbox = await client.ok("GET", "/notifications/inbox", by=("guardian",), subject=subject)
        return bool(inbox["items"][0]["body"] == "Теперь это класс 7Б.")

    await eventually(is_told)

    mistake = {"reason": "mistake"}
    assert (await client.call("POST", f"{path}/archive", mistake, by=there.navigator)).status == 403, "it was elsewhere"
    await client.ok("POST", f"{path}/archive", mistake, by=NATION)
    await shows(there, season, [0, 0, 0])
    await client.ok("DELETE", f"{path}/archive", by=NATION)
    await shows(there, season, [1, 1, 1])
    (guardian,) = (await client.ok("GET", path, by=there.navigator))["guardians"]
    await client.ok("DELETE", f"{path}/links/{guardian['guardian']}", by=there.navigator)
    await shows(there, season, [1, 1, 0])

    async def reads_nothing() -> bool:
        inbox = await client.ok("GET", "/notifications/inbox", by=("guardian",), subject=subject)
        return bool(inbox["items"] == [])

    await eventually(reads_nothing)
