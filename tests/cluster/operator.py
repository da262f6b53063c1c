"""A regional operator's way through the gateway of the cluster."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from tests.cluster.kubectl import Kubectl

FORWARDED = re.compile(r"^Forwarding from (127\.0\.0\.1:\d+)")
ASKED_SECONDS = 30.0


@asynccontextmanager
async def operator_of(kubectl: Kubectl, region: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A way to the gateway as the region's operator."""
    token = await kubectl.run(
        *("exec", "deploy/operator", "--", "python3", "-m", "deploy.cli"),
        *("token", "--grant", f"regional-operator:{region}"),
    )
    async with kubectl.lines("port-forward", "service/gateway", ":8080") as lines:
        async with asyncio.timeout(ASKED_SECONDS):
            while not (address := FORWARDED.match(await anext(lines))):
                pass
        headers, timeout = {"Authorization": f"Bearer {token.strip()}"}, aiohttp.ClientTimeout(ASKED_SECONDS)
        async with aiohttp.ClientSession(f"http://{address[1]}", headers=headers, timeout=timeout) as http:
            yield http
