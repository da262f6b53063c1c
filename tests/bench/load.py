"""Requests from a process of their own, so that sending them does not disturb the clock of those who wait beside."""

import asyncio
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import aiohttp


def send(method: str, url: str, bodies: Sequence[Path], headers: Sequence[Mapping[str, str]]) -> set[int]:
    """Sends all bodies at once, each with its headers; the statuses that came back."""
    return asyncio.run(_send(method, url, [body.read_bytes() for body in bodies], headers))


async def _send(method: str, url: str, bodies: Sequence[bytes], headers: Sequence[Mapping[str, str]]) -> set[int]:
    async with aiohttp.ClientSession() as http:

        async def one(body: bytes, headers: Mapping[str, str]) -> int:
            async with http.request(method, url, data=BytesIO(body), headers=headers) as answer:
                await answer.read()
                return answer.status

        return set(await asyncio.gather(*map(one, bodies, headers)))
