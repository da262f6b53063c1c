"""Apache Kafka as a process of this machine: Java runs it, Maven brings its jars once."""

import asyncio
import base64
import os
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

from deploy.programs.ports import free_port
from deploy.programs.processes import Program, run, spawn
from deploy.programs.server import Say, Server, first_answer

HERE = Path(__file__).parent
POM = HERE / "pom.xml"
SETTINGS_FILE, LOG_FILE = "server.properties", "log4j2.properties"
ONE_NODE = dict(line.split("=", 1) for line in (HERE / SETTINGS_FILE).read_text().splitlines() if "=" in line)
"""The settings of one broker alone; where it listens and writes is added to them."""
JAVA_AT_LEAST = 17
START_SECONDS, MAVEN_SECONDS = 120, 600
# For runs of minutes: 3.8 s of CPU to start instead of 6.8, and 2.2 s instead of 3.9 for 60,000 events (2 cores).
LIGHT_JVM = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m", "-XX:+ExitOnOutOfMemoryError")
COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies"


def why_not(environ: Mapping[str, str]) -> str | None:
    """Says why Kafka cannot run as a process here; None when it can."""
    java = shutil.which(_java(environ), path=environ.get("PATH"))
    if java is None:
        return "Java is neither in JAVA_HOME nor in PATH"
    said = subprocess.run([java, "-version"], capture_output=True, text=True, env=environ, timeout=30).stderr
    found = re.search(r'version "(\d+)', said)
    if found is None or int(found[1]) < JAVA_AT_LEAST:
        number = found[1] if found else "of an unknown version"
        return f"Java {number} is too old: Kafka needs {JAVA_AT_LEAST} or newer"
    if not _jars(environ).is_dir() and shutil.which("mvn", path=environ.get("PATH")) is None:
        return "Maven (mvn) is not in PATH, and Kafka's jars have not been fetched before"
    return None


@asynccontextmanager
async def broker(folder: Path, environ: Mapping[str, str], say: Say) -> AsyncIterator[Server]:
    """Runs a broker on free ports with its log in `folder`, which may hold the data of an earlier run.

    It runs in the folder and names nothing outside: its settings have commas, spaces and letters of their own.
    """
    logs = folder.parent.absolute() / "logs"
    jars = await _fetched_jars(logs / "maven.log", environ, say)
    java = [_java(environ), *LIGHT_JVM, f"-Dlog4j2.configurationFile={LOG_FILE}", "-cp", f"{jars}/*"]
    address, controller = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    _write_settings(folder, address, controller)
    if not (folder / "data" / "meta.properties").exists():
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        format_storage = [*java, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", SETTINGS_FILE]
        await run(Program("Kafka's storage tool", format_storage, environ, logs / "kafka.log", folder), START_SECONDS)
    child = await spawn(Program("Kafka", [*java, "kafka.Kafka", SETTINGS_FILE], environ, logs / "kafka.log", folder))
    try:
        await first_answer("Kafka", lambda: probe(address), child.died(), START_SECONDS)
        yield Server(address, child.pid, child.died)
    finally:
        await child.stop()


def _write_settings(folder: Path, address: str, controller: str) -> None:
    settings = ONE_NODE | {
        "controller.quorum.voters": f"1@{controller}",
        "listeners": f"PLAINTEXT://{address},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{address}",
        "log.dirs": "data",
    }
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / LOG_FILE, folder)
    (folder / SETTINGS_FILE).write_text("".join(f"{key}={value}\n" for key, value in settings.items()))


async def probe(bootstrap_servers: str) -> None:
    """Returns when a broker of the cluster is ready for work; raises OSError or TimeoutError while none is."""
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


def version() -> str:
    """The version of Kafka's jars, as pom.xml names it."""
    named = ElementTree.parse(POM).findtext(".//{*}kafka.version")
    assert named, f"{POM} does not name a version of Kafka"
    return named


def _java(environ: Mapping[str, str]) -> str:
    return str(Path(home) / "bin" / "java") if (home := environ.get("JAVA_HOME")) else "java"


def _jars(environ: Mapping[str, str]) -> Path:
    home = Path(environ.get("HOME", "~")).expanduser()
    return Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "bilet" / f"kafka-{version()}"


async def _fetched_jars(log: Path, environ: Mapping[str, str], say: Say) -> Path:
    jars = _jars(environ)
    if jars.is_dir():
        return jars
    say(f"Fetching Apache Kafka {version()} by Maven: once, 44 MB into {jars}")
    jars.parent.mkdir(parents=True, exist_ok=True)
    # Renamed when complete, so that a broken download never looks like a finished one.
    with tempfile.TemporaryDirectory(dir=jars.parent, ignore_cleanup_errors=True) as unfinished:
        copy = ["mvn", "-B", "-q", "-f", str(POM), COPY_JARS, "-DincludeScope=runtime"]
        await run(Program("Maven", [*copy, f"-DoutputDirectory={unfinished}/jars"], environ, log), MAVEN_SECONDS)
        try:
            os.rename(f"{unfinished}/jars", jars)
        except OSError:
            if not jars.is_dir():  # another run may have been faster
                raise
    return jars
