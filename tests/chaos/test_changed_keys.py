"""Keys of the vault are changed under load: no name is lost, no request fails, the erased stay erased."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.base.errors import Unavailable
from shared.identity.key_ring import KeyRing
from shared.identity.vault import Vault
from tests.drivers.consumers import eventually
from tests.drivers.key_rings import CLASS, K1, K2, Ringed, ring, ringed
from tests.drivers.registration import NAVIGATOR, REGIONAL


@pytest_asyncio.fixture(loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Ringed]:
    async with ringed(infrastructure) as running:
        yield running


@asynccontextmanager
async def load(running: Ringed, ids: list[str]) -> AsyncIterator[dict[str, int]]:
    """Enters, shows and erases pupils, one after the other of each, while the body runs; counts what was answered."""
    done = {"entered": 0, "shown": 0, "erased": 0}
    going = True

    async def entering() -> None:
        while going:
            await running.enter_class(f"н{done['entered']}-{len(ids)}")
            done["entered"] += 1

    async def showing() -> None:
        while going:
            id = ids[-1 - done["shown"] % (len(ids) // 2)]
            status, seen = await running.call("GET", f"/participants/{id}", grants=[NAVIGATOR])
            assert (status, seen["name"].startswith("Иванов")) == (200, True), seen
            done["shown"] += 1

    async def erasing() -> None:
        while going and done["erased"] < len(ids) // 2:
            status, answer = await running.call("DELETE", f"/participants/{ids[done['erased']]}", grants=[REGIONAL])
            assert status == 200, answer
            done["erased"] += 1

    async with asyncio.TaskGroup() as tasks:
        for work in (entering, showing, erasing):
            tasks.create_task(work())
        try:
            yield done
        finally:
            going = False


@pytest.mark.timeout(180)
async def test_keys_are_changed_while_pupils_are_entered_shown_and_erased(running: Ringed) -> None:
    ids = [id for n in range(20) for id in await running.enter_class(f"с{n}")]
    assert await running.wrapped_by() == {None: 2 * len(ids)}
    await running.roll_out(ring("derived", K1))
    await running.roll_out(ring(K1))
    sealed = {row["_id"]: row["data"] async for row in running.mongo["vault"].find({})}
    async with load(running, ids) as done:
        ran = await running.rotate()
        await eventually(lambda: _all(done))
    assert (ran.code, ran.complaint) == (0, ""), ran
    assert "keys were wrapped anew by k1" in ran.lines[-2]
    assert ran.lines[-1] == "derived wraps no key any more; MASTER_KEY stays, other keys follow from it"
    names = await running.names()
    assert set(names).isdisjoint(ids[: done["erased"]])
    assert len(names) == len(ids) - done["erased"] + CLASS * done["entered"]
    assert await running.wrapped_by() == {"k1": 2 * len(names)}, "none is under the old key, none came back"
    now = {row["_id"]: row["data"] async for row in running.mongo["vault"].find({})}
    assert all(now[id] == data for id, data in sealed.items() if id in now), "no name was sealed anew"

    again = await running.rotate()
    assert (again.code, again.lines[0]) == (0, "0 keys were wrapped anew by k1")
    old = {row["_id"]: row async for row in running.mongo["vault_keys"].find({"wrapped_by": "k1"})}
    await running.roll_out(ring(K2, K1))
    ran = await running.rotate()
    assert ran.lines[0] == f"{len(old):,} keys were wrapped anew by k2"
    assert any(line.startswith("k1 wraps no key any more: it may leave VAULT_KEYS") for line in ran.lines), ran
    await running.roll_out(ring(K2))
    assert await running.names() == names
    await running.enter_class("последний")
    without = Vault(KeyRing(running.settings.master_key, [K2]), os.urandom)
    with pytest.raises(Unavailable, match="k1, which VAULT_KEYS lacks"):
        without.prove({**next(iter(old.values())), "version": 1})


async def _all(done: Mapping[str, int]) -> bool:
    return all(count >= 2 for count in done.values())
