"""From sign-up to recommendation through every process, as the family and the operator see it."""

import asyncio
import json
from typing import Any

from tests.drivers.consumers import eventually
from tests.e2e.conftest import Client
from tests.e2e.season import World, soon, world


async def _walk(place: World, participant: str) -> None:
    """One pupil's whole season."""
    client = place.client
    attempts = {"attempts": [place.attempt(participant)]}
    answer = await soon(client, "POST", "/trials/attempts/batch", attempts, by=place.navigator)
    assert answer["items"][0]["profile"] == {"people": 50}
    slot = await place.slot("t1")
    booking = {"participants": [participant], "occurred_at": "2020-09-21T10:00:00+03:00"}
    booked = await client.ok("POST", f"/trials/slots/{slot}/bookings/batch", booking, by=place.navigator)
    assert [item["status"] for item in booked["items"]] == ["booked"]
    present = [{"participant": participant, "source": "list", "occurred_at": "2020-10-05T16:30:00+03:00"}]
    attended = await client.ok("POST", f"/trials/slots/{slot}/attendance", present, by=place.host)
    assert [item["status"] for item in attended["items"]] == ["attended"]


async def test_a_family_watches_live_what_the_operator_counts(client: Client) -> None:
    place = await world(client)
    (pupil,) = await place.register([place.pupil(1)])
    family = f"guardian-{pupil['participant']}"
    linked = await client.ok(
        "POST", "/registration/links", {"code": pupil["link_code"]}, by=("guardian",), subject=family
    )
    assert linked == {"participant": pupil["participant"], "guardian": pupil["guardian"]}
    told: list[dict[str, Any]] = []
    async with client.stream("/notifications/stream", by=("guardian",), subject=family) as stream:
        listening = asyncio.create_task(_listen(stream, told))
        await _walk(place, pupil["participant"])

        async def recommended() -> bool:
            return "recommendation.issued" in {notice["type"] for notice in told}

        await eventually(recommended)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    stages = [notice["type"] for notice in told if notice["type"] != "guardian.linked"]
    assert [s for s in stages if s.startswith(("diag", "trial", "recom"))] == [
        "diagnostic.completed",
        "trial.booked",
        "trial.attended",
        "recommendation.issued",
    ]
    inbox = await client.ok("GET", "/notifications/inbox", by=("guardian",), subject=family)
    assert {n["type"] for n in inbox["items"]} >= {"participant.registered", "consent.given", *stages}
    await eventually(lambda: _counted(place, completed=1, recommended=1, guardians=1))
    funnel = await place.funnel()
    assert (funnel["registered"], funnel["participated"], funnel["tested"], funnel["attended"]) == (2, 1, 1, 1)


async def test_a_stranger_verifies_what_the_family_was_recommended(client: Client) -> None:
    place = await world(client)
    (entry,) = await place.register([place.pupil(1, name="Ёлкина Анна")])
    pupil, mother = entry["participant"], f"mother of {entry['participant']}"
    await client.ok("POST", "/registration/links", {"code": entry["link_code"]}, by=("guardian",), subject=mother)
    await _walk(place, pupil)
    asked = f"/trials/participants/{pupil}/path?season={place.season}"
    recommended = (await soon(client, "GET", asked, by=("guardian",), subject=mother))["recommendation"]
    assert [reason["because"][0]["en"] for reason in recommended["reasons"]] == ["because you tried it in practice"]
    fetched = f"/registration/participants/{pupil}/certificate?season={place.season}"
    found: list[bytes] = []

    async def certified() -> bool:
        async with client.stream(fetched, by=("guardian",), subject=mother) as answer:
            found.append(await answer.read())
            return bool(answer.status == 200)

    await eventually(certified)
    address = found[-1].split(b"/URI (", 1)[1].split(b")", 1)[0].decode()
    assert address.startswith(f"{client.system.url}/registration/certificates/"), "where the family asked"
    verified = await client.call("GET", address.removeprefix(client.system.url).removesuffix("/page"))
    told = (verified.body["state"], verified.body["initials"], verified.body["season"])
    assert (verified.status, told) == (200, ("valid", "Ё. А.", place.season))
    assert not {"Ёлкина", pupil} & {str(value) for value in verified.body.values()}


async def _listen(stream: Any, told: list[dict[str, Any]]) -> None:
    async for line in stream.content:
        if line.startswith(b"data:"):
            told.append(json.loads(line[5:]))


async def _counted(place: World, **expected: int) -> bool:
    funnel = await place.funnel()
    return {name: funnel[name] for name in expected} == expected


async def test_another_family_sees_nothing(client: Client) -> None:
    place = await world(client)
    (pupil,) = await place.register([place.pupil(1)])
    stranger = {"by": ("guardian",), "subject": "stranger"}
    assert (await client.ok("GET", "/notifications/inbox", **stranger))["items"] == []  # type: ignore[arg-type]
    path = f"/trials/participants/{pupil['participant']}/path?season={place.season}"
    assert (await client.call("GET", path, **stranger)).status == 404  # type: ignore[arg-type]
    person = f"/registration/participants/{pupil['participant']}"
    assert (await client.call("GET", person, by=("navigator:RU-TAM-001-S01",))).status == 404
    assert (await client.call("GET", person)).status == 401
