"""A hundred pupils are erased while a season plays: nothing of them is left, and nothing brings them back."""

import asyncio
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from deploy.cli.whole_demo import settings_of
from deploy.local.system import System
from deploy.simulator.simulation import Options
from shared.base.settings import Settings
from shared.messaging.poll import text_of as position_text
from shared.operations.dead_letters import DeadLetter
from shared.operations.recovery import redrive
from shared.storage.mongo import Mongo
from tests.chaos import traces
from tests.chaos.agreement import agreed
from tests.chaos.conftest import Show
from tests.chaos.installation import Installation, play, season
from tests.drivers.backups import Backup
from tests.drivers.consumers import eventually, read_all
from tests.e2e.conftest import Client
from tests.e2e.season import World, world

ERASED, LATE, STAY = 80, 20, 12
"""Pupils who are erased with all services there, while notifications stands still, and not at all."""
CLOSES_WITHIN = timedelta(seconds=10)
STANDS_SECONDS = 60.0
AT_ONCE = 4


@dataclass(frozen=True)
class Person:
    """A pupil, and all that nobody may find of the family outside of the vault."""

    id: str
    guardian: str
    secrets: tuple[str, ...]
    """Names, the birth date in both forms, and codes."""

    @classmethod
    def of(cls, line: Mapping[str, Any], item: Mapping[str, Any]) -> "Person":
        """The pupil of a roster's line, by the item that answered it."""
        born = date.fromisoformat(line["birth_date"])
        codes = [item["link_code"], item["account_code"]]
        names = line["name"], line["guardian"]["name"]
        said = (*names, *(name.split()[0] for name in names), born.isoformat(), born.strftime("%d.%m.%Y"))
        return cls(item["participant"], item["guardian"], (*said, *codes))


def _line(place: World, n: int) -> dict[str, Any]:
    """A line with words that are nowhere else; the birth dates are those of no other pupil either."""
    letters = "".join("абвгдежзик"[int(digit)] for digit in f"{n:03d}")
    born = date(2013, 1, 1) + timedelta(days=n)  # minors for years to come: guardians open their cabinets
    guardian = {"ref": f"мать {n}", "name": f"Осокина{letters} Ульяна"}
    return place.pupil(1_000 + n, name=f"Щавелев{letters} Эраст", birth_date=born.isoformat(), guardian=guardian)


async def _entered(place: World) -> list[Person]:
    """The pupils, each with a cabinet of a guardian and an attempt."""
    lines = [_line(place, n) for n in range(ERASED + LATE + STAY)]
    items = [item for begin in range(0, len(lines), 50) for item in await place.register(lines[begin : begin + 50])]
    people = [Person.of(line, item) for line, item in zip(lines, items, strict=True)]
    for one, item in zip(people, items, strict=True):
        code = {"code": item["link_code"]}
        await place.client.ok("POST", "/registration/links", code, by=("guardian",), subject=f"family of {one.id}")

    for begin in range(0, len(people), 50):

        async def taken(begin: int = begin) -> bool:
            attempts = {"attempts": [place.attempt(one.id) for one in people[begin : begin + 50]]}
            answer = await place.client.ok("POST", "/trials/attempts/batch", attempts, by=place.navigator)
            return all("profile" in item for item in answer["items"])

        await eventually(taken)
    return people


async def _erased(place: World, people: Sequence[Person]) -> list[str]:
    """The numbers of the acts."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def erase(one: Person) -> str:
        async with limit:
            path = f"/registration/participants/{one.id}"
            return str((await place.client.ok("DELETE", path, by=place.operator))["act"]["number"])

    return list(await asyncio.gather(*map(erase, people)))


async def _took(place: World, acts: Sequence[str], since: datetime | None = None) -> timedelta:
    """The longest time between an erasure, or a later moment, and the closing of its act."""
    longest = timedelta()
    for path in (f"/registration/acts/{number}" for number in acts):

        async def closed(path: str = path) -> bool:
            return bool((await place.client.ok("GET", path, by=place.operator))["state"] == "closed")

        await eventually(closed)
        act = await place.client.ok("GET", path, by=place.operator)
        begun = max(datetime.fromisoformat(act["erased_at"]), since or datetime.min.replace(tzinfo=UTC))
        longest = max(longest, datetime.fromisoformat(act["closed_at"]) - begun)
    return longest


async def _erased_in_play(running: System, place: World, people: Sequence[Person], show: Show) -> None:
    """Erases those who are to be, the last of them while notifications stands still for a minute."""
    took = await _took(place, await _erased(place, people[:ERASED]))
    show(f"{ERASED} acts were closed within {took.total_seconds():.1f} s each")
    assert took <= CLOSES_WITHIN
    running.supervisor.send("notifications", signal.SIGSTOP)
    stopped = time.monotonic()
    acts = await _erased(place, people[ERASED : ERASED + LATE])
    open_ = await place.client.ok("GET", "/registration/acts?state=open&limit=1000", by=place.operator)
    assert {act["number"] for act in open_["items"]} == set(acts)
    await asyncio.sleep(STANDS_SECONDS - (time.monotonic() - stopped))
    back = datetime.now(UTC)
    running.supervisor.send("notifications", signal.SIGCONT)
    took = await _took(place, acts, back)
    show(f"{LATE} acts were closed {took.total_seconds():.1f} s after notifications was back")
    assert took <= CLOSES_WITHIN


def _rows(settings: Settings, collection: str) -> Sequence[Mapping[str, Any]]:
    return Backup.of(settings, "registration").rows.get(collection, [])


async def _must_be_nowhere(
    installation: Installation, running: System, place: World, everybody: Sequence[Person], since: Any
) -> None:
    """Nobody is found outside of the vault, those who are not erased neither; the search finds what it looks for."""
    settings = settings_of(running.settings)
    folders = installation.data, installation.infrastructure.data
    found = list(await traces.everywhere(settings, since, folders))
    places = {where for where, text in found if everybody[0].id in text}
    assert {"oplog", f"{settings.kafka_topic_prefix}registration.events.v1"} < places, "the search finds ids"
    secrets = {secret for one in everybody for secret in one.secrets}
    assert [(where, word) for where, text in found for word in secrets if word in text] == []
    gone = {secret for one in everybody[: ERASED + LATE] for secret in one.secrets}
    stay = {one.secrets[0] for one in everybody[ERASED + LATE :]}
    async with aiohttp.ClientSession() as http:
        for path in (
            f"/registration/schools/{place.school}/class-form?season={place.season}&class=7%D0%90",
            f"/registration/schools/{place.school}/summary?year=2020",
            f"/registration/schools/{place.school}/participants?season={place.season}&limit=1000",
        ):
            text = await traces.text_of(http, running.url + path, place.client.token(*place.navigator))
            assert all(name in text for name in stay), path
            assert [word for word in gone if word in text] == [], path


async def _stays_erased(place: World, settings: Settings, people: Sequence[Person]) -> None:
    """Nobody of them is known to staff, to the family or in a database that holds more than facts."""
    for one in people[:: ERASED // 8]:
        path = f"/registration/participants/{one.id}"
        assert (await place.client.call("GET", path, by=place.operator)).status == 404
        own = f"/trials/participants/{one.id}/path?season={place.season}"
        assert (await place.client.call("GET", own, by=place.navigator)).status == 404
        for route in ("/notifications/inbox", "/registration/me"):
            shown = await place.client.ok("GET", route, by=("guardian",), subject=f"family of {one.id}")
            assert shown["items"] == []
    ids = [id for one in people for id in (one.id, one.guardian)]
    for service, name, query in (
        *(("registration", name, {"_id": {"$in": ids}}) for name in (traces.VAULT, traces.KEYS, "guardians")),
        ("trials", "attempts", {"path": {"$in": [f"{id}/{place.season}" for id in ids]}}),
        ("notifications", "notices", {"participant": {"$in": ids}}),
    ):
        with closing(Mongo(settings.mongo_url, settings.database(service))) as mongo:
            assert await mongo[name].count_documents(query) == 0, (service, name)


async def _redriven(settings: Settings, one: Person) -> None:
    """Every event of the pupil comes late, out of the dead letters of both groups that hold more than facts."""
    topic = f"{settings.kafka_topic_prefix}registration.events.v1"
    records = [record for record in await read_all(settings, topic) if record.key == one.id.encode()]
    assert len(records) > 2
    for group in ("trials.participants.2", "notifications.inbox"):
        letters = [
            DeadLetter(
                group=group,
                position=position_text((record.topic, record.partition, record.offset)),
                put_aside=datetime.now(UTC),
                reason="late",
                value=record.value,
                headers=list(record.headers),
            )
            for record in records
        ]
        outcomes = await redrive(settings, letters, 30)
        assert {outcome.state for outcome in outcomes} == {"applied"}


@pytest.mark.timeout(900)
async def test_a_hundred_erased_in_play_are_gone_for_good(installation: Installation, seed: int, show: Show) -> None:
    scenario = season()
    async with installation.running() as running, aiohttp.ClientSession() as http:
        settings = settings_of(running.settings)
        since = traces.now(settings)
        place = await world(Client(running, http))
        playing = asyncio.create_task(play(running, scenario, Options(seed=seed)))
        people = await _entered(place)
        gone = people[: ERASED + LATE]
        backups = [Backup.of(settings, service) for service in ("registration", "trials")]
        before = traces.vault_rows(backups[0].rows[traces.VAULT], traces.operations(settings, since))
        names = traces.opened(settings, before, backups[0].rows[traces.KEYS])
        assert all((names[one.id], names[one.guardian]) == one.secrets[:2] for one in people), "the control opens all"
        await _erased_in_play(running, place, people, show)
        result = await playing
        after = traces.opened(settings, before, _rows(settings, traces.KEYS))
        persons = {id for one in gone for id in (one.id, one.guardian)}
        assert not persons & after.keys()
        assert {id for one in people[ERASED + LATE :] for id in (one.id, one.guardian)} <= after.keys()
        await _must_be_nowhere(installation, running, place, people, since)
        figures = [await agreed(running, region, code) for region, code in _regions(place, result.scenario)]
    for backup in backups:
        backup.put_back()
    with closing(Mongo(settings.mongo_url, settings.database("notifications"))) as mongo:
        await mongo.drop()  # it keeps nothing that Kafka does not have, and is replayed
    begun = time.monotonic()
    async with installation.running() as running, aiohttp.ClientSession() as http:
        show(f"the system was ready {time.monotonic() - begun:.1f} s after its databases had been put back")
        place = World(Client(running, http), place.region, place.season)
        await _redriven(settings, gone[0])
        await _redriven(settings, gone[-1])
        again = [await agreed(running, region, code) for region, code in _regions(place, result.scenario)]
        assert again == figures, "the figures are those of before, and those of a recount"
        await _stays_erased(place, settings, gone)
        opens = traces.opened(settings, before, _rows(settings, traces.KEYS))
        assert persons & opens.keys() == set()


def _regions(place: World, scenario: Any) -> Sequence[tuple[str, str]]:
    return (place.region, place.season), (scenario.region, scenario.season)
