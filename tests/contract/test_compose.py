"""compose.yaml says what the local stack says: settings of the servers, their versions, addresses and ports."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local import kafka, mongo
from deploy.local.containers import KAFKA_IMAGE, KAFKA_PORT, MONGO_IMAGE, MONGO_PORT
from deploy.sidecars.replica_set import REPLICA_SET
from tests.containers import compose as run

KUSTOMIZATIONS = sorted((Path(__file__).parents[2] / "deploy" / "kubernetes").rglob("kustomization.yaml"))

ADDRESSES = {
    "controller.quorum.voters",
    "listeners",
    "advertised.listeners",
    "listener.security.protocol.map",
    "log.dirs",
}
"""Every broker has its own of these: where it listens, as whom others know it, and where it writes."""
OF_THE_JVM = {"heap.opts"}
"""Of the image's start script; the local process has its options on its command line."""
KEPT = {"log.flush.interval.messages"}
"""Of a broker whose only copy has to outlive its machine; a play needs it not."""
OF_A_CONTAINER = {("--bind_ip_all", "")}
"""Its name is the only way to it; the local process listens on 127.0.0.1."""
FOR_MINUTES = {
    "--oplogSize",
    "--wiredTigerEngineConfigString",
    "--syncdelay",
    "diagnosticDataCollectionEnabled",
    "--wiredTigerJournalCompressor",
    "--wiredTigerCollectionBlockCompressor",
    "--slowms",
}
"""Room and speed for a play on a machine that plays every part; what is kept has MongoDB's own defaults."""


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """Those of compose.yaml, with the defaults of its variables."""
    found: dict[str, Any] = run.project({"MASTER_KEY": "k", "IDENTITY_CLIENT_SECRET": "s"})["services"]
    return found


def test_kafka_is_set_as_on_a_developers_machine(services: dict[str, Any]) -> None:
    broker = {
        key.removeprefix("KAFKA_").lower().replace("_", "."): str(value)
        for key, value in services["kafka"]["environment"].items()
    }
    own = ADDRESSES | OF_THE_JVM | KEPT
    assert own.isdisjoint(kafka.ONE_NODE)
    assert own <= broker.keys()
    assert {key: value for key, value in broker.items() if key not in own} == kafka.ONE_NODE


def test_mongod_is_set_as_on_a_developers_machine(services: dict[str, Any]) -> None:
    program, *words = services["mongo"]["command"]
    local = dict(_options(mongo.ONE_MEMBER))
    assert program == "mongod"
    assert local.keys() >= FOR_MINUTES
    assert set(_options(words)) - OF_A_CONTAINER == {(k, v) for k, v in local.items() if k not in FOR_MINUTES}


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Name and value of each of mongod's options, however they are put; a parameter by its own name."""
    left = [part for word in words for part in (word.split("=", 1) if word.startswith("--") else [word])]
    while left:
        name = left.pop(0)
        value = left.pop(0) if left and not left[0].startswith("--") else ""
        parameter, _, its_value = value.partition("=")
        yield (parameter, its_value) if name == "--setParameter" else (name, value)


def test_kafka_and_mongo_are_of_one_version_everywhere(services: dict[str, Any]) -> None:
    assert (services["kafka"]["image"], services["mongo"]["image"]) == (KAFKA_IMAGE, MONGO_IMAGE)
    assert KAFKA_IMAGE.partition(":")[2] == kafka.version()
    tagged = [image for path in KUSTOMIZATIONS for image in yaml.safe_load(path.read_text()).get("images", ())]
    for image in (KAFKA_IMAGE, MONGO_IMAGE):
        name = image.partition(":")[0]
        assert {f"{i['name']}:{i.get('newTag')}" for i in tagged if i["name"] == name} == {image}


def test_the_servers_are_where_they_are_looked_for(services: dict[str, Any]) -> None:
    assert services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"] == f"PLAINTEXT://kafka:{KAFKA_PORT}"
    for service in services.values():
        known = service.get("environment", {})
        assert known.get("KAFKA_BOOTSTRAP_SERVERS", f"kafka:{KAFKA_PORT}") == f"kafka:{KAFKA_PORT}"
        url = f"mongodb://mongo:{MONGO_PORT}/?replicaSet={REPLICA_SET}"
        assert known.get("MONGO_URL", url) == url
