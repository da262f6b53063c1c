"""Kafka and MongoDB as containers, where a Docker engine answers; they are removed in the end, also after a kill."""

import asyncio
import gc
import os
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
from deploy.programs.ports import free_port
from deploy.programs.processes import trouble
from deploy.programs.server import Server, StackError, first_answer
from deploy.sidecars.replica_set import become_primary

# Its reaper is one more image to pull, and privileged to the engine's socket; `reaper.py` needs neither.
testcontainers_config.ryuk_disabled = True
REAPER = Path(__file__).with_name("reaper.py")

KAFKA_IMAGE = "apache/kafka:4.3.1"
MONGO_IMAGE = "mongo:8.0"
START_SECONDS = 120
LOOK_SECONDS = 2

KAFKA_PORT, INTERNAL_PORT, CONTROLLER_PORT, MONGO_PORT = 9092, 19092, 9093, 27017


def why_not(environ: Mapping[str, str]) -> str | None:
    """Says why containers cannot run here; None when a Docker engine answers."""
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
    """Runs Kafka in a container; its data survives in `folder`, or goes with the container when that is None."""
    container = DockerContainer(environ.get("BILET_KAFKA_IMAGE", KAFKA_IMAGE))
    address = _published(container, KAFKA_PORT)
    # It talks to itself by its own listener: the advertised address may not exist inside the container.
    settings = kafka.ONE_NODE | {
        "controller.quorum.voters": f"1@localhost:{CONTROLLER_PORT}",
        "listeners": f"HOST://:{KAFKA_PORT},INTERNAL://:{INTERNAL_PORT},CONTROLLER://:{CONTROLLER_PORT}",
        "advertised.listeners": f"HOST://{address},INTERNAL://localhost:{INTERNAL_PORT}",
        "listener.security.protocol.map": "HOST:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "INTERNAL",
        "log.dirs": "/var/lib/kafka/data",
    }
    for key, value in settings.items():
        container.with_env("KAFKA_" + key.upper().replace(".", "_"), value)
    async with _running("Kafka", container, folder, "/var/lib/kafka/data") as died:
        await first_answer("Kafka", lambda: kafka.probe(address), died(), START_SECONDS)
        yield Server(address, None, died)


@asynccontextmanager
async def replica_set(folder: Path | None, environ: Mapping[str, str]) -> AsyncIterator[Server]:
    """Runs MongoDB in a container; its data survives in `folder`, or goes with the container when that is None."""
    container = DockerContainer(environ.get("BILET_MONGO_IMAGE", MONGO_IMAGE))
    container.with_command(["mongod", "--bind_ip_all", *mongo.ONE_MEMBER])
    # Direct: the set knows its member by the address inside the container, which clients cannot reach.
    url = f"mongodb://{_published(container, MONGO_PORT)}/?directConnection=true"
    async with _running("MongoDB", container, folder, "/data/db") as died:
        await first_answer("MongoDB", lambda: become_primary(url, f"127.0.0.1:{MONGO_PORT}"), died(), START_SECONDS)
        yield Server(url, None, died)


def _published(container: DockerContainer, port: int) -> str:
    """The address at which a port of the container will be reached from here."""
    own = free_port()
    container.with_bind_ports(port, own)
    return f"{container.get_docker_client().host()}:{own}"


@asynccontextmanager
async def _running(
    name: str, container: DockerContainer, folder: Path | None, inside: str
) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    """Meanwhile a process of its own waits to remove the container in case that this one is killed."""
    unique = f"bilet-{name.lower()}-{uuid.uuid4().hex[:12]}"
    if folder is not None:
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o777)  # the images run as users of their own
        container.with_volume_mapping(os.fspath(folder), inside, "rw")
    reaper = await asyncio.create_subprocess_exec(
        sys.executable, str(REAPER), unique, stdin=asyncio.subprocess.PIPE, start_new_session=True
    )
    try:
        await _unbroken(container.with_name(unique).start)
        yield lambda: _died(name, container)
    except DockerException as error:
        raise StackError(f"{name}'s container {container.image} does not start: {error}") from error
    finally:
        await _unbroken(container.stop)
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
