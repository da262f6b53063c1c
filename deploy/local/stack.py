"""Finds Kafka and MongoDB for the demo and the tests: external, else containers, else processes."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local import kafka, mongo
from deploy.programs.server import NoInfrastructure, Say, Server, StackError

KAFKA_VARIABLE, MONGO_VARIABLE = "KAFKA_BOOTSTRAP_SERVERS", "MONGO_URL"
ANSWER_SECONDS = 10


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
    """A run, as providers need to know it: its folder, whether that outlives it, the environment, where to speak."""

    data: Path
    kept: bool
    environ: Mapping[str, str]
    say: Say


Start = Callable[[Run], AbstractAsyncContextManager[Server]]


@dataclass(frozen=True)
class Provider:
    """One way to Kafka and MongoDB: why it is not open here (None when it is), how to open it, how to start each."""

    name: str
    why_not: Callable[[Mapping[str, str]], str | None]
    remedy: str
    kafka: Start
    mongodb: Start


def _not_named(environ: Mapping[str, str]) -> str | None:
    """Raises StackError when only one of the two is named: half an intention is more likely a mistake."""
    given = [name for name in (KAFKA_VARIABLE, MONGO_VARIABLE) if environ.get(name)]
    if len(given) == 1:
        raise StackError(f"{given[0]} is set alone: set both {KAFKA_VARIABLE} and {MONGO_VARIABLE}, or neither")
    return None if given else f"{KAFKA_VARIABLE} and {MONGO_VARIABLE} are not set"


@asynccontextmanager
async def _named(run: Run, variable: str, probe: Callable[[str], Awaitable[int | None]]) -> AsyncIterator[Server]:
    """A server that somebody else runs, once it has answered; raises StackError when it does not."""
    address, enough = run.environ[variable], mongo.TRANSACTION_SECONDS
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            seconds = await probe(address)
    except TimeoutError:
        raise StackError(f"what {variable} names did not answer within {ANSWER_SECONDS} seconds") from None
    except (OSError, ValueError) as error:
        raise StackError(f"what {variable} names cannot be used: {error}") from error
    if seconds not in (None, enough):
        advice = f"set transactionLifetimeLimitSeconds to {enough}"
        run.say(f"Warning: this MongoDB lets a dead client's transaction live {seconds} s; {advice}")
    yield Server(address)


def _no_containers(environ: Mapping[str, str]) -> str | None:
    # The Docker SDK is imported where it is used: an image has none, and every other command starts without it.
    try:
        from deploy.local import containers
    except ModuleNotFoundError as missing:
        return f"the Python package {missing.name} is not installed"
    return containers.why_not(environ)


def _container(run: Run, name: str) -> AbstractAsyncContextManager[Server]:
    from deploy.local import containers

    start = {"kafka": containers.broker, "mongo": containers.replica_set}[name]
    return start(run.data.absolute() / "containers" / name if run.kept else None, run.environ)


def _no_processes(environ: Mapping[str, str]) -> str | None:
    return "; ".join(reason for reason in (kafka.why_not(environ), mongo.why_not(environ)) if reason) or None


PROVIDERS: Sequence[Provider] = (
    Provider(
        "external",
        _not_named,
        "set KAFKA_BOOTSTRAP_SERVERS, and MONGO_URL of a replica set",
        lambda run: _named(run, KAFKA_VARIABLE, kafka.probe),
        lambda run: _named(run, MONGO_VARIABLE, mongo.probe),
    ),
    Provider(
        "containers",
        _no_containers,
        "start Docker",
        lambda run: _container(run, "kafka"),
        lambda run: _container(run, "mongo"),
    ),
    Provider(
        "processes",
        _no_processes,
        "install Java 17 or newer, Maven, and mongod 6 or newer (Debian: apt install openjdk-17-jre-headless maven; "
        "on Linux x86_64 mongod comes with the Python packages)",
        lambda run: kafka.broker(run.data / "kafka", run.environ, run.say),
        lambda run: mongo.replica_set(run.data / "mongo", run.environ),
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
    run = Run(data, kept, environ, say)
    async with provider.kafka(run) as broker, provider.mongodb(run) as mongodb:
        pids = {"kafka": broker.pid, "mongod": mongodb.pid}
        async with _ended_by_death_of(broker, mongodb):
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
    async def watch(server: Server) -> None:
        raise StackError(await server.died())

    try:
        async with asyncio.TaskGroup() as group:
            watches = [group.create_task(watch(server)) for server in servers]
            try:
                yield
            finally:
                for task in watches:
                    task.cancel()
    except BaseExceptionGroup as ended:  # by a death, which comes first, or by the body
        raise ended.exceptions[0] from None
