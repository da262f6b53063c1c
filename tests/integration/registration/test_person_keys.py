"""Persons' keys apart from the vault: a copy of the vault from before an erasure opens nothing after it."""

import os
from collections.abc import Callable, Sequence
from itertools import product

import pytest
from cryptography.exceptions import InvalidTag

from services.registration.api.rosters import Roster, read
from services.registration.app import COLLECTIONS, repository_of
from services.registration.domain.erasure import Act
from services.registration.handlers.erasure import Erasing, erase_pupil
from services.registration.handlers.rosters import register
from services.registration.person_keys import PersonKeys, part
from services.registration.repository import Repository
from shared.base.settings import Settings
from shared.identity.grants import Grant
from shared.identity.key_ring import KeyRing
from shared.identity.principal import Principal
from shared.identity.vault import Vault
from shared.runtime.service import Platform
from shared.storage.mongo import Document, Mongo
from shared.storage.outbox import utcnow
from tests.builders.events import season
from tests.builders.registration import SCHOOL, pupil, roster

NATION = Principal("operator", "operator", (Grant("national-operator", "RU"),))
PUPILS = 20


class Register:
    """Registration without a process, on a database of its own."""

    def __init__(self, platform: Platform) -> None:
        self.mongo = platform.mongo
        self.vault = Vault(KeyRing.of(platform.settings), os.urandom)
        self.repository: Repository = repository_of(platform, self.vault)
        self._ids = iter(f"id{n}" for n in range(10_000))

    def new_id(self) -> str:
        return next(self._ids)

    async def enter(self, *refs: str) -> list[str]:
        who = Principal("staff", "staff", (Grant("navigator", SCHOOL.id),))
        request = await read(Roster.model_validate(roster([pupil(ref) for ref in refs])), who, utcnow())
        ((*outcomes,),) = await register(self.repository, [request], self.new_id)  # type: ignore[misc]
        return [outcome.value.pupil.id for outcome in outcomes]  # type: ignore[union-attr]

    async def erase(self, id: str) -> Act:
        return await erase_pupil(self.repository, NATION, id, Erasing(utcnow(), self.new_id))

    async def names(self, rows: Sequence[Document]) -> list[str]:
        """What can be opened of rows of the vault with all keys that there are by now, and the master key."""
        return [self.vault.open(row)["name"] for row in await PersonKeys(self.mongo).joined(rows)]


async def made(platform: Platform) -> Register:
    """A register that knows a school and a season."""
    await platform.mongo.ensure(COLLECTIONS)
    register = Register(platform)
    fields = {**SCHOOL.model_dump(exclude={"id"}), "_id": SCHOOL.id}
    await platform.mongo["organisations"].insert_one(fields)
    defined = season()
    await platform.mongo["rules"].insert_one({"_id": "2020", **defined.model_dump(mode="json"), "sequence": "1"})
    return register


async def dump(mongo: Mongo) -> list[Document]:
    rows: list[Document] = await mongo["vault"].find({}).to_list(None)
    return rows


async def test_no_copy_of_the_vault_opens_an_erased_pupil(platform_of: Callable[..., Platform]) -> None:
    platform = platform_of("registration")
    register = await made(platform)
    assert await part(platform.mongo, platform.settings) == []
    ids = await register.enter(*(f"k{n}" for n in range(PUPILS)))
    before = await dump(platform.mongo)
    assert not any("key" in row for row in before)
    assert len(await register.names(before)) == 2 * PUPILS, "the control: all can be opened before"
    acts = [await register.erase(id) for id in ids[:-1]]
    assert {(act.keys_apart, act.cleared["registration"].rows["vault_keys"]) for act in acts} == {(True, 2)}
    assert sorted(await register.names(before)) == ["Иванов Пётр k19", "Иванова Анна k19"]
    left = await platform.mongo["vault_keys"].find({"key": {"$exists": True}}).to_list(None)
    erased = [row for row in before if row["_id"] not in {key["_id"] for key in left}]
    assert (len(left), len(erased)) == (2, 2 * PUPILS - 2)
    for row, key in product(erased, left):
        with pytest.raises(InvalidTag):
            register.vault.open({**row, "key": key["key"]})


async def test_an_older_installation_parts_its_keys_when_it_is_told_to(platform_of: Callable[..., Platform]) -> None:
    platform = platform_of("registration")
    register = await made(platform)
    (first,) = await register.enter("old")
    rows = await dump(platform.mongo)
    assert all("key" in row for row in rows), "as the release before reads it"
    (said,) = await part(platform.mongo, platform.settings)
    assert "VAULT_KEYS_APART" in said
    assert (await register.erase(first)).keys_apart is False
    (second,) = await register.enter("kept")
    told = Settings.model_validate({**platform.settings.model_dump(), "vault_keys_apart": True})
    assert await part(platform.mongo, told) == ["2 keys were parted from the vault"]
    assert await part(platform.mongo, platform.settings) == []
    assert not any("key" in row for row in await dump(platform.mongo))
    (third,) = await register.enter("new")
    assert sorted(await register.names(await dump(platform.mongo))) == sorted(
        f"{who} {ref}" for who in ("Иванов Пётр", "Иванова Анна") for ref in ("kept", "new")
    )
    for id in (second, third):
        assert (await register.erase(id)).keys_apart is True
    assert await dump(platform.mongo) == []
