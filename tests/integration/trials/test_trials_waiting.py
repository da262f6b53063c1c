"""Waiting for a seat on real servers: seats that become free are given in order, by whichever worker comes first."""

import asyncio
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.trials.app import new_id
from services.trials.collections import PARTICIPANTS
from services.trials.handlers import waiting
from services.trials.repository import Repository
from shared.contracts.registration import ParticipantErased
from shared.contracts.trials import TrialBooked, TrialCancelled
from shared.storage.outbox import Outbox
from tests.builders.events import PLACE
from tests.builders.merging import merged
from tests.drivers.backups import Backup
from tests.drivers.consumers import eventually
from tests.drivers.trials import HOST, NAVIGATOR, RUNNING, STRANGER, Trials, trials_service


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


def soon(days: int) -> datetime:
    """An afternoon of the next days."""
    return (datetime.now(UTC) + timedelta(days=days)).replace(hour=11, minute=0, second=0, microsecond=0)


async def opened(trials: Trials, *pupils: str, days: int = 5, **changed: Any) -> str:
    """A slot in which these pupils have all seats."""
    await trials.enrol(*pupils, season=RUNNING)
    fields = {"season": RUNNING, "starts_at": soon(days).isoformat(), "capacity": len(pupils), **changed}
    slot = await trials.slot(**fields)
    for id in pupils:
        await trials.must("POST", f"/slots/{slot}/bookings", {"participant": id}, **NAVIGATOR)
    return slot


async def joined(trials: Trials, slot: str, *pupils: str) -> list[int]:
    """Pupils join the line; their places."""
    await trials.enrol(*pupils, season=RUNNING)
    path = f"/slots/{slot}/waiting"
    return [(await trials.must("POST", path, {"participant": id}, **NAVIGATOR))["place"] for id in pupils]


async def places(trials: Trials, pupil: str) -> list[tuple[int | None, str | None]]:
    """A pupil's places, and how they ended."""
    answer = await trials.must("GET", f"/participants/{pupil}/waiting?season={RUNNING}", **NAVIGATOR)
    return [(one["place"], one["ended"]) for one in answer["items"]]


async def booking(trials: Trials, pupil: str) -> dict[str, Any]:
    """The last booking of a pupil."""
    answer = await trials.must("GET", f"/participants/{pupil}/bookings?season={RUNNING}", **NAVIGATOR)
    return dict(answer["items"][-1])


async def seated(trials: Trials, pupil: str) -> dict[str, Any]:
    """The booking of a pupil once a seat was given to it."""

    async def given() -> bool:
        return await places(trials, pupil) == [(None, "seated")]

    await eventually(given)
    return await booking(trials, pupil)


async def shown(trials: Trials, slot: str) -> tuple[int, int]:
    """The open seats of a slot, and how many wait."""
    view = await trials.must("GET", f"/slots/{slot}", **HOST)
    return view["open_seats"], view["waiting"]


def repository(trials: Trials) -> Repository:
    """The database of the service, for a worker beside its own."""
    outbox = Outbox(trials.mongo, "trials", trials.settings.kafka_topic_prefix, lambda: datetime.now(UTC))
    return Repository(trials.mongo, outbox)


async def test_a_freed_seat_goes_to_the_first_in_line_who_confirms_it_or_loses_it(trials: Trials) -> None:
    slot = await opened(trials, "w0")
    assert await joined(trials, slot, "w1", "w2") == [1, 2]
    again = await trials.ask("POST", f"/slots/{slot}/waiting", {"participant": "w2"}, **NAVIGATOR)
    assert (again.status, again.body["status"], again.body["place"]) == (200, "known", 2)
    await trials.enrol("w3", season=RUNNING)
    refused = await trials.ask("POST", f"/slots/{slot}/bookings", {"participant": "w3"}, **NAVIGATOR)
    foreign = await trials.ask("POST", f"/slots/{slot}/waiting", {"participant": "w3"}, **STRANGER)
    seated_already = await trials.ask("POST", f"/slots/{slot}/waiting", {"participant": "w0"}, **NAVIGATOR)
    found = [(one.status, one.body["type"]) for one in (refused, foreign, seated_already)]
    assert found == [(409, "slot-full"), (404, "participant-unknown"), (409, "already-booked")]
    assert await shown(trials, slot) == (0, 2)

    await trials.must("DELETE", f"/bookings/{(await booking(trials, 'w0'))['id']}", **NAVIGATOR)
    given = await seated(trials, "w1")
    assert given["confirm_by"] is not None
    assert (await places(trials, "w2"), await shown(trials, slot)) == ([(1, None)], (0, 1))
    for _ in range(2):
        confirmed = await trials.must("POST", f"/bookings/{given['id']}/confirmation", **NAVIGATOR)
        assert confirmed == {"booking": given["id"], "slot": slot, "status": "confirmed"}
    tomorrow = datetime.now(UTC) + timedelta(hours=25)
    assert (await booking(trials, "w1"))["confirm_by"] is None
    assert await repository(trials).lines.due(tomorrow) is None

    await trials.must("DELETE", f"/bookings/{given['id']}", **NAVIGATOR)
    lost = await seated(trials, "w2")
    due = await repository(trials).lines.due(tomorrow)
    assert due is not None
    assert due.overdue is not None
    for _ in range(2):
        await waiting.give_up(repository(trials), due.overdue, tomorrow)
    given_up = await booking(trials, "w2")
    assert (given_up["given_up"], given_up["cancelled"]) == ("unconfirmed", lost["confirm_by"])
    assert (await places(trials, "w2"), await trials.seats(slot)) == ([(None, "unconfirmed")], 0)
    late = await trials.ask("POST", f"/bookings/{lost['id']}/confirmation", **NAVIGATOR)
    assert (late.status, late.body["type"]) == (409, "booking-cancelled")
    events = [e.event for e in await trials.published("trials.events.v1") if e.event.key == "w2"]
    assert [type(event) for event in events] == [TrialBooked, TrialCancelled]
    free = await trials.ask("POST", f"/slots/{slot}/waiting", {"participant": "w3"}, **NAVIGATOR)
    assert (free.status, free.body["type"]) == (409, "seats-free")


async def test_several_workers_give_each_seat_once_and_in_order(trials: Trials) -> None:
    holders, line = [f"h{n}" for n in range(4)], [f"l{n}" for n in range(8)]
    slot = await opened(trials, *holders, days=6)
    await joined(trials, slot, *line)
    await trials.must("DELETE", f"/slots/{slot}/waiting/l1", **NAVIGATOR)
    taken = [(await booking(trials, id))["id"] for id in holders]
    workers, now = [repository(trials) for _ in range(3)], datetime.now(UTC)

    async def work(worker: Repository) -> None:
        for _ in range(6):
            await waiting.fill(worker, slot, now, new_id)

    free = [trials.must("DELETE", f"/bookings/{id}", **NAVIGATOR) for id in taken]
    await asyncio.gather(*free, *map(work, workers))
    for id in ("l0", "l2", "l3", "l4"):
        await seated(trials, id)
    assert [await places(trials, id) for id in ("l1", "l5", "l6", "l7")] == [
        [(None, "left")],
        [(1, None)],
        [(2, None)],
        [(3, None)],
    ]
    assert (await trials.seats(slot), await shown(trials, slot)) == (4, (0, 3))
    booked = [e.event for e in await trials.published("trials.events.v1") if isinstance(e.event, TrialBooked)]
    of_line = [event.participant for event in booked if event.slot == slot and event.participant in line]
    assert sorted(of_line) == ["l0", "l2", "l3", "l4"]
    resized = await trials.must("POST", f"/slots/{slot}/seats", {"capacity": 5}, **HOST)
    assert resized["capacity"] == 5
    await seated(trials, "l5")


async def test_a_line_ends_with_its_slot_and_an_erased_pupil_leaves_nothing_in_it(trials: Trials) -> None:
    slot = await opened(trials, "e0", days=7)
    await joined(trials, slot, "e1", "e2")
    place = {name: PLACE[name] for name in PLACE}
    await trials.publish(ParticipantErased(**{**place, "participant": "e1", "act": "2020-1"}))
    await trials.know({"path": f"e1/{RUNNING}"}, 0, "waiting")
    assert (await places(trials, "e2"), await shown(trials, slot)) == ([(1, None)], (0, 1))
    await trials.must("POST", f"/slots/{slot}/closing", {"reason": "frost"}, **HOST)

    async def over() -> bool:
        return await places(trials, "e2") == [(None, "slot-closed")]

    await eventually(over)
    assert await shown(trials, slot) == (0, 0)
    assert await repository(trials).lines.due(datetime.now(UTC)) is None


async def test_a_service_that_is_killed_while_it_gives_seats_gives_them_all_in_order(trials: Trials) -> None:
    holders, line = [f"kh{n}" for n in range(6)], [f"kl{n}" for n in range(8)]
    slot = await opened(trials, *holders, days=8)
    await joined(trials, slot, *line)
    taken = [(await booking(trials, id))["id"] for id in holders]
    for round in (taken[:3], taken[3:]):
        await asyncio.gather(*(trials.must("DELETE", f"/bookings/{id}", **NAVIGATOR) for id in round))
        trials.child.send(signal.SIGKILL)
        await trials.child.wait()
        await trials.start()
    for id in line[:6]:
        await seated(trials, id)
    assert [await places(trials, id) for id in line[6:]] == [[(1, None)], [(2, None)]]
    assert (await trials.seats(slot), await shown(trials, slot)) == (6, (0, 2))
    await trials.know({}, 0, "outbox")
    events = [e.event for e in await trials.published("trials.events.v1") if isinstance(e.event, TrialBooked)]
    assert sorted(e.participant for e in events if e.slot == slot and e.participant in line) == line[:6]


async def test_a_database_that_was_put_back_asks_nobody_to_confirm_what_may_be_confirmed(trials: Trials) -> None:
    slot = await opened(trials, "r0", "r1", "r5", days=9)
    await joined(trials, slot, "r2", "r3", "r6", "r4")
    await trials.enrol("r7", season=RUNNING)
    await trials.must("DELETE", f"/bookings/{(await booking(trials, 'r0'))['id']}", **NAVIGATOR)
    await seated(trials, "r2")
    await trials.know({}, 0, "outbox")
    backup = Backup.of(trials.settings, "trials")
    confirmed = (await booking(trials, "r2"))["id"]
    await trials.must("POST", f"/bookings/{confirmed}/confirmation", **NAVIGATOR)
    await trials.must("DELETE", f"/bookings/{(await booking(trials, 'r1'))['id']}", **NAVIGATOR)
    since = await seated(trials, "r3")
    await trials.publish(*merged("r7", "r6"))
    await trials.know({"_id": {"$in": ["r6", "r7"]}, "mergings.merged": True}, 2, PARTICIPANTS)
    await trials.must("DELETE", f"/bookings/{(await booking(trials, 'r5'))['id']}", **NAVIGATOR)
    survivors = await seated(trials, "r7")
    await trials.know({}, 0, "outbox")
    await trials.child.stop()
    backup.put_back()
    await trials.start()
    assert (await seated(trials, "r3"))["id"] == since["id"]
    assert (await seated(trials, "r7"))["id"] == survivors["id"]
    for id in ("r2", "r3", "r7"):
        kept = await booking(trials, id)
        assert (kept["cancelled"], kept["confirm_by"]) == (None, None)
    assert (await places(trials, "r4"), await trials.seats(slot)) == ([(1, None)], 3)
    tomorrow = datetime.now(UTC) + timedelta(hours=25)
    late = await repository(trials).lines.due(tomorrow)
    assert late is None or late.overdue is None
