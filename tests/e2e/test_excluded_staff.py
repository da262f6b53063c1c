"""Staff who are put out: every service refuses their tokens at once, there and below, and takes them again."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from shared.base.settings import Settings
from shared.storage.mongo import Mongo
from tests.drivers.consumers import eventually
from tests.e2e.conftest import Client
from tests.e2e.season import World, soon, world

SECONDS = 2.0
"""From the answer to who puts them out until each service refuses them."""
Asked = Callable[[], Awaitable[Any]]


async def account_of(client: Client, by: tuple[str, ...], subject: str) -> str:
    return str((await client.ok("GET", "/registration/me", by=by, subject=subject))["account"])


async def refused(asked: Asked) -> float:
    """The seconds until a request is refused as that of somebody who was put out."""
    begun = time.monotonic()

    async def out() -> bool:
        answer = await asked()
        return bool(answer.status == 403 and answer.body["type"] == "excluded")

    await eventually(out)
    return time.monotonic() - begun


async def told(settings: Settings, account: str) -> None:
    """Returns once notifications, which has no route for staff, knows it too."""
    mongo = Mongo(settings.mongo_url, settings.database("notifications"))

    async def known() -> bool:
        return await mongo["exclusions"].count_documents({"account": account, "in_force": True}) == 1

    await eventually(known)
    mongo.close()


async def put_out(place: World, org: str, account: str) -> str:
    body = {"org": org, "account": account}
    done = await place.client.ok("POST", "/registration/staff/exclusions", body, by=place.operator, subject="operator")
    return str(done["exclusion"])


async def test_a_teacher_who_has_left_does_nothing_more_in_any_service(client: Client, settings: Settings) -> None:
    place = await world(client)
    (pupil,) = await place.register([place.pupil(1)])
    path, teacher = f"/trials/participants/{pupil['participant']}/path?season={place.season}", "teacher who leaves"
    await soon(client, "POST", "/trials/attempts", place.attempt(pupil["participant"]), by=place.navigator)
    account = await account_of(client, (*place.navigator,), teacher)

    async def reads() -> Any:
        return await client.call("GET", path, by=place.navigator, subject=teacher)

    assert (await reads()).status == 200
    exclusion = await put_out(place, place.school, account)
    assert await refused(reads) < SECONDS
    attempt = place.attempt(pupil["participant"], "again")
    answer = await client.call("POST", "/trials/attempts", attempt, by=place.navigator, subject=teacher)
    assert (answer.status, answer.body["type"]) == (403, "excluded")
    both = (*place.navigator, *place.operator)
    assert (await client.call("GET", path, by=both, subject=teacher)).status == 200, "the other grant goes on"
    assert (await client.call("GET", path, by=place.navigator, subject="colleague")).status == 200
    await told(settings, account)
    await client.ok("DELETE", f"/registration/staff/exclusions/{exclusion}", by=place.operator, subject="operator")

    async def taken_again() -> bool:
        return bool((await reads()).status == 200)

    await eventually(taken_again, seconds=10)


async def test_who_is_put_out_of_a_municipality_is_so_in_its_venues_and_its_figures(client: Client) -> None:
    place = await world(client)
    slot = await place.slot("out")
    official, mentor = (f"municipal-operator:{place.municipality}",), (f"mentor:{place.venue}",)
    account = await account_of(client, official, "official")
    figures = f"/analytics/regions/{place.region}/funnel?season={place.season}"
    present = [{"participant": "nobody", "source": "list"}]

    async def counts() -> Any:
        return await client.call("GET", figures, by=official, subject="official")

    async def attends() -> Any:
        return await client.call("POST", f"/trials/slots/{slot}/attendance", present, by=mentor, subject="official")

    async def shown() -> bool:
        return bool((await counts()).status == 200)

    await eventually(shown)  # analytics hears of the season a moment after trials
    assert (await attends()).status == 200
    await put_out(place, place.municipality, account)
    seconds = await asyncio.gather(refused(counts), refused(attends))
    assert max(seconds) < SECONDS
    assert (await client.call("GET", figures, by=place.operator, subject="official")).status == 200
