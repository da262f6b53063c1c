"""Two entries of one pupil through all services: half a path each, one pupil together, and two again when parted."""

from typing import Any

from tests.drivers.consumers import eventually
from tests.e2e.conftest import Client
from tests.e2e.season import World, soon, world

STAGES = ("registered", "tested", "attended", "completed", "recommended", "guardians")


async def shows(place: World, expected: list[int]) -> None:
    async def is_so() -> bool:
        funnel = await place.funnel()
        return [funnel[stage] for stage in STAGES] == expected

    await eventually(is_so)


async def events(place: World, kind: str, count: int) -> list[dict[str, Any]]:
    """So many events of a kind, as soon as they are in the region's feed."""
    path, found = f"/analytics/regions/{place.region}/feed?limit=1000", list[dict[str, Any]]()

    async def are_there() -> bool:
        page = await place.client.ok("GET", path, by=place.operator)
        found[:] = [event["data"] for event in page["events"] if event["type"] == f"{kind}.v1"]
        return len(found) == count

    await eventually(are_there)
    return found


async def attend(place: World, participant: str) -> None:
    """A trial, booked and attended."""
    slot = await place.slot("one")
    body = {"participant": participant, "occurred_at": "2020-09-21T10:00:00+03:00"}
    await soon(place.client, "POST", f"/trials/slots/{slot}/bookings", body, by=place.navigator)
    present = [{"participant": participant, "source": "list"}]
    await place.client.ok("POST", f"/trials/slots/{slot}/attendance", present, by=place.host)


async def test_two_halves_make_one_path_and_part_again(client: Client) -> None:
    here = await world(client, closes="2099-12-31")
    first, second = await here.register([here.pupil(1), here.pupil(2, birth_date="2013-03-03")])
    survivor, duplicate = first["participant"], second["participant"]
    mother = f"mother of {duplicate}"
    await attend(here, survivor)
    await soon(client, "POST", "/trials/attempts", here.attempt(duplicate), by=here.navigator)
    await client.ok("POST", "/registration/links", {"code": second["link_code"]}, by=("guardian",), subject=mother)
    apart = [3, 1, 1, 0, 0, 1]
    await shows(here, apart)

    merged = await client.ok(
        "POST", "/registration/merges", {"survivor": survivor, "duplicate": duplicate}, by=here.operator
    )
    assert (merged["new"], merged["cabinets"]) == (True, 1)
    await shows(here, [2, 1, 1, 1, 1, 1])
    told = await events(here, "participant.merged", 2)
    assert {event["role"] for event in told} == {"survivor", "duplicate"}
    (one, other) = sorted(told, key=lambda event: str(event["role"]))
    assert (one["other"], other["other"]) == (other["participant"], one["participant"]), "joined within the feed"
    assert survivor not in str(told)

    for id in (survivor, duplicate):

        async def is_one(id: str = id) -> bool:
            path = f"/trials/participants/{id}/path?season={here.season}"
            answer = await client.call("GET", path, by=("guardian",), subject=mother)
            return answer.status == 200 and bool(answer.body["attendances"] and answer.body["attempts"])

        await eventually(is_one)

    async def is_recommended() -> bool:
        shown = await client.ok("GET", f"/registration/participants/{duplicate}", by=here.navigator)
        return (shown["participant"], shown["seasons"][0]["recommended"]) == (survivor, True)

    await eventually(is_recommended)

    async def reads_of_both() -> bool:
        inbox = await client.ok("GET", "/notifications/inbox?limit=200", by=("guardian",), subject=mother)
        types = {item["type"] for item in inbox["items"]}
        return {"trial.attended", "diagnostic.completed", "recommendation.issued", "participant.merged"} <= types

    await eventually(reads_of_both)

    await client.ok("DELETE", f"/registration/merges/{duplicate}", by=here.operator)
    await shows(here, apart)
    await events(here, "participant.unmerged", 2)
    await events(here, "recommendation.withdrawn", 1)

    await client.ok("POST", "/registration/merges", {"survivor": duplicate, "duplicate": survivor}, by=here.operator)
    await shows(here, [2, 1, 1, 1, 1, 1])
