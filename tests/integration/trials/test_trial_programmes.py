"""Trial programmes over HTTP: who defines them, how they are read, what slots name, and who is shown a link."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from tests.builders.events import municipality, region
from tests.builders.trials import PROGRAMME, VENUE, seat
from tests.drivers.trials import HOST, NAVIGATOR, Trials, trials_service

OPERATOR = {"role": "regional-operator", "org": "RU-ROS"}
ANYONE = {"role": "pupil", "org": "nobody-s-pupil"}
LINK = "https://meet.example.org/secret-room"
ONLINE: Mapping[str, Any] = {**PROGRAMME, "format": "online", "link": LINK}
FITTING: Mapping[str, Any] = {"grades": [8, 10], "capacity": 6}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        await running.publish(municipality(), region("RU-DON"))
        await running.know({"_id": {"$in": ["RU-ROS-001", "RU-DON"]}}, 2, "organisations")
        yield running


async def told(trials: Trials, code: str) -> list[Any]:
    return [e.event for e in await trials.published("trials.catalogue.v1") if e.event.subject == f"programme/{code}"]


async def test_a_programme_is_defined_by_its_owner_and_read_by_everyone(trials: Trials) -> None:
    for _ in range(2):
        defined = await trials.must("PUT", "/programmes/state", dict(PROGRAMME), **HOST)
        assert (defined["programme"], defined["region"]) == ("state", "RU-ROS")
    read = await trials.must("GET", "/programmes/state", **ANYONE)
    assert (read["organisation_name"], read["competency_name"]) == ("Колледж", "gov")
    assert read["criteria"] == PROGRAMME["criteria"]
    assert len(await told(trials, "state")) == 1
    await trials.must("PUT", "/programmes/state", {**PROGRAMME, "places": 7}, **OPERATOR)
    assert [event.places for event in await told(trials, "state")] == [8, 7]


@pytest.mark.parametrize(
    ("who", "changed", "status", "slug"),
    [
        ({"role": "venue", "org": "RU-ROS-001-V77"}, {}, 403, "forbidden"),
        ({"role": "regional-operator", "org": "RU-DON"}, {}, 403, "forbidden"),
        (HOST, {"organisation": "RU-ROS"}, 403, "forbidden"),
        (OPERATOR, {"organisation": "nowhere"}, 409, "organisation-unknown"),
        (OPERATOR, {"organisation": "RU-ROS-001"}, 422, "bad-input"),
        (OPERATOR, {"competency": "alchemy"}, 422, "bad-input"),
        (OPERATOR, {"link": LINK}, 422, "bad-input"),
    ],
)
async def test_a_programme_of_others_or_without_sense_is_refused(
    trials: Trials, who: Mapping[str, str], changed: Mapping[str, Any], status: int, slug: str
) -> None:
    refused = await trials.ask("PUT", "/programmes/refused", {**PROGRAMME, **changed}, **who)
    assert (refused.status, refused.body["type"]) == (status, slug)
    assert await told(trials, "refused") == []


async def test_a_programme_keeps_its_owner_and_its_code_to_itself(trials: Trials) -> None:
    await trials.must("PUT", "/programmes/kept", dict(PROGRAMME), **HOST)
    taken = await trials.ask("PUT", "/programmes/kept", {**PROGRAMME, "organisation": "RU-ROS"}, **OPERATOR)
    assert (taken.status, taken.body["type"]) == (409, "programme-taken")
    twin = await trials.ask("PUT", "/programmes/KEPT", dict(PROGRAMME), **HOST)
    assert (twin.status, twin.body["type"]) == (409, "code-taken")
    foreign = await trials.ask("PUT", "/programmes/RU-DON-P1", dict(PROGRAMME), **HOST)
    assert (foreign.status, foreign.body["errors"][0]["pointer"]) == (422, "path:code")


async def test_programmes_are_listed_by_what_they_are(trials: Trials) -> None:
    regional = {**PROGRAMME, "organisation": "RU-ROS", "competency": "games", "environment": "smart", "needs": []}
    await trials.must("PUT", "/programmes/z1", regional, **OPERATOR)
    await trials.must("PUT", "/programmes/z2", dict(PROGRAMME), **HOST)

    async def listed(asked: str) -> list[str]:
        page = await trials.must("GET", f"/programmes?{asked}", **ANYONE)
        return [one["programme"] for one in page["items"] if one["programme"].startswith("z")]

    assert await listed("region=RU-ROS") == ["z1", "z2"]
    assert await listed("organisation=RU-ROS") == await listed("competency=games") == ["z1"]
    assert await listed("environment=social") == await listed("need=quiet-room") == ["z2"]


async def test_a_slot_names_a_programme_with_which_it_agrees(trials: Trials) -> None:
    await trials.must("PUT", "/programmes/slots", dict(PROGRAMME), **HOST)
    offer = {**FITTING, "programme": "slots", "accessibility": ["quiet-room"]}
    id = await trials.slot(**offer)
    slot = await trials.must("GET", f"/slots/{id}", **ANYONE)
    assert (slot["programme"], slot["programme_name"]) == ("slots", "Государственная служба")
    plain = await trials.must("GET", f"/slots/{await trials.slot(grades=[6, 7])}", **ANYONE)
    assert (plain["programme"], plain["programme_name"]) == (None, None)
    body = {"venue": VENUE, "season": "2020", "competency": "gov", "kind": "trial", "minutes": 60}
    body |= {"starts_at": "2020-10-05T14:00:00+03:00", **FITTING}
    for programme, pointer in (("slots", "/minutes"), ("unknown", "/programme")):
        refused = await trials.ask("POST", "/slots", {**body, "programme": programme}, **HOST)
        assert (refused.status, [error["pointer"] for error in refused.body["errors"]]) == (422, [pointer])

    async def listed(asked: str) -> list[str]:
        page = await trials.must("GET", f"/slots?season=2020&{asked}", **ANYONE)
        return [one["slot"] for one in page["items"]]

    assert await listed("programme=slots") == [id]
    assert id in await listed("accessibility=quiet-room&grade=8")
    assert id not in await listed("grade=6")
    assert plain["slot"] in await listed("grade=6")


async def test_a_link_is_shown_to_the_booked_and_the_venue_and_stands_nowhere_else(trials: Trials) -> None:
    await trials.must("PUT", "/programmes/online", dict(ONLINE), **HOST)
    slot = await trials.slot(**FITTING, programme="online")
    await trials.enrol("guest", grade=8, school_class="8А")
    await trials.link("guest", "guest-s-mother")
    booking = (await trials.must("POST", f"/slots/{slot}/bookings", seat("guest"), **NAVIGATOR))["booking"]
    mother = {"role": "guardian", "org": "guest-s-mother"}

    shown = {"slot": slot, "programme": "online", "link": LINK}
    assert await trials.must("GET", f"/bookings/{booking}/link", **mother) == shown
    assert await trials.must("GET", f"/slots/{slot}/link", **HOST) == shown
    for path, who, status in (
        (f"/bookings/{booking}/link", {"role": "guardian", "org": "stranger"}, 404),
        (f"/bookings/{booking}/link", NAVIGATOR, 403),
        (f"/slots/{slot}/link", {"role": "venue", "org": "RU-ROS-001-V77"}, 404),
        (f"/slots/{slot}/link", mother, 403),
        (f"/slots/{slot}/link", OPERATOR, 403),
        (f"/slots/{await trials.slot()}/link", HOST, 404),
    ):
        assert (await trials.ask("GET", path, **who)).status == status, path
    for path in ("/programmes/online", "/programmes", f"/slots/{slot}", "/participants/guest/path?season=2020"):
        by = NAVIGATOR if "guest" in path else ANYONE
        assert LINK not in str(await trials.must("GET", path, **by))
    assert LINK not in str([e.event for e in await trials.published("trials.catalogue.v1")])

    await trials.must("DELETE", f"/bookings/{booking}?occurred_at=2020-09-21T10:00:00%2B03:00", **NAVIGATOR)
    assert (await trials.ask("GET", f"/bookings/{booking}/link", **mother)).status == 404


async def test_another_link_is_read_at_once_and_is_no_news(trials: Trials) -> None:
    await trials.must("PUT", "/programmes/moved", dict(ONLINE), **HOST)
    slot = await trials.slot(**FITTING, programme="moved")
    await trials.must("PUT", "/programmes/moved", {**ONLINE, "link": f"{LINK}-2"}, **HOST)
    assert (await trials.must("GET", f"/slots/{slot}/link", **HOST))["link"] == f"{LINK}-2"
    assert len(await told(trials, "moved")) == 1
