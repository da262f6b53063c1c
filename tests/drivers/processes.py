"""Processes of services as their platform starts them: what they say, and what their probes answer."""

import asyncio
import base64
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp

from deploy.programs.ports import free_port
from shared.base.settings import Settings

NOBODY = "127.0.0.1:9"
STOPPED_WITHIN = 20.0
SAID_WITHIN = 120.0


def environment(**changed: str) -> dict[str, str]:
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": NOBODY,
        "MONGO_URL": f"mongodb://{NOBODY}/?replicaSet=none",
        "MASTER_KEY": base64.b64encode(bytes(32)).decode(),
        "OIDC_ISSUER": f"http://{NOBODY}",
        "HTTP_PORT": str(free_port()),
    }
    return {**os.environ, **settings, **changed}


def environment_of(settings: Settings) -> dict[str, str]:
    """Of a process of this installation."""
    return environment(
        KAFKA_BOOTSTRAP_SERVERS=settings.kafka_bootstrap_servers,
        KAFKA_TOPIC_PREFIX=settings.kafka_topic_prefix,
        MONGO_URL=settings.mongo_url,
        MONGO_DATABASE_PREFIX=settings.mongo_database_prefix,
    )


@asynccontextmanager
async def process(
    env: Mapping[str, str], service: str = "trials", role: str = "all"
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A service in a role; by default one with all its parts."""
    argv = (sys.executable, "-m", f"services.{service}.app", role)
    child = await asyncio.create_subprocess_exec(*argv, env=env, stdout=asyncio.subprocess.PIPE)
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def said(child: asyncio.subprocess.Process, words: str) -> Mapping[str, object]:
    """The first line of the log with these words in its reason."""
    assert child.stdout is not None
    async with asyncio.timeout(SAID_WITHIN):
        async for line in child.stdout:
            entry: Mapping[str, object] = json.loads(line)
            if words in str(entry.get("reason")):
                return entry
    raise AssertionError(f"the process ended without a word of {words}")


async def status(env: Mapping[str, str], probe: str) -> int:
    """The probe's answer, as soon as the port is open."""
    url = f"http://127.0.0.1:{env['HTTP_PORT']}/{probe}"
    async with aiohttp.ClientSession() as http, asyncio.timeout(SAID_WITHIN):
        while True:
            try:
                async with http.get(url) as answer:
                    return answer.status
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.05)
