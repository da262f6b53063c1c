"""Kafka and MongoDB of the local stack: real, keeping data, never outliving their parent, failing in one sentence."""

import asyncio
import json
import os
import signal
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import AsyncMongoClient

from deploy.cli.whole_demo import peak_memory
from deploy.local import folder, stack
from deploy.local.folder import data_folder
from deploy.local.stack import Infrastructure
from deploy.programs.server import NoInfrastructure, StackError

pytestmark = pytest.mark.timeout(300)  # most tests here start a stack of their own

NOWHERE = "unix:///nowhere/docker.sock"

PARENT = """
import asyncio, json, sys
from pathlib import Path
from deploy.local import stack

async def main():
    async with stack.infrastructure(Path(sys.argv[1]), lambda line: None) as running:
        print(json.dumps(dict(running.pids)), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def own_processes() -> dict[str, str]:
    """An environment in which the stack has to start processes of its own."""
    taken = {"KAFKA_BOOTSTRAP_SERVERS", "MONGO_URL"}
    environ = {name: value for name, value in os.environ.items() if name not in taken} | {"DOCKER_HOST": NOWHERE}
    provider, reasons = stack.choose(environ)
    if provider.name != "processes":
        pytest.skip(reasons)
    return environ


async def create_topic(servers: str) -> str:
    topic = f"test.{uuid.uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    await admin.close()
    return topic


async def send(servers: str, topic: str, *values: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True) as producer:
        for value in values:
            await producer.send_and_wait(topic, value)


async def read(servers: str, topic: str, count: int) -> list[bytes]:
    async with AIOKafkaConsumer(topic, bootstrap_servers=servers, auto_offset_reset="earliest") as consumer:
        return [(await consumer.getone()).value for _ in range(count)]


def mongo_client(infrastructure: Infrastructure) -> AsyncMongoClient[dict[str, Any]]:
    return AsyncMongoClient(infrastructure.mongo_url, serverMonitoringMode="poll")


def gone(pid: int, seconds: float = 10) -> bool:
    """Whether a process ends in time."""
    deadline = time.monotonic() + seconds
    while peak_memory(pid) is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    return peak_memory(pid) is None


async def test_what_is_sent_to_kafka_is_read_back_in_order(infrastructure: Infrastructure) -> None:
    servers = infrastructure.bootstrap_servers
    topic = await create_topic(servers)
    await send(servers, topic, b"one", b"two", b"three")
    assert await read(servers, topic, 3) == [b"one", b"two", b"three"]


async def test_a_transaction_of_mongodb_commits_as_a_whole_or_not_at_all(infrastructure: Infrastructure) -> None:
    async with mongo_client(infrastructure) as client:
        database = client[f"test_{uuid.uuid4().hex}"]
        async with client.start_session() as session:
            async with await session.start_transaction():
                await database.states.insert_one({"_id": "committed"}, session=session)
                await database.outbox.insert_one({"_id": "committed"}, session=session)
            await session.start_transaction()
            await database.states.insert_one({"_id": "aborted"}, session=session)
            await session.abort_transaction()
        assert [state["_id"] async for state in database.states.find()] == ["committed"]
        assert await database.outbox.count_documents({}) == 1
        await client.drop_database(database.name)


async def test_servers_that_the_environment_names_come_first(infrastructure: Infrastructure, tmp_path: Path) -> None:
    environ = {"KAFKA_BOOTSTRAP_SERVERS": infrastructure.bootstrap_servers, "MONGO_URL": infrastructure.mongo_url}
    said: list[str] = []
    async with stack.infrastructure(tmp_path, said.append, environ=environ) as running:
        assert running.provider == "external"
        assert running.pids == {"kafka": None, "mongod": None}
    assert said == ["Kafka and MongoDB: external (as the environment says)"]


async def test_a_server_that_does_not_answer_is_named_by_its_variable(
    infrastructure: Infrastructure, tmp_path: Path
) -> None:
    environ = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "MONGO_URL": infrastructure.mongo_url}
    with pytest.raises(StackError, match=r"^what KAFKA_BOOTSTRAP_SERVERS names cannot be used: .*failed"):
        async with stack.infrastructure(tmp_path, print, environ=environ):
            pass


def test_one_variable_without_the_other_is_a_mistake() -> None:
    with pytest.raises(StackError, match="MONGO_URL is set alone"):
        stack.choose({"MONGO_URL": "mongodb://127.0.0.1"})


def test_a_machine_with_nothing_gets_the_three_ways(tmp_path: Path) -> None:
    environ = {"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "DOCKER_HOST": NOWHERE}
    with pytest.raises(NoInfrastructure) as none:
        stack.choose(environ)
    message = str(none.value)
    assert "external: set KAFKA_BOOTSTRAP_SERVERS" in message
    assert "containers: start Docker. Now: no Docker engine answers." in message
    assert "Now: Java is neither in JAVA_HOME nor in PATH" in message


def test_a_machine_without_maven_is_told_so(tmp_path: Path, own_processes: dict[str, str]) -> None:
    java = next(Path(folder, "java") for folder in os.get_exec_path() if Path(folder, "java").exists())
    (tmp_path / "java").symlink_to(java)
    environ = own_processes | {"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    environ.pop("JAVA_HOME", None)
    with pytest.raises(NoInfrastructure, match=r"Now: Maven \(mvn\) is not in PATH"):
        stack.choose(environ)


def test_a_data_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(StackError, match=r"no data folder in .*file/data: Not a directory"),
        data_folder(tmp_path / "file" / "data"),
    ):
        pass


def test_a_data_folder_without_room_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "ROOM_NEEDED", 1 << 60)
    with pytest.raises(StackError, match=r"MB free, Kafka and MongoDB need"), data_folder(tmp_path):
        pass


def test_a_temporary_data_folder_goes_and_a_kept_one_stays(tmp_path: Path) -> None:
    with data_folder(None) as temporary:
        (temporary / "file").touch()
    with data_folder(tmp_path / "kept") as kept:
        (kept / "file").touch()
    assert not temporary.exists()
    assert (kept / "file").exists()


async def test_kept_data_is_there_after_a_restart_on_other_ports_in_any_folder(
    tmp_path: Path, own_processes: dict[str, str]
) -> None:
    data = tmp_path / 'a, b "ё'
    async with stack.infrastructure(data, print, kept=True, environ=own_processes) as first:
        topic = await create_topic(first.bootstrap_servers)
        await send(first.bootstrap_servers, topic, b"before")
        async with mongo_client(first) as client:
            await client.test.states.insert_one({"_id": "before"})
    async with stack.infrastructure(data, print, kept=True, environ=own_processes) as second:
        assert second.bootstrap_servers != first.bootstrap_servers
        assert await read(second.bootstrap_servers, topic, 1) == [b"before"]
        async with mongo_client(second) as client, client.start_session() as session:
            async with await session.start_transaction():
                await client.test.states.insert_one({"_id": "after"}, session=session)
            assert await client.test.states.count_documents({}) == 2


@pytest.mark.parametrize(("name", "sentence"), [("kafka", "Kafka stopped"), ("mongod", "mongod stopped")])
async def test_the_death_of_a_server_ends_the_stack_with_one_sentence(
    name: str, sentence: str, tmp_path: Path, own_processes: dict[str, str]
) -> None:
    pids: list[int] = []

    async def die_soon() -> None:
        async with stack.infrastructure(tmp_path, print, environ=own_processes) as running:
            pids.extend(pid for pid in running.pids.values() if pid is not None)
            os.kill(running.pids[name] or 0, signal.SIGKILL)
            await asyncio.wait_for(asyncio.Event().wait(), timeout=20)

    with pytest.raises(StackError, match=rf"^{sentence} \(killed by SIGKILL\): ."):
        await die_soon()
    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)


async def test_children_die_with_a_parent_that_is_killed(tmp_path: Path, own_processes: dict[str, str]) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    parent = await asyncio.create_subprocess_exec(*command, env=own_processes, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    async with asyncio.timeout(100):
        pids = json.loads(await parent.stdout.readline())
    parent.kill()
    await parent.communicate()
    assert all(gone(pid) for pid in pids.values())
