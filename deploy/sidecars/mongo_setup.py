"""Beside a mongod with authentication: makes it a replica set of one, and keeps its users as the Secrets say.

As a process (`python -m deploy.sidecars.mongo_setup`) it is configured by the environment, see `Settings`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Response
from pydantic_settings import BaseSettings, SettingsConfigDict
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.sidecars.replica_set import REPLICA_SET, client
from shared.base.settings import Settings as ServiceSettings
from shared.base.settings import from_environment
from shared.base.telemetry import configure_logs, logger
from shared.contracts.topics import SERVICES
from shared.http.listeners import listeners

ROOT, OPERATOR = "root", "operator"
USERS = (ROOT, OPERATOR, *SERVICES)
UNAUTHORIZED, AUTHENTICATION_FAILED = 13, 18
IMPATIENT, PATIENT = 0.5, 5.0
"""Seconds between two looks, before the set is ready and after."""
STUCK_SECONDS = 60.0

Server = AsyncMongoClient[dict[str, Any]]
Passwords = Mapping[str, str]
"""By user."""


class Settings(BaseSettings):
    """Settings of the process."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    mongo_url: str
    """The server beside this process, by 127.0.0.1: nobody else may make the first user."""
    mongo_member: str
    """`host:port` by which clients reach it."""
    mongo_passwords: Path
    """A folder with a file for each user, as a volume of a Secret is."""
    http_host: str = "127.0.0.1"
    http_port: int = 8000


class NotReady(Exception):
    """The set cannot be used yet; the message says why."""


def roles(user: str) -> list[dict[str, str]]:
    """The rights of a user: a service reads and writes its own database, the operator every service's."""
    prefix = ServiceSettings.model_fields["mongo_database_prefix"].default
    if user == ROOT:
        return [{"role": "root", "db": "admin"}]
    if user == OPERATOR:
        both = ("readWrite", "dbAdmin")
        everywhere = [{"role": role, "db": f"{prefix}{service}"} for service in SERVICES for role in both]
        return [*everywhere, {"role": "clusterMonitor", "db": "admin"}]
    return [{"role": "readWrite", "db": f"{prefix}{user}"}]


class ReplicaSet:
    """The set of one member, and the passwords that it was last given."""

    def __init__(self, url: str, member: str) -> None:
        self._url = url
        self._member = member
        self._settled: Passwords = {}

    async def settle(self, passwords: Passwords) -> None:
        """Returns when the server is primary and its users have these passwords; raises NotReady or PyMongoError."""
        async with self._client() as server:
            hello = await server.admin.command("hello")
            if "setName" not in hello:
                members = [{"_id": 0, "host": self._member}]
                await server.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
                raise NotReady("the replica set has just been initiated")
            if not hello["isWritablePrimary"]:
                raise NotReady("the server is not primary")
            if passwords != self._settled:
                await self._give(passwords, await self._way_in(server, passwords[ROOT]))
                self._settled = passwords

    async def _way_in(self, server: Server, password: str) -> str:
        """The root user's password in the database; of a database without users, it makes that user the first."""
        for known in filter(None, (password, self._settled.get(ROOT))):
            if await self._opens(known):
                return known
        try:
            await server.admin.command("createUser", ROOT, pwd=password, roles=roles(ROOT))
        except OperationFailure as failure:
            if failure.code == UNAUTHORIZED:
                raise NotReady("the root user's password in the Secret is not the one in the database") from None
            raise
        return password

    async def _opens(self, password: str) -> bool:
        try:
            async with self._client(password) as root:
                await root.admin.command("ping")
        except OperationFailure as failure:
            if failure.code == AUTHENTICATION_FAILED:
                return False
            raise
        return True

    async def _give(self, passwords: Passwords, way_in: str) -> None:
        async with self._client(way_in) as root:
            present = {user["user"] for user in (await root.admin.command("usersInfo", 1))["users"]}
            for user, password in passwords.items():
                verb = "updateUser" if user in present else "createUser"
                await root.admin.command(verb, user, pwd=password, roles=roles(user))

    def _client(self, password: str | None = None) -> Server:
        return client(self._url, username=ROOT if password else None, password=password)


class Watch:
    """Settles the set again and again; `complaint` says why it is not ready, `beat` when that was last looked at."""

    def __init__(self, replica_set: ReplicaSet, passwords: Path) -> None:
        self._replica_set = replica_set
        self._passwords = passwords
        self.complaint: str | None = "starting"
        self.beat = time.monotonic()

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            complaint = await self.look()
            if complaint != self.complaint:
                logger.info("replica set", ready=complaint is None, reason=complaint)
            self.complaint, self.beat = complaint, time.monotonic()
            await asyncio.sleep(IMPATIENT if complaint else PATIENT)

    async def look(self) -> str | None:
        """Settles once; why it cannot be used, or None."""
        try:
            await self._replica_set.settle({user: (self._passwords / user).read_text().strip() for user in USERS})
        except PyMongoError as error:
            return f"MongoDB: {str(error).partition(' (configured timeouts')[0]}"
        except (NotReady, OSError) as error:
            return str(error)
        return None


def create_app(watch: Watch) -> FastAPI:
    """The probes."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        watching = asyncio.create_task(watch.run())
        yield
        watching.cancel()

    app = FastAPI(title="MongoDB set-up", openapi_url=None, lifespan=lifespan)

    @app.get("/livez")
    async def livez() -> Response:
        return Response("ok\n") if time.monotonic() - watch.beat < STUCK_SECONDS else Response("stuck\n", 503)

    @app.get("/readyz")
    async def readyz() -> Response:
        return Response("ok\n") if watch.complaint is None else Response(f"{watch.complaint}\n", 503)

    return app


def main() -> None:
    """Serve until a signal."""
    settings = from_environment(Settings)
    configure_logs("mongo", "setup", "INFO")
    watch = Watch(ReplicaSet(settings.mongo_url, settings.mongo_member), settings.mongo_passwords)
    server = uvicorn.Server(uvicorn.Config(create_app(watch), log_level="error"))
    server.run(listeners(settings.http_host, settings.http_port))


if __name__ == "__main__":
    main()
