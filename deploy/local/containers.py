"""Kafka and MongoDB as containers, where a Docker engine answers; they are removed in the end, also after a kill."""

import asyncio
import gc
import sys
import uuid
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from docker.errors import DockerException, NotFound  # type: ignore[import-untyped]
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient

from deploy.local import kafka, mongo
from deploy.local.ports import free_port
from deploy.local.processes import trouble
from deploy.local.server import Server, StackError, first_answer

# Its reaper is one more image to pull, and privileged to the engine's socket; `reaper.py` needs neither.
testcontainers_config.ryuk_disabled = True
REAPER = Path(__file__).with_name("reaper.py")

KAFKA_IMAGE = "apache/kafka:4.3.1"
MONGO_IMAGE = "mongo:8.0"
START_SECONDS = 120
LOOK_SECONDS = 2

KAFKA_PORT, INTERNAL_PORT, CONTROLLER_PORT, MONGO_PORT = 9092, 19092, 9093, 27017


def why_not(environ: Mapping[str, str]) -> str | None:
    """Why containers cannot run here, in words; None when a Docker engine answers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        with suppress(DockerException, OSError):
            docker = DockerClient(environment=environ, timeout=5)
            docker.client.ping()
            docker.client.close()
            return None
        gc.collect()  # the Docker SDK forgets its socket when nobody answers
    return "no Docker engine answers"


@asynccontextmanager
async def broker(folder: Path | None, environ: Mapping[str, str]) -> AsyncIterator[Server]:
    """Run Kafka in a container; its data survives in `folder`, or goes with the container when that is None."""
    container = DockerContainer(environ.get("BILET_KAFKA_IMAGE", KAFKA_IMAGE))
    host, port = container.get_docker_client().host(), free_port()
    for key, value in _kafka_settings(host, port).items():
        container.with_env("KAFKA_" + key.upper().replace(".", "_"), value)
    container.with_bind_ports(KAFKA_PORT, port)
    _mount(container, folder, "/var/lib/kafka/data")
    async with _running("Kafka", container) as died:
        address = f"{host}:{port}"
        await first_answer("Kafka", lambda: kafka.probe(address), died(), START_SECONDS)
        yield Server(address, None, died)


@asynccontextmanager
async def replica_set(folder: Path | None, environ: Mapping[str, str]) -> AsyncIterator[Server]:
    """Run MongoDB in a container; its data survives in `folder`, or goes with the container when that is None."""
    container = DockerContainer(environ.get("BILET_MONGO_IMAGE", MONGO_IMAGE))
    host, port = container.get_docker_client().host(), free_port()
    container.with_command(["mongod", "--bind_ip_all", *mongo.ONE_MEMBER])
    container.with_bind_ports(MONGO_PORT, port)
    _mount(container, folder, "/data/db")
    async with _running("MongoDB", container) as died:
        # Direct: the set knows its member by the address inside the container, which clients cannot reach.
        url, member = f"mongodb://{host}:{port}/?directConnection=true", f"127.0.0.1:{MONGO_PORT}"
        await first_answer("MongoDB", lambda: mongo.become_primary(url, member), died(), START_SECONDS)
        yield Server(url, None, died)


def _kafka_settings(host: str, port: int) -> dict[str, str]:
    """The broker talks to itself by its own listener: the advertised address may not exist inside the container."""
    return kafka.ONE_NODE | {
        "controller.quorum.voters": f"1@localhost:{CONTROLLER_PORT}",
        "listeners": f"HOST://:{KAFKA_PORT},INTERNAL://:{INTERNAL_PORT},CONTROLLER://:{CONTROLLER_PORT}",
        "advertised.listeners": f"HOST://{host}:{port},INTERNAL://localhost:{INTERNAL_PORT}",
        "listener.security.protocol.map": "HOST:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "INTERNAL",
        "log.dirs": "/var/lib/kafka/data",
    }


def _mount(container: DockerContainer, folder: Path | None, inside: str) -> None:
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)  # the images run as users of their own
    container.with_volume_mapping(str(folder.absolute()), inside, "rw")


@asynccontextmanager
async def _running(name: str, container: DockerContainer) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    unique = f"bilet-{name.lower()}-{uuid.uuid4().hex[:12]}"
    async with _reaped(unique):
        try:
            await _unbroken(container.with_name(unique).start)
            yield lambda: _died(name, container)
        except DockerException as error:
            raise StackError(f"{name}'s container {container.image} does not start: {error}") from error
        finally:
            await _unbroken(container.stop)


@asynccontextmanager
async def _reaped(container: str) -> AsyncIterator[None]:
    """While the body runs, a process waits to remove the container in case that this one is killed."""
    reaper = await asyncio.create_subprocess_exec(
        sys.executable, str(REAPER), container, stdin=asyncio.subprocess.PIPE, start_new_session=True
    )
    try:
        yield
    finally:
        reaper.kill()
        await reaper.wait()


async def _unbroken(call: Callable[[], object]) -> None:
    """A call of the Docker SDK in a thread, to its end also when cancelled: half-way it would leave a container."""
    thread = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        await asyncio.shield(thread)
    except asyncio.CancelledError:
        await asyncio.wait([thread])
        raise


async def _died(name: str, container: DockerContainer) -> str:
    while True:
        try:
            await asyncio.to_thread(container.reload)
        except NotFound:
            return f"{name}'s container was removed"
        except (DockerException, OSError) as error:
            return f"the Docker engine of {name}'s container does not answer any more: {error}"
        if container.status in ("exited", "dead"):
            code = container.get_wrapped_container().attrs["State"]["ExitCode"]
            logged = b"\n".join(await asyncio.to_thread(container.get_logs))
            return f"{name}'s container stopped (exit code {code}): {trouble(logged.decode(errors='replace'))}"
        await asyncio.sleep(LOOK_SECONDS)
