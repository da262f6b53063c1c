"""A process whose database or broker is not there: it says so once, begins with nothing, and still ends in time."""

import asyncio
import sys
import time

import pytest

from deploy.local.stack import Infrastructure
from tests.drivers.processes import STOPPED_WITHIN, environment, process, said, status


@pytest.mark.parametrize("missing", ["MongoDB", "Kafka"])
async def test_what_does_not_answer_is_named_once_and_nothing_has_begun(
    missing: str, infrastructure: Infrastructure
) -> None:
    there = {"MONGO_URL": infrastructure.mongo_url} if missing == "Kafka" else {}
    env = environment(**there)
    async with process(env) as child:
        entry = await said(child, f"{missing} does not answer")
        assert entry["event"] == "not ready"
        assert [await status(env, probe) for probe in ("livez", "readyz", "readyz")] == [200, 503, 503]
        begun = time.monotonic()
        child.terminate()
        rest = await child.communicate()
        assert child.returncode == 0
        assert time.monotonic() - begun < STOPPED_WITHIN
        assert b"does not answer" not in rest[0]
        assert b'"event": "loop waits"' not in rest[0]


async def test_a_missing_setting_ends_the_process_with_one_line_that_names_it() -> None:
    env = {name: text for name, text in environment().items() if name != "MASTER_KEY"}
    argv = (sys.executable, "-m", "services.trials.app", "all")
    child = await asyncio.create_subprocess_exec(*argv, env=env, stderr=asyncio.subprocess.PIPE)
    _, complaint = await child.communicate()
    assert child.returncode == 2
    assert complaint.decode().splitlines() == ["settings: MASTER_KEY: Field required"]
