"""A venue changes its timetable over HTTP: bookings follow, seats are freed, and everybody sees the slot as it is."""

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.trials.collections import PARTICIPANTS
from shared.contracts.organisations import OrganisationDefined
from shared.contracts.registration import ConsentGiven
from shared.contracts.timetables import SlotClosed, SlotMoved, SlotResized, TrialMoved
from shared.contracts.trials import TrialCancelled
from tests.builders.events import PLACE, registered
from tests.builders.trials import OFFER, VENUE, present, seat
from tests.drivers.consumers import eventually
from tests.drivers.trials import HOST, NAVIGATOR, Trials, problems, trials_service

THEN, MUNICIPAL = "2020-09-25T10:00:00+03:00", {"role": "municipal-operator", "org": "RU-ROS-001"}
REGIONAL = {"role": "regional-operator", "org": "RU-ROS"}
CROWD = 1_000


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def opened(trials: Trials, starts_at: str, *pupils: str, **changed: Any) -> str:
    """A slot in which these pupils have seats."""
    slot = await trials.slot(starts_at=starts_at, **changed)
    for id in pupils:
        await trials.must("POST", f"/slots/{slot}/bookings", seat(id), **NAVIGATOR)
    return slot


async def bookings(trials: Trials, pupil: str) -> list[dict[str, Any]]:
    """The bookings of a pupil, as the family sees them."""
    answer = await trials.must("GET", f"/participants/{pupil}/bookings?season=2020", **NAVIGATOR)
    return [*answer["items"]]


async def told(trials: Trials, slot: str, *types: type) -> list[Any]:
    """The events of these types about a slot."""
    topics = [await trials.published(f"trials.{name}.v1") for name in ("catalogue", "events")]
    return [
        e.event
        for found in topics
        for e in found
        if isinstance(e.event, types) and getattr(e.event, "slot", None) == slot
    ]


async def test_bookings_follow_a_slot_that_moves_and_attendance_is_judged_by_its_new_time(trials: Trials) -> None:
    await trials.enrol("m1", "m2")
    slot = await opened(trials, "2020-10-05T14:00:00+03:00", "m1", "m2")
    busy = await opened(trials, "2020-10-07T10:00:00+03:00", "m2")
    body = {"starts_at": "2020-10-07T06:30:00Z", "minutes": 60, "occurred_at": THEN}
    moved = await trials.must("POST", f"/slots/{slot}/move", body, **HOST)
    assert {name: moved[name] for name in ("status", "starts_at", "minutes", "moved", "cancelled", "done")} == {
        "status": "changed",
        "starts_at": "2020-10-07T09:30:00+03:00",
        "minutes": 60,
        "moved": 1,
        "cancelled": 1,
        "done": True,
    }
    assert moved["open_seats"] == 7
    (kept,) = await bookings(trials, "m1")
    assert (kept["starts_at"], kept["minutes"], kept["cancelled"]) == ("2020-10-07T09:30:00+03:00", 60, None)
    lost = next(booking for booking in await bookings(trials, "m2") if booking["slot"] == slot)
    assert (lost["given_up"], await trials.seats(busy)) == ("moved", 1)
    again = await trials.must("POST", f"/slots/{slot}/move", body, **HOST)
    assert (again["status"], again["moved"], again["cancelled"]) == ("known", 0, 0)
    assert Counter(map(type, await told(trials, slot, SlotMoved, TrialMoved, TrialCancelled))) == {
        SlotMoved: 1,
        TrialMoved: 1,
        TrialCancelled: 1,
    }
    early, late = present("m1", "2020-10-05"), present("m1", "2020-10-07")
    answer = await trials.must("POST", f"/slots/{slot}/attendance", [early, late], **HOST)
    assert problems(answer) == [("not-started", "/0/occurred_at"), None]
    refused = await trials.ask("POST", f"/slots/{slot}/closing", {"reason": "frost"}, **REGIONAL)
    assert (refused.status, refused.body["type"]) == (409, "already-attended")


async def test_seats_are_given_and_taken_but_never_those_that_are_booked(trials: Trials) -> None:
    await trials.enrol("r1", "r2", "r3")
    slot = await opened(trials, "2020-10-09T14:00:00+03:00", "r1", "r2", capacity=2)
    sizes = [
        await trials.ask("POST", f"/slots/{slot}/seats", {"capacity": n, "occurred_at": THEN}, **HOST) for n in (1, 3)
    ]
    assert [(answer.status, answer.body.get("type")) for answer in sizes] == [(409, "seats-taken"), (200, None)]
    assert sizes[0].body["errors"][0]["pointer"] == "/capacity"
    assert sizes[1].body["open_seats"] == 1
    await trials.must("POST", f"/slots/{slot}/bookings", seat("r3"), **NAVIGATOR)
    assert await trials.seats(slot) == 3
    assert [event.capacity for event in await told(trials, slot, SlotResized)] == [3]


async def test_a_slot_that_is_called_off_gives_its_seats_up_and_takes_nobody(trials: Trials) -> None:
    await trials.enrol("c1", "c2")
    slot = await opened(trials, "2020-10-12T14:00:00+03:00", "c1", ref="off")
    closing = {"reason": "premises", "words": "Трубы лопнули", "occurred_at": THEN}
    stranger = await trials.ask("POST", f"/slots/{slot}/closing", closing, role="venue", org="RU-ROS-001-V99")
    assert stranger.status == 403
    closed = await trials.must("POST", f"/slots/{slot}/closing", closing, **HOST)
    assert (closed["closed"], closed["open_seats"], closed["cancelled"]) == ("premises", 0, 1)
    assert "Трубы" not in str(closed) + str(await trials.must("GET", f"/slots/{slot}", **HOST))
    assert (await trials.must("POST", f"/slots/{slot}/closing", closing, **HOST))["status"] == "known"
    other = await trials.ask("POST", f"/slots/{slot}/closing", {**closing, "reason": "frost"}, **HOST)
    refused = await trials.ask("POST", f"/slots/{slot}/bookings", seat("c2"), **NAVIGATOR)
    assert [(one.status, one.body["type"]) for one in (other, refused)] == [(409, "slot-closed")] * 2
    assert [(one["given_up"], one["cancelled"]) for one in await bookings(trials, "c1")] == [("premises", THEN)]
    assert [event.reason for event in await told(trials, slot, SlotClosed, TrialCancelled)] == ["premises"] * 2
    offer = {"venue": VENUE, "season": "2020", **OFFER, "starts_at": "2020-10-12T14:00:00+03:00", "ref": "off"}
    sent = await trials.ask("POST", "/slots", offer, **HOST)
    assert (sent.status, sent.body["slot"]) == (200, slot)
    nothing = await trials.ask("POST", "/slots/none/closing", closing, **HOST)
    assert nothing.status == 404


async def test_a_day_is_called_off_at_once_where_it_has_not_begun(trials: Trials) -> None:
    town = {"code": "RU-ROS-001", "kind": "municipality", "name": "Аксай", "parent": "RU-ROS", "region": "RU-ROS"}
    await trials.publish(OrganisationDefined(**town, municipality="RU-ROS-001", utc_offset="+03:00"))
    await trials.know({"_id": "RU-ROS-001"}, 1, "organisations")
    await trials.enrol("o1", "o2")
    morning = await opened(trials, "2020-11-02T00:10:00+03:00", "o1")
    noon = await opened(trials, "2020-11-02T12:00:00+03:00", "o2")
    evening = await opened(trials, "2020-11-02T20:00:00+03:00", "o1", "o2")
    next_day = await opened(trials, "2020-11-03T00:00:00+03:00", "o1")
    await trials.slot(starts_at="2020-11-01T23:50:00+03:00")
    frost = {"day": "2020-11-02", "reason": "frost", "occurred_at": "2020-11-02T09:00:00+03:00"}
    places = ({"venue": VENUE}, {"municipality": "RU-ROS-001"}, {"region": "RU-ROS"})
    outside = ({"role": "venue", "org": "RU-ROS-001-V99"}, {**MUNICIPAL, "org": "RU-ROS-002"}, MUNICIPAL)
    for place, who in zip(places, outside, strict=True):
        assert (await trials.ask("POST", "/closings", {**frost, **place}, **who)).status == 403
    first = await trials.must("POST", "/closings", {**frost, "municipality": "RU-ROS-001"}, **MUNICIPAL)
    assert first == {"slots": 2, "known": 0, "left": 1, "bookings": 3, "done": True}
    again = await trials.must("POST", "/closings", {**frost, "region": "RU-ROS"}, **REGIONAL)
    assert again == {"slots": 0, "known": 0, "left": 1, "bookings": 0, "done": True}
    shown = [await trials.must("GET", f"/slots/{slot}", **HOST) for slot in (morning, noon, evening, next_day)]
    assert [slot["closed"] for slot in shown] == [None, "frost", "frost", None]
    assert [await trials.seats(slot) for slot in (morning, noon, evening, next_day)] == [1, 0, 0, 1]
    unknown = await trials.ask("POST", "/closings", {**frost, "municipality": "RU-ROS-777"}, **REGIONAL)
    assert (unknown.status, unknown.body["errors"][0]["pointer"]) == (422, "/municipality")


async def test_a_thousand_bookings_follow_one_slot_and_what_was_left_behind_follows_by_itself(trials: Trials) -> None:
    ids = [f"crowd-{n:04}" for n in range(CROWD)]
    consents = (ConsentGiven(**{**PLACE, "participant": id, "version": "1", "channel": "paper"}) for id in ids)
    await trials.publish(
        *(event for id, consent in zip(ids, consents, strict=True) for event in (registered(id), consent))
    )
    await trials.know({"_id": {"$in": ids}, "consent": True}, CROWD, PARTICIPANTS)
    slot = await trials.slot(starts_at="2020-11-10T14:00:00+03:00", capacity=CROWD)
    for begin in range(0, CROWD, 200):
        body = {"participants": ids[begin : begin + 200], "occurred_at": seat("")["occurred_at"]}
        answer = await trials.must("POST", f"/slots/{slot}/bookings/batch", body, **NAVIGATOR)
        assert problems(answer) == [None] * 200
    to = {"starts_at": "2020-11-11T14:00:00+03:00", "occurred_at": THEN}
    moved = await trials.must("POST", f"/slots/{slot}/move", to, **HOST)
    assert (moved["moved"], moved["cancelled"], moved["done"]) == (CROWD, 0, True)
    assert len(await told(trials, slot, TrialMoved)) == CROWD
    # As a process leaves it that ends between the slot and its bookings.
    closing = {"time": THEN, "reason": "quarantine", "words": None}
    left = {"$set": {"closing": closing, "following": ""}}
    await trials.mongo["slots"].update_one({"_id": slot}, left)

    async def given_up() -> bool:
        return await trials.seats(slot) == 0

    await eventually(given_up)
    live = {"bookings": {"$elemMatch": {"slot": slot, "cancelled": None}}}
    assert await trials.mongo["paths"].count_documents(live) == 0
    await trials.know({"_id": slot, "following": None}, 1, "slots")
