"""Bad input through the gateway: every field is named, and where every item is bad nothing changes at all."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from deploy.cli.lag import backlog
from shared.base.settings import Settings
from shared.contracts.topics import SERVICES, TOPICS
from shared.messaging import kafka
from shared.storage.mongo import Mongo
from tests.drivers.consumers import eventually
from tests.drivers.service import BOOKKEEPING
from tests.e2e.conftest import Answer, Client
from tests.e2e.season import World, soon, world


async def _counts(settings: Settings) -> Mapping[str, int]:
    """Documents of every collection of every service, and the end of every topic."""
    found: dict[str, int] = {}
    for owner in SERVICES:
        mongo = Mongo(settings.mongo_url, settings.database(owner))
        for name in await mongo.collections():
            if name not in BOOKKEEPING:
                found[f"{owner}.{name}"] = await mongo[name].count_documents({})
        mongo.close()
    ends = await kafka.end_offsets(settings.bootstrap, [settings.kafka_topic_prefix + topic.name for topic in TOPICS])
    return found | {f"{p.topic}:{p.partition}": end for p, end in ends.items()}


@asynccontextmanager
async def nothing_changes(settings: Settings) -> AsyncIterator[None]:
    """Fails if the body leaves a document or a record anywhere."""

    async def quiet() -> bool:
        return (await backlog(settings)).total == 0

    await eventually(quiet)
    before = await _counts(settings)
    yield
    await eventually(quiet)
    assert await _counts(settings) == before


def pointers(answer: Answer) -> set[str]:
    """What a problem document names."""
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    return {error["pointer"] for error in answer.body["errors"]}


def item_pointers(answer: Answer) -> list[set[str]]:
    """What the problems of a batch's items name."""
    assert answer.status == 200, answer.body
    assert {item["status"] for item in answer.body["items"]} == {"rejected"}
    return [{error["pointer"] for error in item["problem"]["errors"]} for item in answer.body["items"]]


async def _send(place: World, body: Any) -> Answer:
    return await place.client.call("POST", "/registration/rosters", body, by=place.navigator)


async def test_a_bad_roster(client: Client, settings: Settings) -> None:
    place = await world(client)
    async with nothing_changes(settings):
        wrong = [place.pupil(1, grade=5), place.pupil(2, birth_date="soon"), place.pupil(3, name="")]
        assert item_pointers(await _send(place, place.roster(wrong))) == [
            {"/pupils/0/grade"},
            {"/pupils/1/birth_date"},
            {"/pupils/2/name"},
        ]
        crowd = await _send(place, place.roster([place.pupil(n) for n in range(1001)]))
        assert (crowd.status, pointers(crowd)) == (422, {"/pupils"})
        broken = await _send(place, b'{"pupils": [')
        assert (broken.status, broken.body["type"]) == (400, "malformed-json")
        nowhere = await client.call(
            "POST", "/registration/rosters", place.roster([place.pupil(1)], school="RU-X"), by=place.operator
        )
        assert (nowhere.status, pointers(nowhere)) == (404, {"/school"})
        future = await _send(place, place.roster([place.pupil(1)], occurred_at="2120-01-01T00:00:00+03:00"))
        assert (future.status, pointers(future)) == (422, {"/occurred_at"})


async def test_a_repeated_pupil_is_refused_and_the_others_are_entered(client: Client) -> None:
    place = await world(client)
    items = await place.register([place.pupil(1), place.pupil(1), place.pupil(2)])
    assert [item["status"] for item in items] == ["created", "rejected", "created"]
    assert items[1]["problem"]["errors"][0]["pointer"] == "/pupils/1/external_ref"
    again = await place.register([place.pupil(1), place.pupil(2)])
    assert [item["status"] for item in again] == ["known", "known"]
    assert [item["participant"] for item in again] == [items[0]["participant"], items[2]["participant"]]


async def test_a_bad_attempt(client: Client, settings: Settings) -> None:
    place = await world(client)
    with_consent, without = await place.register([place.pupil(1), place.pupil(2, consent=None)])
    await soon(
        client, "POST", "/trials/attempts", place.attempt(with_consent["participant"], "first"), by=place.navigator
    )

    async def send(*attempts: dict[str, Any]) -> Answer:
        return await client.call("POST", "/trials/attempts/batch", {"attempts": list(attempts)}, by=place.navigator)

    async with nothing_changes(settings):
        answer = await send(
            place.attempt(with_consent["participant"], answers={"q1": "maybe", "q2": "no"}),
            place.attempt(with_consent["participant"], answers={"q1": "yes"}),
            place.attempt("nobody"),
            place.attempt(without["participant"]),
            place.attempt(with_consent["participant"], diagnostic="palmistry"),
        )
        assert item_pointers(answer) == [
            {"/attempts/0/answers/q1"},
            {"/attempts/1/answers/q2"},
            {"/attempts/2/participant"},
            {"/attempts/3/participant"},
            {"/attempts/4/diagnostic"},
        ]
        types = [item["problem"]["type"] for item in answer.body["items"]]
        assert types[2:4] == ["participant-unknown", "consent-missing"]


async def test_a_full_and_a_past_slot(client: Client, settings: Settings) -> None:
    place = await world(client)
    pupils = [item["participant"] for item in await place.register([place.pupil(n) for n in (1, 2)])]
    slot = await place.slot("small", capacity=1)
    first = {"participants": pupils[:1], "occurred_at": "2020-09-21T10:00:00+03:00"}
    await soon(client, "POST", f"/trials/slots/{slot}/bookings/batch", first, by=place.navigator)

    async def book(slot: str, day: str) -> Answer:
        body = {"participants": pupils[1:], "occurred_at": f"{day}T10:00:00+03:00"}
        return await client.call("POST", f"/trials/slots/{slot}/bookings/batch", body, by=place.navigator)

    other = await place.slot("other", starts_at="2020-10-06T15:00:00+03:00")
    async with nothing_changes(settings):
        full, past = await book(slot, "2020-09-22"), await book(other, "2020-10-07")
        assert [a.body["items"][0]["problem"]["type"] for a in (full, past)] == ["slot-full", "slot-past"]
        assert item_pointers(full) == [{"/participants/0"}]
        single = await client.call(
            "POST", f"/trials/slots/{slot}/bookings", {"participant": pupils[1]}, by=place.navigator
        )
        assert (single.status, single.body["type"]) == (409, "slot-past")
