"""Rotation step by step: rows of an older installation, a run that was ended, an erasure in the middle of one."""

import os
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from functools import partial

import pytest

from services.registration.domain.requests import PlaceRequest
from services.registration.domain.trips import Accompanying, Trip, TripAsked
from services.registration.name_index import NameIndex
from services.registration.person_keys import PersonKeys, key_places, part
from services.registration.requests import Requests
from services.registration.trips import Trips
from shared.base.errors import Unavailable
from shared.base.named_keys import NamedKey
from shared.identity.key_ring import KeyRing, wrapped_by
from shared.identity.vault import Vault
from shared.runtime.service import Platform
from shared.storage import wrapped_keys
from shared.storage.mongo import Collection, Document, Transaction
from shared.storage.wrapped_keys import Rotation, prove
from tests.builders.events import PLACE, at
from tests.builders.registration import SCHOOL
from tests.drivers.register import dump, made

KEY = NamedKey("k1", os.urandom(32))
PUPILS = 6


class Interrupted(Exception):
    """What ends a run in the middle."""


class Meeting(Rotation):
    """A rotation during which something happens once, after the first rows were read and before they are written."""

    meets: Callable[[], Awaitable[object]] | None = None

    async def _wrap(self, collection: Collection, rows: Sequence[Document], closed: Counter[str]) -> int:
        if self.meets is not None:
            met, self.meets = self.meets, None
            await met()
        return await super()._wrap(collection, rows, closed)


def newer(platform: Platform) -> Vault:
    """The vault of a process that begins with the new key."""
    return Vault(KeyRing(platform.settings.master_key, [KEY]), os.urandom)


async def keys_of(platform: Platform) -> list[str]:
    """By what each person's key is wrapped now."""
    rows = await PersonKeys(platform.mongo).joined(await dump(platform.mongo))
    return sorted(wrapped_by(row) for row in rows)


async def test_keys_in_the_vault_of_an_older_installation_are_rotated_and_parted_after_it(
    platform_of: Callable[..., Platform],
) -> None:
    platform = platform_of("registration")
    register = await made(platform)
    await register.enter(*(f"k{n}" for n in range(PUPILS)))
    assert all("key" in row for row in await dump(platform.mongo))
    register.vault.ring = newer(platform).ring
    assert (await Rotation(key_places(platform.mongo), newer(platform), print).run()).done == 2 * PUPILS
    assert await keys_of(platform) == ["k1"] * 2 * PUPILS
    await part(platform.mongo, platform.settings.model_copy(update={"vault_keys_apart": True}))
    assert not any({"key", "wrapped_by"} & row.keys() for row in await dump(platform.mongo))
    assert len(await register.names(await dump(platform.mongo))) == 2 * PUPILS
    (late,) = await register.enter("late")
    assert await keys_of(platform) == ["k1"] * 2 * (PUPILS + 1)
    assert (await register.erase(late)).keys_apart


@pytest.mark.parametrize("apart", [False, True])
async def test_keys_of_trips_and_of_requests_are_rotated_wherever_they_lie(
    platform_of: Callable[..., Platform], apart: bool
) -> None:
    platform, asked = platform_of("registration"), TripAsked(SCHOOL.id, "7А", "V1", date(2099, 10, 5))
    register = await made(platform)
    if apart:
        await part(platform.mongo, platform.settings)
    place = {**PLACE, "utc_offset": "+03:00"}
    request = PlaceRequest.model_validate({"id": "r1", "account": "a1", "place": place, "asked_at": at("2099-10-01")})
    sealed = {"name": "Анна", "birth_date": "2087-05-17", "guardian_name": "Мария"}

    async def put(tx: Transaction) -> None:
        trip = Trip.new(asked, Accompanying(name="Пётр"))
        await Trips(platform.mongo, register.vault).put(trip, {"name": "Пётр"}, tx)
        requests = Requests(platform.mongo, register.vault, NameIndex(platform.settings.master_key))
        await requests.add(request, sealed, tx)

    await platform.mongo.transact(put)
    rotated = await Rotation(key_places(platform.mongo), newer(platform), print).run()
    assert (rotated.done, rotated.left) == (2, {})
    alone = Vault(KeyRing(os.urandom(32), [KEY]), os.urandom)
    assert await Trips(platform.mongo, alone).accompanying(asked.id) == "Пётр"
    index = NameIndex(platform.settings.master_key)
    opened = await platform.mongo.transact(partial(Requests(platform.mongo, alone, index).sealed, "r1"))
    assert opened == sealed
    await prove(alone, key_places(platform.mongo))


async def test_a_run_that_was_ended_goes_on_and_a_second_one_finds_nothing(
    platform_of: Callable[..., Platform], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wrapped_keys, "CHUNK", 4)
    monkeypatch.setattr(wrapped_keys, "SAID_SECONDS", 0.0)
    platform = platform_of("registration")
    register = await made(platform)
    await part(platform.mongo, platform.settings)
    await register.enter(*(f"k{n}" for n in range(PUPILS)))
    said: list[str] = []

    def interrupt(line: str) -> None:
        said.append(line)
        raise Interrupted

    with pytest.raises(Interrupted):
        await Rotation(key_places(platform.mongo), newer(platform), interrupt).run()
    assert said == [f"4 of {2 * PUPILS} keys"]
    assert await keys_of(platform) == ["derived"] * (2 * PUPILS - 4) + ["k1"] * 4
    assert len(
        [newer(platform).open(row) for row in await PersonKeys(platform.mongo).joined(await dump(platform.mongo))]
    )
    assert (await Rotation(key_places(platform.mongo), newer(platform), said.append).run()).done == 2 * PUPILS - 4
    assert (await Rotation(key_places(platform.mongo), newer(platform), said.append).run()).done == 0
    back = await Rotation(key_places(platform.mongo), register.vault, said.append).run()
    assert (back.done, back.closed, back.left) == (0, {"k1": 2 * PUPILS}, {"k1": 2 * PUPILS}), "its ring lacks the key"
    both = Vault(KeyRing(platform.settings.master_key, [NamedKey("derived"), KEY]), os.urandom)
    assert (await Rotation(key_places(platform.mongo), both, said.append).run()).done == 2 * PUPILS
    assert await keys_of(platform) == ["derived"] * 2 * PUPILS
    assert len(await register.names(await dump(platform.mongo))) == 2 * PUPILS


async def test_a_pupil_who_is_erased_between_reading_and_writing_stays_erased(
    platform_of: Callable[..., Platform],
) -> None:
    platform = platform_of("registration")
    register = await made(platform)
    await part(platform.mongo, platform.settings)
    first, second = await register.enter("k1", "k2")
    meeting = Meeting(key_places(platform.mongo), newer(platform), print)
    meeting.meets = lambda: register.erase(first)
    rotated = await meeting.run()
    assert (rotated.done, rotated.left) == (2, {})
    rows = await platform.mongo["vault_keys"].find({"key": {"$exists": True}}).to_list(None)
    assert {row["wrapped_by"] for row in rows} == {"k1"}
    assert second in {row["_id"] for row in rows}
    assert first not in {row["_id"] for row in rows}


async def test_a_ring_is_proved_by_one_row_of_each_key(platform_of: Callable[..., Platform]) -> None:
    platform = platform_of("registration")
    register = await made(platform)
    keys, master = key_places(platform.mongo), platform.settings.master_key
    await prove(register.vault, keys)
    await part(platform.mongo, platform.settings)
    await register.enter("k1")
    await prove(newer(platform), keys)
    with pytest.raises(Unavailable, match="is named derived"):
        await prove(Vault(KeyRing(b"x" * 32, [KEY]), os.urandom), keys)
    await Rotation(key_places(platform.mongo), newer(platform), print).run()
    await register.enter("k2")
    await prove(newer(platform), keys)
    for ring, why in (
        (KeyRing(master), "was wrapped by k1, which VAULT_KEYS lacks"),
        (KeyRing(master, [NamedKey("k1", b"x" * 32)]), "is named k1"),
    ):
        with pytest.raises(Unavailable, match=why):
            await prove(Vault(ring, os.urandom), keys)
