"""A timetable that changes while pupils book, and while their entries are joined."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.trials.collections import PARTICIPANTS
from tests.builders.events import at
from tests.builders.merging import merged
from tests.builders.trials import OFFER, VENUE, seat
from tests.drivers.trials import HOST, NAVIGATOR, Trials, trials_service

THEN = "2020-09-25T10:00:00+03:00"
PUPILS = 24


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def test_who_books_while_a_slot_moves_and_is_called_off_is_where_the_slot_is(trials: Trials) -> None:
    ids = [f"race-{n}" for n in range(PUPILS)]
    await trials.enrol(*ids)
    slot = await trials.slot(starts_at="2020-10-05T14:00:00+03:00", capacity=PUPILS)

    async def book(id: str, n: int) -> int:
        await asyncio.sleep(0.01 * n)
        return (await trials.ask("POST", f"/slots/{slot}/bookings", seat(id), **NAVIGATOR)).status

    async def change() -> None:
        for hour in (15, 16):
            await asyncio.sleep(0.05)
            to = {"starts_at": f"2020-10-05T{hour}:00:00+03:00", "occurred_at": THEN}
            await trials.must("POST", f"/slots/{slot}/move", to, **HOST)

    statuses, _ = await asyncio.gather(asyncio.gather(*(book(id, n) for n, id in enumerate(ids))), change())
    assert set(statuses) == {201}
    await trials.know({"following": {"$type": "string"}}, 0, "slots")
    rows = [row async for row in trials.mongo["paths"].find({"bookings.slot": slot})]
    starts = {booking["starts_at"] for row in rows for booking in row["bookings"]}
    assert (len(rows), starts, await trials.seats(slot)) == (PUPILS, {"2020-10-05T16:00:00+03:00"}, PUPILS)

    other = await trials.slot(starts_at="2020-10-06T14:00:00+03:00", capacity=PUPILS)
    closing = {"reason": "frost", "occurred_at": THEN}

    async def call_off() -> None:
        await asyncio.sleep(0.05)
        await trials.must("POST", f"/slots/{other}/closing", closing, **HOST)

    slot = other
    statuses, _ = await asyncio.gather(asyncio.gather(*(book(id, n) for n, id in enumerate(ids))), call_off())
    assert set(statuses) <= {201, 409}
    await trials.know({"following": {"$type": "string"}}, 0, "slots")
    live = {"bookings": {"$elemMatch": {"slot": other, "cancelled": None}}}
    assert (await trials.mongo["paths"].count_documents(live), await trials.seats(other)) == (0, 0)


async def test_a_day_of_many_slots_is_called_off_in_parts_and_the_same_call_goes_on(trials: Trials) -> None:
    offer = {key: value for key, value in OFFER.items() if key != "starts_at"} | {"capacity": 1}
    body = {"venue": VENUE, "season": "2020", "occurred_at": "2020-09-01T10:00:00+03:00"}
    for part in range(6):
        begins = f"2020-11-16T{9 + part:02}:00:00+03:00"
        slots = [{**offer, "ref": f"many-{part}-{n}", "starts_at": begins} for n in range(200)]
        answer = await trials.must("POST", "/slots/batch", {**body, "slots": slots}, **HOST)
        assert {item["status"] for item in answer["items"]} == {"opened"}
    await trials.enrol("many")
    await trials.must("POST", f"/slots/{answer['items'][0]['slot']}/bookings", seat("many"), **NAVIGATOR)
    frost = {"day": "2020-11-15", "until": "2020-11-16", "region": "RU-ROS", "reason": "frost", "occurred_at": THEN}
    operator = {"role": "regional-operator", "org": "RU-ROS"}
    calls = [await trials.must("POST", "/closings", frost, **operator) for _ in range(3)]
    said = [(call["slots"], call["known"], call["left"], call["bookings"], call["done"]) for call in calls]
    assert said == [(1_000, 0, 0, 0, False), (200, 0, 0, 1, True), (0, 0, 0, 0, True)]
    assert await trials.mongo["slots"].count_documents({"ref": {"$regex": "^many"}, "closing": None}) == 0


async def test_holders_of_seats_are_found_by_index(trials: Trials) -> None:
    paths = trials.mongo["paths"]
    holders = {"bookings.slot": "s", "bookings": {"$elemMatch": {"slot": "s", "cancelled": None}}, "_id": {"$gt": "a"}}
    attended = {"attendances.slot": {"$in": ["s", "t"]}, "attendances": {"$elemMatch": {"slot": {"$in": ["s", "t"]}}}}
    plans = {"bookings.slot_1__id_1": paths.find(holders).sort("_id", 1), "attendances.slot_1": paths.find(attended)}
    for index, found in plans.items():
        plan = str(await found.explain()).split("rejectedPlans")[0]
        assert index in plan
        assert "COLLSCAN" not in plan
    left = trials.mongo["slots"].find({"following": {"$type": "string"}})
    assert "following_1" in str(await left.explain()).split("rejectedPlans")[0]


async def test_a_booking_of_a_joined_entry_follows_and_the_survivor_is_told(trials: Trials) -> None:
    await trials.enrol("stays", "joined")
    slot = await trials.slot(starts_at="2020-12-05T14:00:00+03:00")
    await trials.must("POST", f"/slots/{slot}/bookings", seat("joined"), **NAVIGATOR)
    await trials.publish(*merged("stays", "joined"), time=at("2020-11-18"))
    await trials.know({"_id": {"$in": ["stays", "joined"]}, "mergings.merged": True}, 2, PARTICIPANTS)
    to = {"starts_at": "2020-12-07T14:00:00+03:00", "occurred_at": "2020-11-20T10:00:00+03:00"}
    moved = await trials.must("POST", f"/slots/{slot}/move", to, **HOST)
    assert (moved["moved"], moved["cancelled"]) == (1, 0)
    (booking,) = (await trials.must("GET", "/participants/joined/bookings?season=2020", **NAVIGATOR))["items"]
    assert booking["starts_at"] == "2020-12-07T14:00:00+03:00"
    assert ("trial.moved", "2020-11-20") in await trials.walked("stays")
    closing = {"reason": "too-few", "occurred_at": "2020-11-21T10:00:00+03:00"}
    closed = await trials.must("POST", f"/slots/{slot}/closing", closing, **HOST)
    assert (closed["cancelled"], await trials.seats(slot)) == (1, 0)
    row = await trials.mongo["paths"].find_one({"_id": "joined/2020"})
    assert row is not None
    assert [one["given_up"] for one in row["bookings"]] == ["too-few"]
    assert [(one["kind"], one["because"]) for one in row["corrections"]] == [("cancelled", "too-few")]
