"""The whole system on one machine: identity, gateway and the services' processes over a given infrastructure."""

import asyncio
import base64
import os
import secrets
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from deploy.gateway import caddy
from deploy.local.stack import Infrastructure
from deploy.programs.ports import free_port
from deploy.programs.processes import Program, Supervisor, run
from deploy.programs.server import Say, StackError
from deploy.programs.wellness import complaint
from deploy.sidecars import secret
from deploy.sidecars.issuer import Issuer, load_key
from shared.contracts.topics import SERVICES

ROOT = Path(__file__).parents[2]
MIGRATE = (sys.executable, "-m", "deploy.cli", "migrate")
CLIENT_ID = "bilet"
START_SECONDS = 120.0
HOPELESS_RESTARTS = 3
PROOFS = 8
"""Connections: where two gateways share a port, the kernel gives each some of them."""
ONE_PROCESS_EACH: Mapping[str, Sequence[str]] = {service: ("all",) for service in sorted(SERVICES)}


@dataclass(frozen=True)
class System:
    """A running system: the gateway's `url`, each process's own URL by its name, and what started them.

    A process is named `trials` in the role `all`, else `trials.api`; `settings` is the environment that all got.
    """

    url: str
    processes: Mapping[str, str]
    issuer: Issuer
    supervisor: Supervisor
    settings: Mapping[str, str]
    infrastructure: Infrastructure

    @property
    def pids(self) -> Mapping[str, int | None]:
        """Every process that we know of, by name; None for what is dead at the moment or not ours."""
        return {**self.infrastructure.pids, **self.supervisor.pids}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The form of a system; a folder of its own for keys and logs is `data`, else it is the infrastructure's."""

    roles: Mapping[str, Sequence[str]] = field(default_factory=lambda: ONE_PROCESS_EACH)
    """The processes of each service; a role twice is two replicas."""
    port: int | None = None
    """The gateway's."""
    scenario: Path | None = None
    """The season that the page shows."""
    migrate: Sequence[str] = MIGRATE
    data: Path | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)


@asynccontextmanager
async def system(infrastructure: Infrastructure, say: Say, setup: Setup) -> AsyncIterator[System]:
    """Migrates, then starts everything and waits until all of it is ready; all ends with the body.

    Raises StackError when a part does not start.
    """
    environ, data = setup.environ, setup.data or infrastructure.data
    with _port(data, setup.port, say) as own:
        url = f"http://127.0.0.1:{own}"
        settings = _settings(infrastructure, data, f"{url}/issuer", environ)
        await run(Program("bilet migrate", setup.migrate, settings, data / "logs" / "migrate.log", ROOT), START_SECONDS)
        supervisor = Supervisor(say)
        try:
            starting = _Start(supervisor, settings, data)
            upstreams = {service: await starting.service(service, its) for service, its in setup.roles.items()}
            processes = dict(starting.urls)
            upstreams["issuer"] = [await starting.identity()]
            config = data / "Caddyfile"
            config.write_text(caddy.caddyfile(own, upstreams, upstreams.get(caddy.PAGE_SERVICE, ()), setup.scenario))
            await supervisor.start(caddy.program(config, environ, data / "logs" / "gateway.log"))
            await _ready(supervisor, {name: f"{at}/readyz" for name, at in starting.urls.items()}, settings)
            await prove(issuer := Issuer(load_key(data / "identity-key.json"), f"{url}/issuer"))
            yield System(url, processes, issuer, supervisor, settings, infrastructure)
        finally:
            await supervisor.stop()


@contextmanager
def _port(data: Path, wanted: int | None, say: Say) -> Iterator[int]:
    """The port of the last run with the same data comes first: accounts are bound to the issuer's URL, which has it."""
    last = data / "gateway-port"
    usual = int(last.read_text()) if last.exists() else caddy.DEFAULT_PORT
    with caddy.port_for(wanted, usual, say) as port:
        last.write_text(str(port))
        yield port


def _settings(infrastructure: Infrastructure, data: Path, issuer: str, environ: Mapping[str, str]) -> dict[str, str]:
    return {
        **environ,
        "KAFKA_BOOTSTRAP_SERVERS": infrastructure.bootstrap_servers,
        "MONGO_URL": infrastructure.mongo_url,
        "MASTER_KEY": environ.get("MASTER_KEY") or secret.kept(data / "master-key", _new_key).decode(),
        "OIDC_ISSUER": issuer,
        "HTTP_HOST": "127.0.0.1",
        "TRUSTED_PROXIES": "127.0.0.1",
    }


def _new_key() -> bytes:
    return base64.b64encode(secrets.token_bytes(32))


class _Start:
    """Starts the Python processes of a system; `urls` are theirs by name."""

    def __init__(self, supervisor: Supervisor, settings: Mapping[str, str], data: Path) -> None:
        self.urls: dict[str, str] = {}
        self._supervisor, self._settings, self._data = supervisor, settings, data

    async def service(self, service: str, roles: Sequence[str]) -> list[str]:
        """Starts a process for each role; the `host:port` of those that serve the API."""
        upstreams = []
        for role in roles:
            name = service if role == "all" else f"{service}.{role}"
            replicas = sum(other == name or other.startswith(f"{name}-") for other in self.urls)
            name = f"{name}-{replicas + 1}" if replicas else name
            address = await self._module(name, f"services.{service}.app", role)
            upstreams += [address] if role in ("api", "all") else []
        return upstreams

    async def identity(self) -> str:
        """Starts the identity provider; its `host:port`."""
        known = secret.kept(self._data / "identity-client-secret", lambda: secrets.token_urlsafe(32).encode())
        own = {
            "IDENTITY_KEY": str(self._data / "identity-key.json"),
            "IDENTITY_CLIENT_ID": CLIENT_ID,
            "IDENTITY_CLIENT_SECRET": known.decode(),
        }
        return await self._module("identity", "deploy.sidecars.identity", **own)

    async def _module(self, name: str, module: str, *words: str, **own: str) -> str:
        address = f"127.0.0.1:{(port := free_port())}"
        env, log = {**self._settings, **own, "HTTP_PORT": str(port)}, self._data / "logs" / f"{name}.log"
        await self._supervisor.start(Program(name, (sys.executable, "-m", module, *words), env, log, ROOT))
        self.urls[name] = f"http://{address}"
        return address


async def _ready(supervisor: Supervisor, probes: Mapping[str, str], settings: Mapping[str, str]) -> None:
    """Waits until each program answers 200 at its URL, the gateway through the provider behind it.

    Raises StackError when one keeps dying or takes too long.
    """
    clock = asyncio.get_running_loop().time
    deadline = clock() + START_SECONDS
    through = {"gateway": f"{settings['OIDC_ISSUER']}/.well-known/openid-configuration"}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http:
        for name, url in {**probes, **through}.items():
            while wrong := await complaint(http, url):
                if supervisor.restarts(name) >= HOPELESS_RESTARTS:
                    raise StackError(supervisor.last_death(name))
                if clock() > deadline:
                    raise StackError(f"{name} is not ready after {START_SECONDS:g} s: {wrong}")
                await asyncio.sleep(0.1)


async def prove(issuer: Issuer) -> None:
    """Raises StackError unless every new connection to the gateway leads to this system's own identity provider."""
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=5)) as http:
        for _ in range(PROOFS):
            try:
                async with http.get(f"{issuer.url}/jwks") as answer:
                    published = await answer.json(content_type=None)
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                raise StackError(f"{issuer.url}/jwks gives no keys: {error or type(error).__name__}") from None
            if published != issuer.keys():
                raise StackError(f"{issuer.url} is another system's: it publishes other keys than this one signs with")
