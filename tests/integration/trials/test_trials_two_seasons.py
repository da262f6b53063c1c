"""A pupil is in one place at a time, in all seasons that run beside one another."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.trials.collections import PARTICIPANTS
from services.trials.domain.path.caller import Said
from services.trials.handlers import bookings
from services.trials.handlers.bookings import BookingRequest
from services.trials.repository import Repository
from shared.base.errors import ServiceError
from shared.http.batch import Item
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from shared.storage.decision import Done
from shared.storage.outbox import Outbox
from tests.builders.events import PLACE, at, registered
from tests.builders.trials import RULES, VENUE, seat
from tests.drivers.trials import HOST, NAVIGATOR, Trials, trials_service

BESIDE, NEXT = "beside", "2021"
"""A season of the same days, and the one of the year after."""
THEN = at("2020-09-25")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        for season, days in ((BESIDE, {}), (NEXT, {"opens": "2021-09-01", "closes": "2021-12-31"})):
            await running.must("PUT", f"/seasons/{season}", {**RULES, **days})
            venue = {"organisation": VENUE, "name": "Колледж", "registry": "regional", "season": season}
            await running.must("PUT", f"/venues/{VENUE}", venue, role="regional-operator", org="RU-ROS")
        yield running


async def enrol(trials: Trials, *pupils: str) -> None:
    """Pupils of all three seasons."""
    await trials.enrol(*pupils)
    for season in (BESIDE, NEXT):
        await trials.publish(*(registered(pupil, season=season) for pupil in pupils))
    await trials.know({"_id": {"$in": list(pupils)}, f"seasons.{NEXT}": {"$exists": True}}, len(pupils), PARTICIPANTS)


async def book(trials: Trials, slot: str, pupil: str, **changed: str) -> str:
    """How a booking is answered."""
    answer = await trials.ask("POST", f"/slots/{slot}/bookings", {**seat(pupil), **changed}, **NAVIGATOR)
    return str(answer.body.get("type", answer.status))


async def test_a_seat_in_one_season_takes_the_time_in_the_other(trials: Trials) -> None:
    await enrol(trials, "both")
    first, second = await trials.slot(), await trials.slot(season=BESIDE)
    later = await trials.slot(season=BESIDE, starts_at="2020-10-05T15:30:00+03:00")
    next_year = await trials.slot(season=NEXT, starts_at="2021-10-05T14:00:00+03:00")
    assert await book(trials, first, "both") == "201"
    assert await book(trials, second, "both") == "time-conflict"
    assert await book(trials, later, "both") == "201"
    assert await book(trials, next_year, "both", occurred_at="2021-09-20T10:00:00+03:00") == "201"
    assert [await trials.seats(slot) for slot in (first, second, later)] == [1, 0, 1]


async def test_of_two_workers_that_seat_a_pupil_in_two_seasons_one_does(trials: Trials) -> None:
    pupils = [f"twice-{number}" for number in range(8)]
    await enrol(trials, *pupils)
    for season, day in (("2020", "2020-10-01"), (BESIDE, "2020-10-02")):
        early = await trials.slot(season=season, starts_at=f"{day}T10:00:00+03:00")
        assert {await book(trials, early, pupil) for pupil in pupils} == {"201"}
    slots = [await trials.slot(capacity=8), await trials.slot(capacity=8, season=BESIDE)]
    outbox = Outbox(trials.mongo, "trials", trials.settings.kafka_topic_prefix, lambda: datetime.now(UTC))
    who = Principal("someone", "account", (Grant("navigator", PLACE["school"]),))

    async def seated(slot: str, pupil: str) -> bool:
        worker = Repository(trials.mongo, outbox)
        wanted = [Item("/participant", pupil)]
        request = BookingRequest(items=wanted, who=who, now=datetime.now(UTC), slot=slot, said=Said(THEN))
        (outcomes,) = await bookings.book(worker, [request], lambda: uuid4().hex)
        assert not isinstance(outcomes, ServiceError), outcomes
        return isinstance(outcomes[0], Done)

    for pupil in pupils:
        assert sum(await asyncio.gather(*(seated(slot, pupil) for slot in slots))) == 1
    assert sum([await trials.seats(slot) for slot in slots]) == len(pupils)


async def test_a_slot_that_moves_to_where_the_pupil_has_a_seat_in_the_other_season_is_given_up(trials: Trials) -> None:
    await enrol(trials, "moved")
    stays = await trials.slot(season=BESIDE, starts_at="2020-10-06T10:00:00+03:00")
    moves = await trials.slot(starts_at="2020-10-07T10:00:00+03:00")
    assert [await book(trials, slot, "moved") for slot in (stays, moves)] == ["201", "201"]
    to = {"starts_at": "2020-10-06T11:00:00+03:00", "occurred_at": THEN.isoformat()}
    followed = await trials.must("POST", f"/slots/{moves}/move", to, **HOST)
    assert (followed["moved"], followed["cancelled"]) == (0, 1)
    assert [await trials.seats(slot) for slot in (stays, moves)] == [1, 0]
