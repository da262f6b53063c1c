"""Keys of the vault are changed while processes serve: no name is lost, no request fails, the erased stay erased."""

import os
from collections.abc import AsyncIterator

import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.base.named_keys import NamedKey
from tests.drivers.key_rings import K1, K2, Ringed, ring, ringed
from tests.drivers.registration import NAVIGATOR, REGIONAL
from tests.drivers.service import Answer


@pytest_asyncio.fixture(loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Ringed]:
    async with ringed(infrastructure) as running:
        yield running


async def test_a_process_without_a_key_that_rows_need_is_not_ready_and_loses_no_name(running: Ringed) -> None:
    first = await running.enter_class("а")
    await running.roll_out(ring(K1))
    second = await running.enter_class("б")
    names = await running.names()
    wrong = NamedKey("k1", os.urandom(32))
    for lacking, why in ((ring(K2), "k1, which VAULT_KEYS lacks"), (ring(wrong), "the one that is named k1")):
        running.ring = lacking
        async with running.unready() as (base, status, said):
            assert (status, why in said) == (503, True), said
            assert (await read(running, first[0], base)).body["name"] == names[first[0]], "what opens is shown"
            if lacking == ring(K2):
                assert (await read(running, second[0], base)).status == 503
            path = f"/participants/{second[0]}"
            erased = await running.request("DELETE", path, None, running.bearer("operator", [REGIONAL]), base)
            assert erased.status == 200, "an erasure needs no key"
            del names[second.pop(0)]
    running.ring = ring(K2)
    ran = await running.rotate()
    assert (ran.code, ran.lines[1]) == (1, f"{2 * len(second)} keys are wrapped by k1: VAULT_KEYS lacks it"), ran
    await running.child.stop()
    running.ring = ring(K2, K1)
    await running.start()
    assert (await running.rotate()).code == 0
    assert await running.names() == names


async def read(running: Ringed, id: str, base: str) -> Answer:
    return await running.request("GET", f"/participants/{id}", None, running.bearer("staff", [NAVIGATOR]), base)
