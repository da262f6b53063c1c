"""A class over several slots on real servers: seen first, then booked by any process, and never beyond a seat."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.contracts.registration import ParticipantArchived
from shared.contracts.trials import TrialBooked
from tests.builders.events import PLACE
from tests.builders.trials import VENUE, college, seat
from tests.drivers.trials import NAVIGATOR, STRANGER, Trials, trials_service

AT = {"occurred_at": "2020-09-20T10:00:00+03:00"}
FOUND = {"venue": VENUE, "day": "2020-11-02", "until": "2020-11-03"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        await running.publish(college().model_copy(update={"code": PLACE["school"], "kind": "school"}))
        await running.know({"_id": PLACE["school"]}, 1, "organisations")
        yield running


async def offered(trials: Trials, day: str, *seats: int, **changed: Any) -> list[str]:
    """Slots of a day with so many seats, one after the other."""
    starts = [f"{day}T{9 + 2 * n:02}:00:00+03:00" for n in range(len(seats))]
    return [
        await trials.slot(starts_at=time, capacity=most, **changed) for time, most in zip(starts, seats, strict=True)
    ]


def told(answer: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Of each pupil the status, and the slot or the reason."""
    return [(one["status"], one.get("slot") or one["problem"]["type"]) for one in answer["items"]]


async def booked(trials: Trials, *pupils: str) -> Counter[str]:
    """The slots in which the pupils were booked, by what was published."""
    events = [one.event for one in await trials.published("trials.events.v1")]
    return Counter(one.slot for one in events if isinstance(one, TrialBooked) and one.participant in pupils)


async def test_a_class_is_seated_over_slots_that_a_search_finds_and_again_it_stays(trials: Trials) -> None:
    small: dict[str, Any] = {"school_class": "9В", "grade": 9}
    pupils = [f"nine-{n}" for n in range(4)]
    await trials.enrol(*pupils, "nine-gone", **small)
    await trials.enrol("nine-out", consent=False, **small)
    await trials.publish(ParticipantArchived(**{**PLACE, **small}, participant="nine-gone", reason="left"))
    await trials.know({"_id": "nine-gone", "archivings.archived": True}, 1, "participants_2")
    slots = await offered(trials, "2020-11-02", 2, 1) + await offered(trials, "2020-11-03", 1)
    wanted = {"season": "2020", "school": PLACE["school"], "class": "9 в", "search": FOUND, **AT}
    seen = await trials.must("POST", "/placements?dry_run=true", wanted, **NAVIGATOR)
    assert [status for status, _ in told(seen)] == ["planned"] * 4 + ["rejected"]
    assert not any("booking" in one for one in seen["items"])
    assert [await trials.seats(slot) for slot in slots] == [0, 0, 0]

    done = await trials.must("POST", "/placements", wanted, **NAVIGATOR)
    assert [one["participant"] for one in done["items"]] == [*pupils, "nine-out"]
    assert told(done) == [("booked", slots[0])] * 2 + [
        ("booked", slots[1]),
        ("booked", slots[2]),
        ("rejected", "consent-missing"),
    ]
    again = await trials.must("POST", "/placements", wanted, **NAVIGATOR)
    assert [one.get("booking") for one in again["items"]] == [one.get("booking") for one in done["items"]]
    assert {status for status, _ in told(again)} == {"known", "rejected"}
    assert await booked(trials, *pupils) == {slots[0]: 2, slots[1]: 1, slots[2]: 1}


async def test_two_classes_and_single_bookings_at_once_take_every_seat_and_none_twice(trials: Trials) -> None:
    pupils = [f"rush-{n}" for n in range(24)]
    await trials.enrol(*pupils)
    slots = await offered(trials, "2020-11-09", 6, 6, 5)
    async with trials.replica() as other:
        classes = [
            trials.ask(
                "POST",
                "/placements",
                {"season": "2020", "participants": pupils[n : n + 9], "slots": slots, **AT},
                base=(None, other)[n % 2],
                **NAVIGATOR,
            )
            for n in (0, 9)
        ]
        singles = [trials.ask("POST", f"/slots/{slots[0]}/bookings", seat(id), **NAVIGATOR) for id in pupils[18:]]
        answers = await asyncio.gather(*classes, *singles)
    taken = [await trials.seats(slot) for slot in slots]
    assert taken == [6, 6, 5]
    assert (await booked(trials, *pupils)).total() == 17
    items = [item for answer in answers[:2] for item in answer.body["items"]]
    assert {item.get("problem", {"type": "slot-full"})["type"] for item in items} == {"slot-full"}


async def test_who_may_seat_whom_and_where(trials: Trials) -> None:
    await trials.enrol("asked")
    (slot,) = await offered(trials, "2020-11-16", 3)
    wanted = {"season": "2020", "participants": ["asked", 5], "slots": [slot], **AT}
    foreign = await trials.must("POST", "/placements", wanted, **STRANGER)
    assert told(foreign) == [("rejected", "participant-unknown"), ("rejected", "bad-input")]
    of_class = {"season": "2020", "school": PLACE["school"], "class": "7А", "slots": [slot], **AT}
    assert (await trials.ask("POST", "/placements", of_class, **STRANGER)).status == 403
    wrong = [
        {**of_class, "class": "11Я"},
        {**of_class, "school": "RU-ROS-001-S99"},
        {**of_class, "participants": ["asked"]},
        {**wanted, "slots": [slot, "none"]},
        {**wanted, "search": FOUND},
        {"season": "2020", "participants": ["asked"], "search": {**FOUND, "competency": "games"}, **AT},
        {"season": "2020", "participants": ["asked"], "search": {"day": "2020-11-02"}, **AT},
    ]
    answers = [await trials.ask("POST", "/placements", body, **NAVIGATOR) for body in wrong]
    found = [(answer.status, answer.body["errors"][0]["pointer"]) for answer in answers]
    assert found == [
        (422, "/class"),
        (422, "/school"),
        (422, ""),
        (422, "/slots/1"),
        (422, ""),
        (422, "/search"),
        (422, "/search"),
    ]
