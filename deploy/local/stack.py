"""Finds Kafka and MongoDB for the demo and the tests: external, else containers, else processes."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local import external, kafka, mongo
from deploy.local.server import NoInfrastructure, Say, Server, StackError


@dataclass(frozen=True)
class Infrastructure:
    """Kafka and MongoDB that answer, and the folder of this run for data and logs.

    `pids` has `kafka` and `mongod`; None where they are not processes of this machine that we started.
    """

    bootstrap_servers: str
    mongo_url: str
    provider: str
    pids: Mapping[str, int | None]
    data: Path


@dataclass(frozen=True)
class Run:
    """What a provider may need to know: the folder, whether it outlives the run, the environment, where to speak."""

    data: Path
    kept: bool
    environ: Mapping[str, str]
    say: Say


@dataclass(frozen=True)
class Provider:
    """One way to Kafka and MongoDB: why it is not open here (None when it is), how to open it, how to start both."""

    name: str
    why_not: Callable[[Mapping[str, str]], str | None]
    remedy: str
    start: Callable[[Run, AsyncExitStack], Awaitable[tuple[Server, Server]]]


async def _external(run: Run, running: AsyncExitStack) -> tuple[Server, Server]:
    return await external.servers(run.environ, run.say)


async def _containers(run: Run, running: AsyncExitStack) -> tuple[Server, Server]:
    from deploy.local import containers

    folder = run.data / "containers" if run.kept else None
    mongodb = containers.replica_set(folder and folder / "mongo", run.environ)
    broker = containers.broker(folder and folder / "kafka", run.environ)
    return await running.enter_async_context(broker), await running.enter_async_context(mongodb)


async def _processes(run: Run, running: AsyncExitStack) -> tuple[Server, Server]:
    mongod = mongo.replica_set(run.data / "mongo", run.environ)
    broker = kafka.broker(run.data / "kafka", run.environ, run.say)
    return await running.enter_async_context(broker), await running.enter_async_context(mongod)


def _no_containers(environ: Mapping[str, str]) -> str | None:
    # The Docker SDK is imported where it is used: an image has none, and every other command starts without it.
    try:
        from deploy.local import containers
    except ModuleNotFoundError as missing:
        return f"the Python package {missing.name} is not installed"
    return containers.why_not(environ)


def _no_processes(environ: Mapping[str, str]) -> str | None:
    reasons = [reason for reason in (kafka.why_not(environ), mongo.why_not(environ)) if reason]
    return "; ".join(reasons) or None


PROVIDERS: Sequence[Provider] = (
    Provider(
        "external",
        external.why_not,
        "set KAFKA_BOOTSTRAP_SERVERS, and MONGO_URL of a replica set",
        _external,
    ),
    Provider("containers", _no_containers, "start Docker", _containers),
    Provider(
        "processes",
        _no_processes,
        "install Java 17 or newer, Maven, and mongod 6 or newer (Debian: apt install openjdk-17-jre-headless maven; "
        "on Linux x86_64 mongod comes with the Python packages)",
        _processes,
    ),
)


@asynccontextmanager
async def infrastructure(
    data: Path, say: Say, *, kept: bool = False, environ: Mapping[str, str] = os.environ
) -> AsyncIterator[Infrastructure]:
    """Kafka and MongoDB, started if need be, with their data in `data` (which outlives the run if `kept`).

    Raises NoInfrastructure when no provider is open here, and StackError when one fails: also out of the body, which is
    cancelled as soon as a server dies.
    """
    provider, why = choose(environ)
    say(f"Kafka and MongoDB: {provider.name} ({why})")
    async with AsyncExitStack() as running:
        broker, mongodb = await provider.start(Run(data, kept, environ, say), running)
        pids = {"kafka": broker.pid, "mongod": mongodb.pid}
        await running.enter_async_context(_ended_by_death_of(broker, mongodb))
        yield Infrastructure(broker.address, mongodb.address, provider.name, pids, data)


def choose(environ: Mapping[str, str]) -> tuple[Provider, str]:
    """The first provider that is open here, and why that one; raises NoInfrastructure when none is."""
    refused: list[tuple[Provider, str]] = []
    for provider in PROVIDERS:
        reason = provider.why_not(environ)
        if reason is None:
            return provider, "; ".join(why for _, why in refused) or "as the environment says"
        refused.append((provider, reason))
    ways = "".join(f"\n  {way.name}: {way.remedy}. Now: {why}." for way, why in refused)
    raise NoInfrastructure(f"No Kafka and MongoDB here. Open any one of three ways:{ways}")


@asynccontextmanager
async def _ended_by_death_of(*servers: Server) -> AsyncIterator[None]:
    body = asyncio.current_task()
    assert body is not None
    deaths: list[str] = []

    async def watch(server: Server) -> None:
        deaths.append(await server.died())
        body.cancel()

    watches = [asyncio.create_task(watch(server)) for server in servers]
    try:
        yield
    except BaseException as error:
        if not deaths:
            raise
        if isinstance(error, asyncio.CancelledError):
            body.uncancel()
        raise StackError(deaths[0]) from None
    finally:
        for task in watches:
            task.cancel()
        await asyncio.gather(*watches, return_exceptions=True)
    if deaths:
        raise StackError(deaths[0])
