"""A process does not work with a database that began with other keys."""

import base64
from collections.abc import Callable

import pytest

from services.trials.app import COLLECTIONS
from shared.base.errors import Unavailable
from shared.base.settings import Settings
from shared.identity.keys import derive
from shared.runtime import key_marks
from shared.runtime.service import Platform
from tests.drivers.processes import environment_of, process, said, status


async def test_keys_are_those_of_the_first_start(platform_of: Callable[..., Platform]) -> None:
    first = platform_of("trials")
    for _ in range(2):
        await key_marks.prove(first.mongo, first.settings)
    named = platform_of("trials", account_key=derive(first.settings.master_key, "account"))
    await key_marks.prove(named.mongo, named.settings)
    for changed, name in (({"master_key": b"x" * 32}, "MASTER_KEY"), ({"account_key": b"x" * 32}, "ACCOUNT_KEY")):
        other = platform_of("trials", **changed)
        with pytest.raises(Unavailable, match=f"^{name} is another one"):
            await key_marks.prove(other.mongo, other.settings)
    rows = await first.mongo[key_marks.COLLECTION].find({}).to_list(None)
    assert {row["_id"] for row in rows} == {"MASTER_KEY", "ACCOUNT_KEY"}
    await key_marks.prove(first.mongo, first.settings)


async def test_a_process_with_another_master_key_begins_with_nothing(settings: Settings) -> None:
    env = environment_of(settings)
    platform = Platform("trials", settings.model_copy(update={"master_key": bytes(32)}))
    try:
        await platform.mongo.ensure(COLLECTIONS)
        await key_marks.prove(platform.mongo, platform.settings)
        key = base64.b64encode(b"x" * 32).decode()
        async with process({**env, "MASTER_KEY": key}, role="relay") as child:
            entry = await said(child, "MASTER_KEY is another one than that with which this database began")
            assert entry["event"] == "not ready"
            assert await status(env, "readyz") == 503
        assert await platform.mongo["leases"].count_documents({}) == 0, "no loop has begun"
    finally:
        platform.close()
