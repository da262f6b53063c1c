"""A process whose consumer gives up while it runs: it ends with 1, in every service and role, whatever else runs."""

import asyncio
import importlib
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest

from deploy.cli.migrate import migrate
from deploy.local.stack import Infrastructure
from deploy.programs.processes import Child
from shared.base.settings import Settings
from shared.contracts.topics import GROUPS
from shared.runtime.process import EXIT_SECONDS
from shared.runtime.service import Platform
from shared.storage.mongo import Mongo
from tests.drivers.consumers import eventually
from tests.drivers.forks import fork
from tests.drivers.processes import environment_of, status
from tests.drivers.service import own_settings

CASES = [
    *((service, "all") for service in dict.fromkeys(GROUPS.values())),
    *((service, "worker") for service in dict.fromkeys(GROUPS.values())),
    ("analytics", "feed"),
]


async def _lose_records(settings: Settings, service: str) -> None:
    """Says that every group of the service has handled what no topic holds."""
    mongo = Mongo(settings.mongo_url, settings.database(service))
    await mongo["offsets"].update_many({}, {"$set": {"next": 1_000_000}})
    mongo.close()


async def _ends(child: Child) -> tuple[int, float, bytes]:
    """The exit code, seconds from the word that it ends, and the log."""

    async def has_said() -> bool:
        return b'"process ends"' in child.program.log.read_bytes()

    await eventually(has_said)
    since = time.monotonic()
    return await child.wait(), time.monotonic() - since, child.program.log.read_bytes()


async def test_a_consumer_that_gives_up_ends_its_process(infrastructure: Infrastructure, tmp_path: Path) -> None:
    settings = own_settings(infrastructure, "http://127.0.0.1:9/issuer")
    await migrate(settings)
    environments = {case: environment_of(settings) for case in CASES}
    async with AsyncExitStack() as running:
        children = list[Child]()
        for (service, role), env in environments.items():
            children.append(await fork(service, role, env, tmp_path / f"{service}.{role}.log"))
            running.push_async_callback(children[-1].stop)
        for env in environments.values():
            await eventually(partial(_is_ready, env))
        for service in dict.fromkeys(GROUPS.values()):
            await _lose_records(settings, service)
        ends = await asyncio.gather(*map(_ends, children))
    for case, (code, seconds, said) in zip(environments, ends, strict=True):
        assert code == 1, case
        assert seconds < EXIT_SECONDS, (case, seconds)
        assert b"RecordsLost" in said, case
        assert b"loop failed" not in said, case
        assert said.count(b'"stopped"') == 1, case


async def _is_ready(env: Mapping[str, str]) -> bool:
    return await status(env, "readyz") == 200


async def test_a_process_that_does_not_stop_is_ended() -> None:
    program = "import time; from shared.runtime.process import _end_within; _end_within(0.2); time.sleep(60)"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    said, _ = await child.communicate()
    assert child.returncode == 1
    assert b"did not stop in time" in said


@pytest.mark.parametrize("service", dict.fromkeys(GROUPS.values()))
def test_no_role_of_a_service_is_left_out(service: str, platform_of: Callable[..., Platform]) -> None:
    workers = importlib.import_module(f"services.{service}.app").build(platform_of(service)).workers
    assert {(service, role) for role in workers} <= set(CASES)
