"""An erasure through all services: names are gone at once, the act is closed by answers, figures stay."""

from typing import Any

from shared.base.settings import Settings
from shared.contracts.topics import SERVICES
from shared.storage.mongo import Mongo
from tests.drivers.consumers import eventually
from tests.e2e.conftest import Client
from tests.e2e.season import soon, world


async def everywhere(settings: Settings) -> str:
    """All that the databases hold, but that of analytics, where facts stay under ids that lead nowhere."""
    found = []
    for service in SERVICES:
        if service == "analytics":
            continue
        mongo = Mongo(settings.mongo_url, settings.database(service))
        for name in await mongo.collections():
            found.append(repr(await mongo[name].find({}).to_list(None)))
        mongo.close()
    return "".join(found)


async def test_an_erased_pupil_leaves_figures_and_an_act(client: Client, settings: Settings) -> None:
    place = await world(client)
    pupil, sibling = await place.register([place.pupil(1, external_ref="Ключ-стираемый"), place.pupil(2)])
    id, mother = pupil["participant"], f"mother of {pupil['participant']}"
    await client.ok("POST", "/registration/links", {"code": pupil["link_code"]}, by=("guardian",), subject=mother)
    itself: dict[str, Any] = {"by": ("pupil",), "subject": f"self {id}"}
    await client.ok("POST", "/registration/links", {"code": pupil["account_code"]}, **itself)
    own = f"/trials/participants/{id}/path?season={place.season}"

    async def knows_itself() -> bool:
        return bool((await client.call("GET", own, **itself)).status == 200)

    await eventually(knows_itself)
    for one in (id, sibling["participant"]):
        await soon(client, "POST", "/trials/attempts", place.attempt(one), by=place.navigator)

    async def counted() -> bool:
        funnel = await place.funnel()
        return bool((funnel["tested"], funnel["guardians"]) == (2, 1))

    await eventually(counted)
    before = await place.funnel()
    path = f"/registration/participants/{id}"
    assert (await client.call("DELETE", path, by=place.navigator)).status == 403
    act = (await client.ok("DELETE", path, by=place.operator))["act"]
    cleared = act["cleared"][0]["rows"]
    assert (cleared["vault"], cleared["vault_keys"]) == (2, 2)

    async def read_act() -> dict[str, Any]:
        return dict(await client.ok("GET", f"/registration/acts/{act['number']}", by=place.operator))

    async def closed() -> bool:
        return bool((await read_act())["state"] == "closed")

    await eventually(closed)
    read = await read_act()
    rows = {cleared["service"]: cleared["rows"] for cleared in read["cleared"]}
    one = {
        "attempts": 1,
        "drafts": 0,
        "repeats": 0,
        "needs": 0,
        "reviews": 0,
        "waiting": 0,
        "participants_2": 1,
        "audit_actors": 1,
    }
    assert rows["trials"] == one
    assert "audit_actors" in rows["notifications"]
    assert rows["notifications"]["families"] == 1
    assert rows["notifications"]["notices"] >= 3

    inbox = await client.ok("GET", "/notifications/inbox", by=("guardian",), subject=mother)
    me = await client.ok("GET", "/registration/me", by=("guardian",), subject=mother)
    assert (inbox["items"], me["items"]) == ([], [])
    assert (await client.call("GET", own, by=place.navigator)).status == 404
    after = await place.funnel()
    assert {name: after[name] for name in ("registered", "tested", "guardians")} == {
        name: before[name] for name in ("registered", "tested", "guardians")
    }

    async def names_nobody() -> bool:
        held = await everywhere(settings)
        return not any(person in held for person in ("Ключ-стираемый", pupil["guardian"], pupil["link_code"]))

    await eventually(names_nobody)
    assert sibling["guardian"] in await everywhere(settings), "the search finds whom it looks for"
