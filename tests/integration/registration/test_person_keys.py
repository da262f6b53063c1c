"""Persons' keys apart from the vault: a copy of the vault from before an erasure opens nothing after it."""

from collections.abc import Callable
from itertools import product

import pytest
from cryptography.exceptions import InvalidTag

from services.registration.person_keys import part
from shared.base.settings import Settings
from shared.runtime.service import Platform
from tests.drivers.register import dump, made

PUPILS = 20


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
