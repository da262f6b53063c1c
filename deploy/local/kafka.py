"""Apache Kafka as a process of this machine: Java runs it, Maven brings its jars once."""

import asyncio
import base64
import re
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from xml.etree import ElementTree

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.local.ports import free_port
from deploy.local.processes import Program, run, spawn
from deploy.local.server import Say, Server, first_answer

POM = Path(__file__).with_name("pom.xml")
JAVA_AT_LEAST = 17
START_SECONDS = 120

# For runs of minutes: 3.8 s of CPU to start instead of 6.8, and 2.2 s instead of 3.9 for 60,000 events (2 cores).
LIGHT_JVM = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m", "-XX:+ExitOnOutOfMemoryError")
MAVEN_SECONDS = 600
COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies"

# One broker that is its own controller and keeps one copy of everything; both the process and the container use it.
ONE_NODE = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "log.cleaner.dedupe.buffer.size": "8388608",
}
SETTINGS_FILE, LOG_FILE = "server.properties", "log4j2.properties"
LOGGING = """\
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %c{1} %m%n
rootLogger.level = WARN
rootLogger.appenderRef.console.ref = console
"""


def why_not(environ: Mapping[str, str]) -> str | None:
    """Why Kafka cannot run as a process here, in words; None when it can."""
    if (problem := _java_problem(environ)) is not None:
        return problem
    if not _jars(environ).is_dir() and shutil.which("mvn", path=environ.get("PATH")) is None:
        return "Maven (mvn) is not in PATH, and Kafka's jars have not been fetched before"
    return None


@asynccontextmanager
async def broker(folder: Path, environ: Mapping[str, str], say: Say) -> AsyncIterator[Server]:
    """Run a broker on free ports with its log in `folder`, which may hold the data of an earlier run.

    It runs in the folder and names nothing outside: its settings have commas, spaces and letters of their own.
    """
    jars = await _fetched_jars(folder, environ, say)
    java = [_java(environ), *LIGHT_JVM, f"-Dlog4j2.configurationFile={LOG_FILE}", "-cp", f"{jars}/*"]
    _write_settings(folder, port := free_port(), free_port())
    log = folder.parent.absolute() / "logs" / "kafka.log"
    if not (folder / "data" / "meta.properties").exists():
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        format_storage = [*java, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", SETTINGS_FILE]
        await run(Program("Kafka's storage tool", format_storage, environ, log, folder), START_SECONDS)
    child = await spawn(Program("Kafka", [*java, "kafka.Kafka", SETTINGS_FILE], environ, log, folder))
    try:
        address = f"127.0.0.1:{port}"
        await first_answer("Kafka", lambda: probe(address), child.died(), START_SECONDS)
        yield Server(address, child.pid, child.died)
    finally:
        await child.stop()


async def probe(bootstrap_servers: str) -> None:
    """Return when a broker of the cluster is ready for work; raises OSError or TimeoutError while none is."""
    host, _, port = bootstrap_servers.split(",")[0].strip().rpartition(":")
    async with asyncio.timeout(5):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.close()
        await writer.wait_closed()
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=5000)
    try:
        await admin.start()
        if not (await admin.describe_cluster())["brokers"]:
            raise ConnectionError("Kafka answers, but no broker is ready")
    except KafkaError as error:
        raise ConnectionError(f"Kafka at {bootstrap_servers} refuses: {error}") from error
    finally:
        await admin.close()


def _java(environ: Mapping[str, str]) -> str:
    home = environ.get("JAVA_HOME")
    return str(Path(home) / "bin" / "java") if home else "java"


def _java_problem(environ: Mapping[str, str]) -> str | None:
    java = shutil.which(_java(environ), path=environ.get("PATH"))
    if java is None:
        return "Java is neither in JAVA_HOME nor in PATH"
    said = subprocess.run([java, "-version"], capture_output=True, text=True, env=environ, timeout=30).stderr
    number = re.search(r'version "(\d+)', said)
    if number is None or int(number[1]) < JAVA_AT_LEAST:
        found = number[1] if number else "of an unknown version"
        return f"Java {found} is too old: Kafka needs {JAVA_AT_LEAST} or newer"
    return None


def version() -> str:
    """Of Kafka's jars, as pom.xml names it."""
    named = ElementTree.parse(POM).findtext(".//{*}kafka.version")
    assert named, f"{POM} does not name a version of Kafka"
    return named


def _jars(environ: Mapping[str, str]) -> Path:
    home = Path(environ.get("HOME", "~")).expanduser()
    cache = Path(environ.get("XDG_CACHE_HOME") or home / ".cache")
    return cache / "bilet" / f"kafka-{version()}"


async def _fetched_jars(folder: Path, environ: Mapping[str, str], say: Say) -> Path:
    jars = _jars(environ)
    if jars.is_dir():
        return jars
    say(f"Fetching Apache Kafka {version()} by Maven: once, 44 MB into {jars}")
    jars.parent.mkdir(parents=True, exist_ok=True)
    # Renamed when complete, so that a broken download never looks like a finished one.
    with tempfile.TemporaryDirectory(dir=jars.parent, ignore_cleanup_errors=True) as unfinished:
        copy = ["mvn", "-B", "-q", "-f", str(POM), COPY_JARS, "-DincludeScope=runtime"]
        fetch = Program(
            "Maven",
            [*copy, f"-DoutputDirectory={unfinished}/jars"],
            environ,
            folder.parent / "logs" / "maven.log",
        )
        await run(fetch, MAVEN_SECONDS)
        _publish(Path(unfinished, "jars"), jars)
    return jars


def _publish(fetched: Path, jars: Path) -> None:
    try:
        fetched.rename(jars)
    except OSError:
        if not jars.is_dir():  # another run may have been faster
            raise


def _write_settings(folder: Path, port: int, controller_port: int) -> None:
    settings = ONE_NODE | {
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "log.dirs": "data",
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / LOG_FILE).write_text(LOGGING)
    (folder / SETTINGS_FILE).write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
