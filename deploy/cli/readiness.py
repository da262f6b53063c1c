"""A system that has just been started: when it answers, and when it is there to be migrated."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp
from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError

from deploy.cli.installation import CallError
from deploy.programs.wellness import complaint
from shared.contracts.topics import SERVICES

T = TypeVar("T")

PAUSE = 2.0
ANSWER_SECONDS = 60.0
"""A gateway may itself hold a request while it waits for a service."""


async def within(work: Awaitable[T], who: str, seconds: float = ANSWER_SECONDS) -> T:
    """The result of `work`; raises CallError, which names who does not answer, when it takes longer."""
    try:
        async with asyncio.timeout(seconds):
            return await work
    except TimeoutError:
        raise CallError(f"{who} did not answer within {seconds:g} s") from None


async def once_there(work: Callable[[], Awaitable[None]], seconds: float) -> None:
    """Does `work`, again for at most `seconds` while Kafka or MongoDB does not answer or lets nobody in yet."""
    deadline, said = time.monotonic() + seconds, ""
    while True:
        try:
            return await work()
        except (KafkaError, PyMongoError, OSError) as error:
            if time.monotonic() >= deadline:
                raise
            if (reason := type(error).__name__) != said:
                print(f"waiting: {reason}", file=sys.stderr, flush=True)
                said = reason
        await asyncio.sleep(PAUSE)


async def answering(url: str, seconds: float) -> None:
    """Returns when every service answers behind the gateway; raises CallError when one does not within `seconds`."""
    deadline = time.monotonic() + seconds
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS)) as http:
        for service in SERVICES:
            while wrong := await complaint(http, f"{url.rstrip('/')}/{service}/openapi.json"):
                if time.monotonic() >= deadline:
                    raise CallError(f"{service} does not answer within {seconds:g} s: {wrong}")
                await asyncio.sleep(PAUSE)
