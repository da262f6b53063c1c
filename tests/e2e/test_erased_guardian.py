"""An erasure of a guardian through all services: she reads and does nothing any more, the child and figures go on."""

from typing import Any

from shared.base.settings import Settings
from shared.contracts.topics import SERVICES
from shared.storage.mongo import Mongo
from tests.drivers.consumers import eventually
from tests.e2e.conftest import Client
from tests.e2e.season import soon, world


async def who_names(settings: Settings, *persons: str) -> set[str]:
    """The collections that name a person, but those of analytics, whose facts stay, and of limits, which are over soon.

    Her id stands in the act, and beside marks that let no late link of hers open anything.
    """
    found = set()
    for service in set(SERVICES) - {"analytics"}:
        mongo = Mongo(settings.mongo_url, settings.database(service))
        for name in set(await mongo.collections()) - {"permits"}:
            held = repr(await mongo[name].find({}).to_list(None))
            found |= {f"{service}.{name}" for person in persons if person in held}
        mongo.close()
    return found


async def test_an_erased_guardian_leaves_the_child_the_consent_and_figures(client: Client, settings: Settings) -> None:
    place = await world(client, closes="2099-12-31")
    line = place.pupil(1, guardian={"ref": "Ключ-матери", "name": "Соколова Анна"})
    (pupil,) = await place.register([line])
    id, guardian, mother = pupil["participant"], pupil["guardian"], f"erased mother of {pupil['participant']}"
    as_mother: dict[str, Any] = {"by": ("guardian",), "subject": mother}
    await client.ok("POST", "/registration/links", {"code": pupil["link_code"]}, **as_mother)
    slot = await place.slot("t1", starts_at="2050-10-05T15:00:00+03:00")
    path = f"/trials/participants/{id}/path?season={place.season}"
    await eventually(lambda: _answers(client, path, as_mother, 200))
    booked = f"/trials/slots/{slot}/bookings"
    await soon(client, "POST", booked, {"participant": id}, **as_mother)

    async def counted() -> bool:
        return bool((await place.funnel())["guardians"] == 1)

    await eventually(counted)
    mongo = Mongo(settings.mongo_url, settings.database("registration"))
    row = await mongo["participants"].find_one({"_id": id})
    mongo.close()
    assert row is not None
    account = row["linked"][guardian]
    act = (await client.ok("DELETE", f"/registration/guardians/{guardian}", by=place.operator))["act"]

    async def closed() -> bool:
        read = await client.ok("GET", f"/registration/acts/{act['number']}", by=place.operator)
        return bool(read["state"] == "closed")

    await eventually(closed)
    read = await client.ok("GET", f"/registration/acts/{act['number']}", by=place.operator)
    rows = {cleared["service"]: cleared["rows"] for cleared in read["cleared"]}
    assert (rows["trials"]["participants_2"], rows["trials"]["paths"]) == (1, 1)
    assert rows["notifications"]["families"] == 1

    inbox = await client.ok("GET", "/notifications/inbox", **as_mother)
    assert inbox["items"] == []
    assert await _answers(client, path, as_mother, 404)
    await soon(client, "POST", "/trials/attempts", place.attempt(id), by=place.navigator)

    async def tested() -> bool:
        return bool((await place.funnel())["tested"] == 1)

    await eventually(tested)
    assert (await place.funnel())["guardians"] == 1

    async def names_nobody() -> bool:
        held = await who_names(settings, account, "Ключ-матери", "Соколова Анна", pupil["link_code"])
        return held <= {"trials.audit_actors", "notifications.audit_actors"}  # she has asked since

    await eventually(names_nobody)
    assert await who_names(settings, id) > {"registration.participants"}, "the search finds whom it looks for"


async def _answers(client: Client, path: str, by: Any, status: int) -> bool:
    return bool((await client.call("GET", path, **by)).status == status)
