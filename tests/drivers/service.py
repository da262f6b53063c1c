"""One service as a process of its own: its own topics, groups, database and issuer on the session's servers."""

import base64
import os
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import aiohttp
from aiohttp import web
from joserfc.jwk import ECKey
from pymongo.read_concern import ReadConcern

from deploy.local.stack import Infrastructure
from deploy.programs.ports import free_port
from deploy.programs.processes import Child
from deploy.sidecars.issuer import Issuer
from shared.base.settings import Settings
from shared.contracts import wire
from shared.contracts.event import Envelope
from shared.contracts.topics import GROUPS, READS, TOPICS, dead_letters
from shared.http import audit
from shared.identity.keys import derive, keyed_id
from shared.messaging import kafka, published
from shared.storage.mongo import Mongo
from tests.drivers.consumers import eventually, read_all
from tests.drivers.databases import lent
from tests.drivers.documents import documented
from tests.drivers.forks import fork
from tests.drivers.pointers import checked

Grants = Sequence[Mapping[str, Any]]
BOOKKEEPING = {
    *(
        "offsets",
        "offset_marks",
        published.COLLECTION,
        "leases",
        "permits",
        "open_answers",
        "staff",
        audit.LOG,
        audit.ACTORS,
    ),
    *("retention_list", "retention_runs"),
}
"""Collections that change by themselves, or tell who has asked; a request that changes nothing may change these."""


def own_settings(infrastructure: Infrastructure, issuer: str) -> Settings:
    """Settings of an installation that nobody else uses."""
    unique = f"t{uuid.uuid4().hex[:8]}"
    return Settings(
        kafka_bootstrap_servers=infrastructure.bootstrap_servers,
        kafka_topic_prefix=f"{unique}.",
        kafka_partitions=2,
        mongo_url=infrastructure.mongo_url,
        mongo_database_prefix=f"{unique}_",
        master_key=bytes(range(32)),
        oidc_issuer=issuer,
    )


async def create_topics_of(settings: Settings, service: str) -> None:
    """Creates the topics of one service alone: those of all would take a tenth of the time of a test that has one."""
    prefix, groups = settings.kafka_topic_prefix, [group for group, owner in GROUPS.items() if owner == service]
    read = {topic for group in groups for topic in READS[group]}
    known = [topic for topic in TOPICS if topic.owner == service or topic in read]
    events = {prefix + topic.name: settings.kafka_partitions if topic.spread else 1 for topic in known}
    letters = {dead_letters(prefix + group): 1 for group in groups}
    await kafka.ensure_topics(settings.bootstrap, events | letters, large=letters)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: Any


@dataclass
class ServiceProcess:
    """What all services have in common for a test; each adds what is asked of it alone."""

    service: ClassVar[str]

    settings: Settings
    issuer: Issuer
    http: aiohttp.ClientSession
    mongo: Mongo
    log: Path
    child: Child = field(init=False)
    base: str = field(init=False)
    """The address of the process; another one after each start."""

    async def start(self, role: str = "all") -> None:
        """Starts the process on a free port and waits until it is ready."""
        self.child, self.base = await self._process(role)

    @asynccontextmanager
    async def replica(self) -> AsyncIterator[str]:
        """A second process of the API while the body runs; its address."""
        child, base = await self._process("api")
        try:
            yield base
        finally:
            await child.stop()

    async def _process(self, role: str) -> tuple[Child, str]:
        port = free_port()
        child = await fork(self.service, role, self._environ(port), self.log)
        base = f"http://127.0.0.1:{port}"
        try:
            await eventually(lambda: self._is_ready(child, base))
        except BaseException:
            await child.stop()
            raise
        return child, base

    def _environ(self, port: int) -> Mapping[str, str]:
        return {
            **os.environ,
            "KAFKA_BOOTSTRAP_SERVERS": self.settings.kafka_bootstrap_servers,
            "KAFKA_TOPIC_PREFIX": self.settings.kafka_topic_prefix,
            "MONGO_URL": self.settings.mongo_url,
            "MONGO_DATABASE_PREFIX": self.settings.mongo_database_prefix,
            "MASTER_KEY": base64.b64encode(self.settings.master_key).decode(),
            "OIDC_ISSUER": self.settings.oidc_issuer,
            "HTTP_PORT": str(port),
        }

    async def _is_ready(self, child: Child, base: str) -> bool:
        assert child.exit_code is None, child.last_words()
        try:
            async with self.http.get(f"{base}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    def bearer(self, subject: str, grants: Grants) -> dict[str, str]:
        """The header of a request by a subject with these grants."""
        return {"Authorization": f"Bearer {self.issuer.token(subject, grants, time.time())}"}

    async def request(
        self, method: str, path: str, body: Any, headers: Mapping[str, str], base: str | None = None
    ) -> Answer:
        """One request below the service's own prefix."""
        url = f"{base or self.base}/{self.service}{path}"
        async with self.http.request(method, url, json=body, headers=headers) as answer:
            return Answer(answer.status, await answer.json(content_type=None))

    def account(self, subject: str) -> str:
        """The account that registration would bind to a subject of this issuer."""
        return keyed_id(derive(self.settings.master_key, "account"), f"{self.issuer.url}\n{subject}")

    async def know(self, query: Mapping[str, Any], count: int, collection: str) -> None:
        """Returns once a collection holds `count` such documents, for readers of a snapshot too."""
        rows = self.mongo[collection].with_options(read_concern=ReadConcern("majority"))

        async def there() -> bool:
            return await rows.count_documents(dict(query)) == count

        await eventually(there)

    async def published(self, topic: str) -> list[Envelope]:
        """Every event of one of the service's topics once its outbox is empty, in the order of each partition."""
        await self.know({}, 0, "outbox")
        records = await read_all(self.settings, self.settings.kafka_topic_prefix + topic)
        return [wire.read(record.headers, record.value) for record in records]


OneService = TypeVar("OneService", bound=ServiceProcess)


@asynccontextmanager
async def installed(kind: type[OneService], infrastructure: Infrastructure) -> AsyncIterator[OneService]:
    """The service, started; its process and its database are gone in the end."""
    # A server ends a connection that was idle for five seconds: who begins a request just then is told of it as of a
    # failure, and a POST is not sent again.
    reused = aiohttp.TCPConnector(keepalive_timeout=2)
    async with (
        _issuer() as issuer,
        aiohttp.ClientSession(connector=reused, middlewares=(checked, documented)) as http,
        lent(own_settings(infrastructure, issuer.url), kind.service) as (settings, mongo),
    ):
        await create_topics_of(settings, kind.service)
        log = infrastructure.data / "logs" / f"{settings.kafka_topic_prefix}{kind.service}.log"
        running = kind(settings, issuer, http, mongo, log)
        await running.start()
        try:
            yield running
        finally:
            await running.child.stop()


@asynccontextmanager
async def _issuer() -> AsyncIterator[Issuer]:
    """The local issuer's keys behind a port."""
    port = free_port()
    issuer = Issuer(ECKey.generate_key("P-256"), f"http://127.0.0.1:{port}")

    async def discovery(_: web.Request) -> web.Response:
        return web.json_response(issuer.discovery())

    async def keys(_: web.Request) -> web.Response:
        return web.json_response(issuer.keys())

    app = web.Application()
    app.add_routes([web.get("/.well-known/openid-configuration", discovery), web.get("/jwks", keys)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield issuer
    finally:
        await runner.cleanup()
