"""A connection to a real server, byte by byte."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

from deploy.programs.ports import free_port
from shared.http.protocol import Protocol

SECONDS = 20.0
"""For whatever is waited for."""


@asynccontextmanager
async def served(app: FastAPI, protocol: type[Protocol] = Protocol) -> AsyncIterator[int]:
    """The port of a server of the application while the body runs."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, http=protocol, log_level="error", access_log=False))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield port
    finally:
        server.should_exit = True
        await serving


async def within(promise: Awaitable[bytes]) -> bytes:
    """What is awaited; fails after the deadline."""
    async with asyncio.timeout(SECONDS):
        return await promise


async def told(port: int, *sent: bytes) -> tuple[int, dict[str, str], Any]:
    """Status, headers and problem that a connection is answered with before it ends, whatever it still sends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in sent:
        writer.write(piece)
        await asyncio.sleep(0.01)
    answer = await within(reader.read())
    assert not writer.is_closing()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split()[1]), headers, json.loads(body)
