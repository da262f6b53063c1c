"""Two entries of one pupil in the whole system: trials and notifications follow a merging, a parting, an erasure."""

from collections.abc import Awaitable, Callable
from typing import Any

from services.trials.collections import PARTICIPANTS
from shared.base.settings import Settings
from shared.storage.mongo import Mongo
from tests.drivers.consumers import eventually
from tests.e2e.conftest import Client
from tests.e2e.season import World, soon, world

OPEN = {"opens": "2020-07-07", "closes": "2099-06-30", "diagnostics": ["e2e"], "trials_required": 1}
"""A season that goes on, since entries are parted only while it does."""


async def merged(place: World, survivor: str, duplicate: str) -> None:
    body = {"survivor": survivor, "duplicate": duplicate}
    await place.client.ok("POST", "/registration/merges", body, by=place.operator)


async def path_of(place: World, id: str) -> dict[str, Any]:
    route = f"/trials/participants/{id}/path?season={place.season}"
    return dict(await place.client.ok("GET", route, by=place.navigator))


async def inbox(place: World, subject: str) -> list[dict[str, Any]]:
    page = await place.client.ok("GET", "/notifications/inbox?limit=200", by=("guardian",), subject=subject)
    return list(page["items"])


def holds(judge: Callable[[], Awaitable[object]]) -> Awaitable[None]:
    async def true() -> bool:
        return bool(await judge())

    return eventually(true)


async def test_a_merged_pupil_walks_one_path_until_the_entries_are_parted(client: Client) -> None:
    place = await world(client, **OPEN)
    other = {"ref": "father", "name": "Иванов Петр"}
    first, second = await place.register([place.pupil(1), place.pupil(2, guardian=other)])
    survivor, duplicate = first["participant"], second["participant"]
    mother, father = f"mother of {survivor}", f"father of {duplicate}"
    for entry, subject in ((first, mother), (second, father)):
        await client.ok("POST", "/registration/links", {"code": entry["link_code"]}, by=("guardian",), subject=subject)
    await soon(client, "POST", "/trials/attempts", place.attempt(survivor), by=place.navigator)
    slot = await place.slot("m1")
    booking = {"participant": duplicate, "occurred_at": "2020-09-21T10:00:00+03:00"}
    await soon(client, "POST", f"/trials/slots/{slot}/bookings", booking, by=place.navigator)
    present = [{"participant": duplicate, "source": "list", "occurred_at": "2020-10-05T16:30:00+03:00"}]
    await client.ok("POST", f"/trials/slots/{slot}/attendance", present, by=place.host)
    await holds(lambda: inbox(place, father))
    before = {subject: len(await inbox(place, subject)) for subject in (mother, father)}

    await merged(place, survivor, duplicate)

    async def is_one() -> bool:
        paths = [await path_of(place, id) for id in (survivor, duplicate)]
        return paths[0]["recommendation"] is not None and paths[0] | {"merged_into": survivor} == paths[1]

    await holds(is_one)
    await holds(lambda: _reads(place, mother, survivor, duplicate))
    await holds(lambda: _reads(place, father, survivor, duplicate))
    assert len(await inbox(place, mother)) > before[mother]

    await client.ok("DELETE", f"/registration/merges/{duplicate}", by=place.operator)

    async def are_two() -> bool:
        one, other = [await path_of(place, id) for id in (survivor, duplicate)]
        return (one["recommendation"], one["attendances"], other["merged_into"], len(other["attendances"])) == (
            None,
            [],
            None,
            1,
        )

    await holds(are_two)
    await holds(lambda: _reads_alone(place, mother, survivor))
    await holds(lambda: _reads_alone(place, father, duplicate))


async def _reads(place: World, subject: str, survivor: str, duplicate: str) -> bool:
    items = await inbox(place, subject)
    told = {(item["participant"], item["type"]) for item in items}
    merged_into = {item["participant"]: item["merged_into"] for item in items}
    steps = {(duplicate, "trial.attended"), (survivor, "recommendation.issued")}
    return merged_into == {survivor: None, duplicate: survivor} and steps <= told


async def _reads_alone(place: World, subject: str, own: str) -> bool:
    return {item["participant"] for item in await inbox(place, subject)} == {own}


async def test_an_erased_survivor_takes_the_answers_of_its_duplicates_along(client: Client, settings: Settings) -> None:
    place = await world(client, **OPEN)
    first, second = await place.register([place.pupil(1), place.pupil(2)])
    survivor, duplicate = first["participant"], second["participant"]
    for id in (survivor, duplicate):
        await soon(client, "POST", "/trials/attempts", place.attempt(id), by=place.navigator)
    await merged(place, survivor, duplicate)
    trials = Mongo(settings.mongo_url, settings.database("trials"))
    notifications = Mongo(settings.mongo_url, settings.database("notifications"))
    both = {"$in": [survivor, duplicate]}
    paths = {"$in": [f"{id}/{place.season}" for id in (survivor, duplicate)]}
    try:
        assert await trials["attempts"].count_documents({"path": paths}) == 2
        await client.ok("DELETE", f"/registration/participants/{survivor}", by=place.operator)

        async def is_gone() -> bool:
            erased = await trials[PARTICIPANTS].count_documents({"_id": both, "erased": True})
            attempts = await trials["attempts"].count_documents({"path": paths})
            told = await notifications["notices"].count_documents({"participant": both})
            return (erased, attempts, told) == (2, 0, 0)

        await eventually(is_gone)
    finally:
        trials.close()
        notifications.close()
