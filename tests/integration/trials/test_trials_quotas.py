"""The ledger of quotas on real servers: it adds up in the database, whoever writes it at once, and in its topics."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.trials.former_bookings import count_former
from shared.contracts.quotas import QuotaEvent
from shared.contracts.registration import ParticipantErased
from tests.builders.events import PLACE, municipality, school
from tests.builders.trials import RULES, VENUE
from tests.drivers.backups import Backup
from tests.drivers.consumers import eventually
from tests.drivers.trials import HOST, NAVIGATOR, STRANGER, Trials, problems, trials_service

BOUND, SCHOOL, TOWN = "bound", PLACE["school"], PLACE["municipality"]
REGION = {"role": "regional-operator", "org": "RU-ROS"}
TOWNSMAN = {"role": "municipal-operator", "org": TOWN}
OTHER = {"role": "municipal-operator", "org": "RU-ROS-002"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    """A season whose quotas bind; the nation has 100 units, the school 10 for the venue."""
    async with trials_service(infrastructure) as running:
        await running.publish(municipality(), school())
        await running.know({"_id": {"$in": [SCHOOL, TOWN]}}, 2, "organisations")
        today = datetime.now(UTC).date()
        days = {"opens": str(today - timedelta(days=30)), "closes": str(today + timedelta(days=30))}
        await running.must("PUT", f"/seasons/{BOUND}", {**RULES, **days, "quotas_bind": True})
        venue = {"organisation": VENUE, "name": "Колледж", "registry": "regional", "season": BOUND}
        await running.must("PUT", f"/venues/{VENUE}", venue, **REGION)
        await running.must("PUT", f"/quotas/{BOUND}", {"value": 100})
        await give(running, "RU-ROS", 60)
        await give(running, TOWN, 40, **REGION)
        yield running


async def give(trials: Trials, organisation: str, amount: int, venue: str | None = None, **who: Any) -> Any:
    body = {"ref": f"{organisation}-{venue}-{amount}", "organisation": organisation, "amount": amount}
    return await trials.must("POST", f"/quotas/{BOUND}/transfers", body | ({"venue": venue} if venue else {}), **who)


async def held(trials: Trials) -> dict[str, tuple[int, int, int, int]]:
    """Of each holder: what it has, and of that what is free, reserved and completed."""
    found = await trials.must("GET", f"/quotas/{BOUND}")
    names = ("value", "free", "reserved", "completed")
    return {one["organisation"]: tuple(one[name] for name in names) for one in found["items"]}


async def slot(trials: Trials, hour: int, **changed: Any) -> str:
    start = (datetime.now(UTC) + timedelta(days=5)).replace(hour=hour, minute=0, second=0, microsecond=0)
    return await trials.slot(**{"season": BOUND, "starts_at": start.isoformat(), "minutes": 45, **changed})


async def test_units_go_down_the_levels_and_each_gives_its_own_alone(trials: Trials) -> None:
    entry = {"ref": "приказ 17", "organisation": SCHOOL, "venue": VENUE, "amount": 2}
    asked = [await trials.ask("POST", f"/quotas/{BOUND}/transfers", entry, **TOWNSMAN) for _ in range(2)]
    assert [(one.status, one.body["status"]) for one in asked] == [(201, "moved"), (200, "known")]
    path = f"/quotas/{BOUND}/transfers"
    refused = [
        await trials.ask("POST", path, entry | {"amount": 3}, **TOWNSMAN),
        await trials.ask("POST", path, entry | {"ref": "18", "amount": 100}, **TOWNSMAN),
        await trials.ask("POST", path, entry | {"ref": "19", "amount": -3}, **TOWNSMAN),
        await trials.ask("POST", path, entry | {"ref": "20"}, **OTHER),
        await trials.ask("POST", path, {"ref": "21", "organisation": "RU-ROS", "amount": 1}, **REGION),
        await trials.ask("POST", path, entry | {"ref": "22", "venue": None}, **TOWNSMAN),
        await trials.ask("POST", path, entry | {"ref": "23", "venue": "nowhere"}, **TOWNSMAN),
        await trials.ask("PUT", f"/quotas/{BOUND}", {"value": 59}),
        await trials.ask("PUT", "/quotas/nowhere", {"value": 59}),
    ]
    types = ["ref-reused", "quota-not-free", "quota-not-free", "forbidden", "forbidden", "bad-input", "bad-input"]
    assert [one.body["type"] for one in refused] == [*types, "quota-not-free", "not-found"]
    assert await held(trials) == {
        "RU": (40, 40, 0, 0),
        "RU-ROS": (20, 20, 0, 0),
        TOWN: (38, 38, 0, 0),
        SCHOOL: (2, 2, 0, 0),
    }
    seen = await trials.must("GET", f"/quotas/{BOUND}?venue={VENUE}", **HOST)
    assert [(one["organisation"], one["venue_name"], one["unit"]) for one in seen["items"]] == [
        (SCHOOL, "Колледж", "attendance")
    ]
    mine = await trials.must("GET", f"/quotas/{BOUND}?organisation={SCHOOL}", **NAVIGATOR)
    town = await trials.must("GET", f"/quotas/{BOUND}?organisation={TOWN}", **TOWNSMAN)
    assert (len(mine["items"]), len(town["items"])) == (1, 2)
    foreign = await trials.ask("GET", f"/quotas/{BOUND}?organisation={SCHOOL}", **STRANGER)
    whose = await trials.ask("GET", f"/quotas/{BOUND}", **TOWNSMAN)
    assert (foreign.status, whose.status) == (403, 422)
    history = await trials.must("GET", f"/quotas/{BOUND}/entries?organisation={TOWN}", **TOWNSMAN)
    assert [(one["giver"], one["amount"], one["ref"]) for one in history["items"]] == [
        (TOWN, 2, "приказ 17"),
        ("RU-ROS", 40, f"{TOWN}-None-40"),
    ]
    for narrowed in ("", f"&venue={VENUE}"):
        own = await trials.must("GET", f"/quotas/{BOUND}/entries?organisation={SCHOOL}{narrowed}", **NAVIGATOR)
        assert own["items"] == history["items"][:1]


async def test_of_two_replicas_one_books_the_last_unit_and_what_is_given_up_is_free_again(trials: Trials) -> None:
    pupils = [f"q{n}" for n in range(6)]
    await trials.enrol(*pupils, season=BOUND)
    slots = [await slot(trials, 6 + n) for n in range(6)]
    async with trials.replica() as other:
        answers = await asyncio.gather(
            *(
                trials.ask(
                    "POST", f"/slots/{one}/bookings", {"participant": id}, base=(None, other)[n % 2], **NAVIGATOR
                )
                for n, (id, one) in enumerate(zip(pupils, slots, strict=True))
            )
        )
    assert Counter(one.status for one in answers) == {201: 2, 409: 4}
    refused = next(one.body for one in answers if one.status == 409)
    assert refused["type"] == "quota-exhausted"
    assert SCHOOL in refused["detail"]
    assert VENUE in refused["detail"]
    assert (await held(trials))[SCHOOL] == (2, 0, 2, 0)
    taken = [one.body["booking"] for one in answers if one.status == 201]
    await trials.must("DELETE", f"/bookings/{taken[0]}", **NAVIGATOR)
    assert (await held(trials))[SCHOOL] == (2, 1, 1, 0)
    again = [{"participants": [pupils[5]]}, {"participants": [pupils[4]]}]
    both = [
        await trials.must("POST", f"/slots/{slots[n]}/bookings/batch", body, **NAVIGATOR)
        for n, body in enumerate(again)
    ]
    assert [one["items"][0]["status"] for one in both] == ["booked", "rejected"]


async def test_an_erased_pupil_holds_nothing_that_was_not_attended(trials: Trials) -> None:
    await give(trials, SCHOOL, 5, VENUE, **TOWNSMAN)
    before = (await held(trials))[SCHOOL]
    await trials.enrol("gone", season=BOUND)
    past = datetime.now(UTC) - timedelta(days=3)
    for n, came in enumerate((True, False)):
        start = past + timedelta(hours=2 * n)
        held_then = await trials.slot(season=BOUND, starts_at=start.isoformat(), minutes=45)
        seat = {"participant": "gone", "occurred_at": (past - timedelta(days=1)).isoformat()}
        await trials.must("POST", f"/slots/{held_then}/bookings", seat, **NAVIGATOR)
        if came:
            said = {"participant": "gone", "source": "list", "occurred_at": (start + timedelta(minutes=5)).isoformat()}
            await trials.must("POST", f"/slots/{held_then}/attendance", [said], **HOST)
    assert (await held(trials))[SCHOOL] == (before[0], before[1] - 2, before[2] + 1, before[3] + 1)
    await trials.publish(ParticipantErased(**{**PLACE, "participant": "gone", "act": "2020-9"}))

    async def released() -> bool:
        return (await held(trials))[SCHOOL] == (before[0], before[1] - 1, before[2], before[3] + 1)

    await eventually(released)


async def test_what_no_unit_is_left_for_is_neither_suggested_nor_given_at_the_door(trials: Trials) -> None:
    left = (await held(trials))[SCHOOL][1]
    await give(trials, SCHOOL, 1 - left, VENUE, **TOWNSMAN)
    await trials.enrol("door1", "door2", season=BOUND)
    start = datetime.now(UTC) + timedelta(minutes=20)
    opened = await trials.slot(season=BOUND, starts_at=start.isoformat(), minutes=45)

    async def suggested(id: str) -> bool:
        answer = await trials.must("GET", f"/participants/{id}/suggestions?season={BOUND}", **NAVIGATOR)
        return bool(answer["suggestions"])

    await eventually(lambda: suggested("door2"))
    codes = [(await trials.must("GET", f"/participants/door{n}/code", **NAVIGATOR))["token"] for n in (1, 2)]
    said = [{"token": code, "source": "qr"} for code in codes]
    path, before = f"/slots/{opened}/attendance", (await held(trials))[SCHOOL]
    answer = await trials.must("POST", path, said, **HOST)
    assert problems(answer) == [None, ("quota-exhausted", "/1/token")]
    assert (await held(trials))[SCHOOL] == (before[0], 0, before[2], before[3] + 1)
    assert (await suggested("door2"), await trials.seats(opened)) == (False, 1)

    there = answer["items"][0]["attendance"]
    await trials.must("POST", f"/attendance/{there}/revocation", {"reason": "не тот"}, **HOST)
    assert await suggested("door2"), "the unit is free again"
    (let_in,) = (await trials.must("POST", path, said[1:], **HOST))["items"]
    assert (let_in["status"], await suggested("door1")) == ("attended", False)


async def test_a_season_that_does_not_bind_counts_what_is_booked(trials: Trials) -> None:
    await trials.enrol("free", season="running")
    start = datetime.now(UTC) + timedelta(days=6)
    place = await trials.slot(season="running", starts_at=start.isoformat())
    await trials.must("POST", f"/slots/{place}/bookings", {"participant": "free"}, **NAVIGATOR)
    found = await trials.must("GET", f"/quotas/running?organisation={SCHOOL}", **NAVIGATOR)
    assert [(one["value"], one["free"], one["reserved"]) for one in found["items"]] == [(0, -1, 1)]


async def test_a_database_that_was_put_back_has_the_ledger_of_its_topics(trials: Trials) -> None:
    await trials.know({}, 0, "outbox")
    backup = Backup.of(trials.settings, "trials")
    await give(trials, SCHOOL, 4, VENUE, **TOWNSMAN)
    await trials.must("PUT", f"/quotas/{BOUND}", {"value": 90})
    await trials.enrol("back", season=BOUND)
    place = await slot(trials, 15)
    await trials.must("POST", f"/slots/{place}/bookings", {"participant": "back"}, **NAVIGATOR)
    await trials.know({}, 0, "outbox")
    known = await held(trials)
    await trials.child.stop()
    backup.put_back()
    await trials.start()
    assert await held(trials) == known
    assert sum(value for value, *_ in known.values()) == 90
    again = await give(trials, SCHOOL, 4, VENUE, **TOWNSMAN)
    assert (again["status"], again["ref"]) == ("known", None)
    told = [e.event for e in await trials.published("trials.catalogue.v1") if isinstance(e.event, QuotaEvent)]
    assert len({event.entry for event in told}) == len(told)


async def test_bookings_of_the_release_before_come_to_hold_their_units(trials: Trials) -> None:
    await trials.enrol("f1", "f2", "f3", season=BOUND)
    await give(trials, SCHOOL, 3, VENUE, **TOWNSMAN)
    first = await slot(trials, 6)
    ids = ("f1", "f2", "f3")
    made = [await trials.must("POST", f"/slots/{first}/bookings", {"participant": id}, **NAVIGATOR) for id in ids]
    await trials.must("DELETE", f"/bookings/{made[1]['booking']}", **NAVIGATOR)
    await trials.know({}, 0, "outbox")
    before = await held(trials)
    paths, rows = trials.mongo["paths"], trials.mongo["quotas"]
    own = {"participant": {"$in": ["f1", "f2"]}}
    await paths.update_many(own, {"$unset": {"bookings.$[].school": 1, "bookings.$[].holds": 1, "erased": 1}})
    for expected in (["quotas: 1 holders were counted again"], []):
        assert await count_former(trials.mongo, trials.settings) == expected, "its unit stood without a booking"
        assert await held(trials) == before
    await rows.update_many({"organisation": SCHOOL}, {"$set": {"reserved": 77}, "$unset": {"completed": 1}})
    lines = await asyncio.gather(*(count_former(trials.mongo, trials.settings) for _ in range(3)))
    assert (await held(trials), sum(map(len, lines))) == (before, 1), "what is missing is added once"
    await trials.must("DELETE", f"/bookings/{made[0]['booking']}", **NAVIGATOR)
    (value, free, reserved, completed) = before[SCHOOL]
    assert (await held(trials))[SCHOOL] == (value, free + 1, reserved - 1, completed)

    lost = {"bookings.0.school": 1, "bookings.0.holds": 1}
    await paths.update_one({"participant": "f3"}, {"$set": {"bookings.0.id": "untold"}, "$unset": lost})
    (told, _) = await count_former(trials.mongo, trials.settings)
    assert told.startswith("paths: 1 ")
