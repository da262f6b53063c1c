"""The whole system on one machine: identity, gateway and the services' processes over a given infrastructure."""

import asyncio
import base64
import os
import secrets
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from deploy.local import gateway, identity, secret
from deploy.local.ports import free_port
from deploy.local.processes import Program, run
from deploy.local.server import Say, StackError
from deploy.local.stack import Infrastructure
from deploy.local.supervisor import Supervisor

ROOT = Path(__file__).parents[2]
MIGRATE = (sys.executable, "-m", "deploy.cli", "migrate")
CLIENT_ID = "bilet"
START_SECONDS = 120.0
HOPELESS_RESTARTS = 3
PROOFS = 8
"""Connections: where two gateways share a port, the kernel gives each some of them."""

SERVICES = ("analytics", "notifications", "registration", "trials")
ONE_PROCESS_EACH: Mapping[str, Sequence[str]] = {service: ("all",) for service in SERVICES}


@dataclass(frozen=True)
class System:
    """A running system: the gateway's `url`, each process's own URL by its name, and what started them.

    A process is named `trials` in the role `all`, else `trials.api`; `settings` is the environment that all got.
    """

    url: str
    processes: Mapping[str, str]
    issuer: identity.Issuer
    supervisor: Supervisor
    settings: Mapping[str, str]
    infrastructure: Infrastructure

    @property
    def pids(self) -> Mapping[str, int | None]:
        """Every process that we know of, by name; None for what is dead at the moment or not ours."""
        return {**self.infrastructure.pids, **self.supervisor.pids}


@asynccontextmanager
async def system(
    infrastructure: Infrastructure,
    say: Say,
    *,
    roles: Mapping[str, Sequence[str]] = ONE_PROCESS_EACH,
    port: int | None = None,
    scenario: Path | None = None,
    migrate: Sequence[str] = MIGRATE,
    data: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> AsyncIterator[System]:
    """Migrate, then start everything and wait until all of it is ready; all ends with the body.

    `roles` names the processes of each service (a role twice is two replicas), `port` the gateway's, `data` the folder
    for keys and logs when it is not the infrastructure's. Raises StackError when a part does not start.
    """
    data = data or infrastructure.data
    with _port(data, port, say) as own:
        url = f"http://127.0.0.1:{own}"
        settings = _settings(infrastructure, data, f"{url}/issuer", environ)
        await run(Program("bilet migrate", migrate, settings, data / "logs" / "migrate.log", ROOT), START_SECONDS)
        supervisor = Supervisor(say)
        try:
            processes, upstreams = await _start_services(supervisor, roles, settings, data / "logs")
            upstreams["issuer"] = [await _start_identity(supervisor, settings, data)]
            await _start_gateway(supervisor, own, upstreams, scenario, data, environ)
            await _ready(supervisor, _probes(processes, upstreams["issuer"][0], settings["OIDC_ISSUER"]))
            await prove(issuer := _issuer(data, settings["OIDC_ISSUER"]))
            yield System(url, processes, issuer, supervisor, settings, infrastructure)
        finally:
            await supervisor.stop()


@contextmanager
def _port(data: Path, wanted: int | None, say: Say) -> Iterator[int]:
    """The port of the last run with the same data comes first: accounts are bound to the issuer's URL, which has it."""
    last = data / "gateway-port"
    usual = int(last.read_text()) if last.exists() else gateway.DEFAULT_PORT
    with gateway.port_for(wanted, usual, say) as port:
        last.write_text(str(port))
        yield port


def _settings(infrastructure: Infrastructure, data: Path, issuer: str, environ: Mapping[str, str]) -> dict[str, str]:
    master_key = environ.get("MASTER_KEY") or secret.kept(data / "master-key", _new_master_key).decode()
    return {
        **environ,
        "KAFKA_BOOTSTRAP_SERVERS": infrastructure.bootstrap_servers,
        "MONGO_URL": infrastructure.mongo_url,
        "MASTER_KEY": master_key,
        "OIDC_ISSUER": issuer,
        "HTTP_HOST": "127.0.0.1",
        "TRUSTED_PROXIES": "127.0.0.1",
    }


def _new_master_key() -> bytes:
    return base64.b64encode(secrets.token_bytes(32))


async def _start_services(
    supervisor: Supervisor, roles: Mapping[str, Sequence[str]], settings: Mapping[str, str], logs: Path
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The URL of each process by its name, and by service the `host:port` of those that serve its API."""
    processes: dict[str, str] = {}
    upstreams: dict[str, list[str]] = {service: [] for service in roles}
    for service, role in ((service, role) for service, its_roles in roles.items() for role in its_roles):
        address = f"127.0.0.1:{(port := free_port())}"
        name = _name(service, role, processes)
        argv = (sys.executable, "-m", f"services.{service}.app", role)
        await supervisor.start(Program(name, argv, {**settings, "HTTP_PORT": str(port)}, logs / f"{name}.log", ROOT))
        processes[name] = f"http://{address}"
        if role in ("api", "all"):
            upstreams[service].append(address)
    return processes, upstreams


def _name(service: str, role: str, taken: Mapping[str, str]) -> str:
    name = service if role == "all" else f"{service}.{role}"
    replicas = sum(other == name or other.startswith(f"{name}-") for other in taken)
    return f"{name}-{replicas + 1}" if replicas else name


def _identity_key(data: Path) -> Path:
    return data / "identity-key.json"


def _issuer(data: Path, url: str) -> identity.Issuer:
    return identity.Issuer(identity.load_key(_identity_key(data)), url)


async def _start_identity(supervisor: Supervisor, settings: Mapping[str, str], data: Path) -> str:
    """The `host:port` of the identity provider."""
    client_secret = secret.kept(data / "identity-client-secret", lambda: secrets.token_urlsafe(32).encode())
    env = {
        **settings,
        "IDENTITY_KEY": str(_identity_key(data)),
        "IDENTITY_CLIENT_ID": CLIENT_ID,
        "IDENTITY_CLIENT_SECRET": client_secret.decode(),
        "HTTP_PORT": str(port := free_port()),
    }
    argv = (sys.executable, "-m", "deploy.local.identity")
    await supervisor.start(Program("identity", argv, env, data / "logs" / "identity.log", ROOT))
    return f"127.0.0.1:{port}"


async def _start_gateway(
    supervisor: Supervisor,
    port: int,
    upstreams: Mapping[str, Sequence[str]],
    scenario: Path | None,
    data: Path,
    environ: Mapping[str, str],
) -> None:
    config = data / "Caddyfile"
    config.write_text(gateway.caddyfile(port, upstreams, upstreams.get(gateway.PAGE_SERVICE, ()), scenario))
    await supervisor.start(gateway.program(config, environ, data / "logs" / "gateway.log"))


def _probes(processes: Mapping[str, str], provider: str, issuer: str) -> dict[str, str]:
    """By program, the URL that answers 200 when it is ready; the gateway's leads through it to the provider."""
    return {
        **{name: f"{url}/readyz" for name, url in processes.items()},
        "identity": f"http://{provider}/readyz",
        "gateway": f"{issuer}/.well-known/openid-configuration",
    }


async def _ready(supervisor: Supervisor, probes: Mapping[str, str]) -> None:
    """Wait until each program answers 200 at its URL; raises StackError when one keeps dying or takes too long."""
    deadline = asyncio.get_running_loop().time() + START_SECONDS
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http:
        for name, url in probes.items():
            while (complaint := await _complaint(http, url)) is not None:
                if supervisor.restarts(name) >= HOPELESS_RESTARTS:
                    raise StackError(supervisor.last_death(name))
                if asyncio.get_running_loop().time() > deadline:
                    raise StackError(f"{name} is not ready after {START_SECONDS:g} s: {complaint}")
                await asyncio.sleep(0.1)


async def prove(issuer: identity.Issuer) -> None:
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


async def _complaint(http: aiohttp.ClientSession, url: str) -> str | None:
    try:
        async with http.get(url) as answer:
            return None if answer.status == 200 else f"{url} says {answer.status} {await answer.text()}"
    except (aiohttp.ClientError, TimeoutError):
        return f"{url} does not answer"
