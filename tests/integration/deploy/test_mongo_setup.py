"""A MongoDB with authentication becomes a replica set whose users are those of the Secret, and follow it."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, ServerSelectionTimeoutError

from deploy.local import mongo
from deploy.programs.ports import free_port
from deploy.programs.processes import Program, spawn
from deploy.sidecars.mongo_setup import AUTHENTICATION_FAILED, OPERATOR, ROOT, UNAUTHORIZED, USERS, ReplicaSet, Watch
from deploy.sidecars.replica_set import REPLICA_SET
from shared.base.errors import Unavailable
from shared.storage.mongo import Mongo

FIRST = {user: f"first-{user}" for user in USERS}
SECOND = {user: f"second-{user}" for user in USERS}

pytestmark = pytest.mark.skipif((why := mongo.why_not(os.environ)) is not None, reason=f"no mongod of our own: {why}")


@dataclass(frozen=True)
class Database:
    """A mongod that believes its keyfile's owners and its users only."""

    address: str
    passwords: Path

    @property
    def url(self) -> str:
        return f"mongodb://{self.address}/?directConnection=true"

    def watch(self) -> Watch:
        """A set-up process that has just started."""
        return Watch(ReplicaSet(self.url, self.address), self.passwords)

    def write(self, passwords: dict[str, str]) -> None:
        """As a volume follows its Secret."""
        for user, password in passwords.items():
            (self.passwords / user).write_text(password)

    async def refusal(self, user: str, password: str, database: str) -> int | None:
        """The code of the error when this user writes to this database; None when it may."""
        async with AsyncMongoClient[dict[str, object]](
            f"mongodb://{user}:{password}@{self.address}/?replicaSet={REPLICA_SET}&authSource=admin",
            serverSelectionTimeoutMS=5000,
            serverMonitoringMode="poll",
        ) as client:
            try:
                await client[database]["any"].insert_one({})
            except OperationFailure as failure:
                return failure.code
        return None


@pytest_asyncio.fixture(loop_scope="session")
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A new one, without a user."""
    address = f"127.0.0.1:{(port := free_port())}"
    for folder in ("db", "passwords"):
        (tmp_path / folder).mkdir()
    key = tmp_path / "key"
    key.write_bytes(base64.b64encode(os.urandom(567)))
    key.chmod(0o400)
    server = [str(mongo.executable(os.environ)), f"--dbpath={tmp_path / 'db'}", f"--port={port}", "--nounixsocket"]
    argv = [*server, "--bind_ip=127.0.0.1", f"--replSet={REPLICA_SET}", f"--keyFile={key}"]
    child = await spawn(Program("mongod", argv, os.environ, tmp_path / "mongod.log"))
    try:
        made = Database(address, tmp_path / "passwords")
        made.write(FIRST)
        yield made
    finally:
        await child.stop()


async def _settled(watch: Watch) -> None:
    """Returns when it has nothing to complain of any more."""
    async with asyncio.timeout(60):
        while (complaint := await watch.look()) is not None:
            assert "password" not in complaint
            await asyncio.sleep(0.1)


async def test_users_may_what_is_theirs_and_follow_the_secret(database: Database) -> None:
    watch = database.watch()
    await _settled(watch)
    assert await database.refusal("trials", FIRST["trials"], "bilet_trials") is None
    assert await database.refusal("trials", FIRST["trials"], "bilet_registration") == UNAUTHORIZED
    assert await database.refusal(OPERATOR, FIRST[OPERATOR], "bilet_registration") is None
    assert await database.refusal("trials", "wrong", "bilet_trials") == AUTHENTICATION_FAILED
    database.write(SECOND)
    await _settled(watch)
    assert await database.refusal("trials", FIRST["trials"], "bilet_trials") == AUTHENTICATION_FAILED
    assert await database.refusal("trials", SECOND["trials"], "bilet_trials") is None
    assert await database.refusal(ROOT, SECOND[ROOT], "anywhere") is None


async def test_a_service_that_is_refused_says_one_thing_also_while_the_driver_asks_nobody(database: Database) -> None:
    await _settled(database.watch())
    refused = Mongo(f"mongodb://trials:wrong@{database.address}/?replicaSet={REPLICA_SET}&authSource=admin", "any")
    said: dict[type[BaseException | None], str] = {}
    async with asyncio.timeout(60):
        while ServerSelectionTimeoutError not in said:
            with pytest.raises(Unavailable) as refusal:
                await refused.ping()
            said[type(refusal.value.__cause__)] = str(refusal.value)
    refused.close()
    assert said.keys() == {OperationFailure, ServerSelectionTimeoutError}
    assert set(said.values()) == {"MongoDB refuses: Authentication failed."}


async def test_a_set_up_that_starts_again_changes_nothing_and_needs_the_root_password(database: Database) -> None:
    await _settled(database.watch())
    await _settled(database.watch())
    database.write({ROOT: "wrong"})
    again = database.watch()
    assert await again.look() == "the root user's password in the Secret is not the one in the database"
    assert await database.refusal("trials", FIRST["trials"], "bilet_trials") is None
