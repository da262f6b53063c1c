"""The copy of exclusions in a real MongoDB, and the memory of a process that follows it."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from services.trials.app import COLLECTIONS
from shared.contracts.staff import StaffChange, StaffExcluded, StaffReadmitted
from shared.http.exclusions import LOOK_SECONDS, KnownExclusions
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from shared.runtime.service import Platform
from shared.storage.exclusions import Exclusions
from shared.storage.mongo import Document, Mongo
from tests.builders.events import enveloped
from tests.drivers.consumers import eventually

REGION, TOWN, SCHOOL, COLLEGE, VENUE = "RU-ROS", "RU-ROS-001", "RU-ROS-001-S01", "RU-ROS-001-C01", "museum"


@pytest_asyncio.fixture(loop_scope="session")
async def mongo(platform_of: Callable[..., Platform]) -> AsyncIterator[Mongo]:
    """The database of a service that knows a region, with a school, a college and its venue in a municipality."""
    mongo = platform_of("trials").mongo
    await mongo.ensure(COLLECTIONS)
    lies = {"region": REGION, "municipality": TOWN}
    rows: list[Document] = [{"_id": code, **lies} for code in (TOWN, SCHOOL, COLLEGE)]
    rows.append({"_id": REGION, "region": REGION, "municipality": None})
    await mongo["organisations"].insert_many(rows)
    await mongo["venues"].insert_one({"_id": VENUE, "organisation": COLLEGE})
    yield mongo


def told(kind: type[StaffChange], organisation: str = SCHOOL, account: str = "teacher") -> StaffChange:
    return kind(account=account, organisation=organisation, region=REGION)


async def learn(mongo: Mongo, *changes: tuple[StaffChange, int]) -> None:
    envelopes = [enveloped(event, sequence) for event, sequence in changes]
    await mongo.transact(lambda tx: Exclusions(mongo).learn(envelopes, tx))


def caller(*grants: Grant, account: str = "teacher") -> Principal:
    return Principal("", account, grants)


async def test_the_latest_word_holds_in_whatever_order_it_comes(mongo: Mongo) -> None:
    copy, out, back = Exclusions(mongo), told(StaffExcluded), told(StaffReadmitted)
    assert (await copy.changes(), await copy.in_force()) == (0, {})
    await learn(mongo, (back, 2))
    await learn(mongo, (out, 1))
    assert await copy.in_force() == {}
    await learn(mongo, (out, 3), (told(StaffExcluded, TOWN), 1), (told(StaffExcluded, account="other"), 1))
    assert await copy.in_force() == {"teacher": {SCHOOL, TOWN}, "other": {SCHOOL}}
    await learn(mongo, (back, 4), (back, 4))
    assert await copy.in_force() == {"teacher": {TOWN}, "other": {SCHOOL}}
    assert await copy.changes() == 4
    await asyncio.gather(*(learn(mongo, (told(StaffExcluded, account=f"a{n}"), 1)) for n in range(5)))
    assert (await copy.changes(), len(await copy.in_force())) == (9, 7), "none is counted with another"


async def test_what_lies_above_is_known_of_organisations_and_venues(mongo: Mongo) -> None:
    copy = Exclusions(mongo)
    assert await copy.above(SCHOOL) == {REGION, TOWN}
    assert await copy.above(VENUE) == {REGION, TOWN, COLLEGE}
    assert await copy.above(REGION) == {REGION}
    assert await copy.above("nowhere") == frozenset()


@pytest.mark.parametrize(
    ("out_of", "lost"),
    [
        (SCHOOL, {SCHOOL}),
        (COLLEGE, {COLLEGE, VENUE}),
        (TOWN, {TOWN, SCHOOL, COLLEGE, VENUE}),
        (REGION, {REGION, TOWN, SCHOOL, COLLEGE, VENUE}),
    ],
)
async def test_grants_there_and_below_are_lost(mongo: Mongo, out_of: str, lost: set[str]) -> None:
    await learn(mongo, (told(StaffExcluded, out_of), 1))
    every = [
        Grant("regional-operator", REGION),
        Grant("municipal-operator", TOWN),
        Grant("navigator", SCHOOL),
        Grant("mentor", COLLEGE),
        Grant("mentor", VENUE),
        Grant("navigator", "RU-ROS-002-S01"),
        Grant("national-operator", "RU"),
        Grant("guardian"),
    ]
    who = await KnownExclusions(Exclusions(mongo)).admitted(caller(*every))
    assert {grant.org for grant in who.excluded} == lost
    assert {*who.grants, *who.excluded} == set(every)


async def test_a_process_follows_its_copy_and_asks_nobody_for_a_request(mongo: Mongo) -> None:
    known = KnownExclusions(Exclusions(mongo))
    here = Grant("navigator", SCHOOL)
    assert (await known.admitted(caller(here))).grants == (here,)
    running = asyncio.create_task(known.run())
    try:
        await learn(mongo, (told(StaffExcluded), 1))

        async def out() -> bool:
            return (await known.admitted(caller(here))).excluded == (here,)

        await eventually(out, seconds=4 * LOOK_SECONDS)
        mongo.close()
        assert await out(), "what was known last holds"
        assert (await known.admitted(caller(here, account="colleague"))).grants == (here,)
    finally:
        running.cancel()
