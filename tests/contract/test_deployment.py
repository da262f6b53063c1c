"""What the manifests say and the programs know: roles, commands, addresses, routes, topics, settings of the servers."""

import importlib
import json
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from deploy.cli import migrate, simulate
from deploy.cli.arguments import parser
from deploy.cli.secrets import manifest as secrets
from deploy.gateway import caddy as gateway
from deploy.local import kafka, mongo
from deploy.sidecars.replica_set import REPLICA_SET
from services.analytics import verification
from services.analytics.verification.command import options
from shared.base.settings import Settings, networks
from shared.contracts.topics import GROUPS, TOPICS, dead_letters
from shared.http.client_address import client_of
from shared.runtime import migration
from shared.runtime.service import Platform
from tests.contract.manifest_parts import Manifest, built, kustomize_too_old, one, pods, too_old

DEPLOY = Path(__file__).parents[2] / "deploy"
MANIFESTS = DEPLOY / "kubernetes"
SERVICES = sorted(set(GROUPS.values()))
SETTINGS = Settings(
    kafka_bootstrap_servers="127.0.0.1:1",
    mongo_url="mongodb://127.0.0.1:1/?replicaSet=none",
    master_key=b"k" * 32,
    oidc_issuer="http://127.0.0.1:1/issuer",
)
CADDY = shutil.which("caddy", path=sysconfig.get_path("scripts"))

needs_kubectl = pytest.mark.skipif((why := kustomize_too_old()) is not None, reason=why or "")


@pytest.fixture(scope="module")
def drill() -> list[Manifest]:
    """Everything on one node, and a season to be played."""
    return built(MANIFESTS / "overlays" / "single-node-drill")


@pytest.mark.parametrize(
    ("version", "why"),
    [("v5.0.4", None), ("v10.1.0", None), ("v4.5.7", "builds with kustomize v4.5.7"), (None, "cannot build")],
)
def test_a_kubectl_that_is_too_old_is_told(version: str | None, why: str | None) -> None:
    said = too_old(version)
    assert said is None if why is None else said is not None and why in said


@needs_kubectl
@pytest.mark.parametrize("service", SERVICES)
async def test_every_role_of_a_service_runs_once(drill: list[Manifest], service: str) -> None:
    """Apart in the base, together on a single node."""
    platform = Platform(service, SETTINGS)
    try:
        roles = importlib.import_module(f"services.{service}.app").build(platform).roles
    finally:
        platform.close()
    assert sorted(_roles(built(MANIFESTS / "base"), service)) == sorted(roles - {"all"})
    assert list(_roles(drill, service)) == ["all"]


def _roles(build: Sequence[Manifest], service: str) -> Iterator[str]:
    for pod in pods(build):
        if pod.kind == "Deployment" and pod.labels["app.kubernetes.io/name"] == service:
            assert pod.running[0]["args"] == [pod.labels["app.kubernetes.io/component"]]
            yield from pod.running[0]["args"]


@needs_kubectl
def test_the_command_line_understands_the_jobs(drill: list[Manifest]) -> None:
    played = one(drill, "ConfigMap", "drill")["data"]
    words = {
        pod.name: [re.sub(r"\$\((\w+)\)", lambda m: played[m[1]], word) for word in pod.running[0]["args"]]
        for pod in pods(drill)
        if pod.kind == "Job"
    }
    assert parser().parse_args(words["migrate"]).run is migrate.run
    (verifying,) = (pod.running[0] for pod in pods(drill) if pod.kind == "CronJob")
    assert (verifying["command"], options(verifying["args"]).rate) == (["python3", "-m", verification.__name__], 2_000)
    play = parser().parse_args(words["simulator"])
    assert (play.run, play.scale, play.wait > 0) == (simulate.run, 1.0, True)
    assert urlsplit(play.url).netloc in _addresses(drill)


@needs_kubectl
def test_what_is_called_is_served(drill: list[Manifest]) -> None:
    settings, known = one(drill, "ConfigMap", "settings")["data"], _addresses(drill)
    assert settings["KAFKA_BOOTSTRAP_SERVERS"] in known
    broker = one(drill, "ConfigMap", "kafka")["data"]["server.properties"]
    assert f"\nadvertised.listeners=PLAINTEXT://{settings['KAFKA_BOOTSTRAP_SERVERS']}\n" in broker
    assert urlsplit(settings["OIDC_ISSUER"]).netloc in known
    member = one(drill, "StatefulSet", "mongo")["spec"]["template"]["spec"]["containers"][1]["env"][1]["value"]
    assert member.removeprefix("mongo-0.") in known
    urls = [text for s in secrets("bilet")["items"] for key, text in s["stringData"].items() if key == "MONGO_URL"]
    assert {urlsplit(url).netloc.rpartition("@")[2] for url in urls} == {member}


@needs_kubectl
def test_the_gateway_is_believed_wherever_its_pod_is(drill: list[Manifest]) -> None:
    trusted = networks(one(drill, "ConfigMap", "settings")["data"]["TRUSTED_PROXIES"])
    for pod, client in (("10.244.1.7", "198.51.100.7"), ("fd00:10:244::7", "2001:db8:1:2::7")):
        said = [(b"x-forwarded-for", client.encode())]
        scope = {"type": "http", "client": (pod, 1), "headers": said}
        assert client_of(scope, trusted) == client_of({**scope, "client": (client, 1), "headers": []}, ())


@needs_kubectl
def test_a_process_listens_where_it_is_asked(drill: list[Manifest]) -> None:
    """The setting, the port of the container, and what the image says of itself; its health check takes HTTP_PORT."""
    listens = int(one(drill, "ConfigMap", "settings")["data"]["HTTP_PORT"])
    served = {pod.name: pod.ports for pod in pods(drill) if pod.name in (*SERVICES, "identity")}
    assert served == {name: {"http": listens} for name in (*SERVICES, "identity")}
    assert _in_image("base", r"HTTP_PORT=(\d+)") == _in_image("service", r"^EXPOSE (\d+)") == [listens]
    assert [_in_image(service, r"HTTP_PORT=(\d+)|^EXPOSE (\d+)") for service in SERVICES] == [[]] * len(SERVICES)


@needs_kubectl
def test_the_gateway_listens_where_it_is_asked(drill: list[Manifest]) -> None:
    caddyfile = one(drill, "ConfigMap", "gateway")["data"]["Caddyfile"]
    listens = [int(port) for port in re.findall(r"^http://:(\d+) \{", caddyfile, re.MULTILINE)]
    (pod,) = (pod for pod in pods(drill) if pod.name == "gateway")
    assert [pod.ports["http"], pod.ports["probes"]] == listens
    probes = [pod.running[0][f"{kind}Probe"]["httpGet"]["port"] for kind in ("startup", "readiness", "liveness")]
    assert set(probes) <= {"probes", pod.ports["probes"]}
    assert _in_image("gateway", r"^EXPOSE (\d+)") + _in_image("gateway", r"HTTP_PORT=(\d+)") == listens


def _in_image(stage: str, pattern: str) -> list[int]:
    """The numbers that a stage of the Dockerfile gives itself."""
    _, *parts = re.split(r"^FROM \S+ AS (\w+)\n", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE)
    text = dict(zip(parts[::2], parts[1::2], strict=True))[stage]
    return [int(found[found.lastindex or 0]) for found in re.finditer(pattern, text, re.MULTILINE)]


def _addresses(build: Sequence[Manifest]) -> set[str]:
    services = [manifest for manifest in build if manifest["kind"] == "Service"]
    return {f"{s['metadata']['name']}:{port['port']}" for s in services for port in s["spec"]["ports"]}


def test_kafka_and_mongo_are_set_as_on_a_developers_machine() -> None:
    lines = (MANIFESTS / "components/kafka-plain/server.properties").read_text().splitlines()
    broker = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    assert kafka.ONE_NODE.items() <= broker.items()
    server = (MANIFESTS / "components/mongo-plain/mongo.yaml").read_text()
    for setting in (
        f"--replSet={REPLICA_SET}",
        f"--setParameter=transactionLifetimeLimitSeconds={mongo.TRANSACTION_SECONDS}",
        f"--setParameter=minSnapshotHistoryWindowInSeconds={mongo.HISTORY_SECONDS}",
        f"--wiredTigerEngineConfigString={','.join(mongo.LATE_EVICTION)}",
    ):
        assert f"- {setting}\n" in server


async def test_the_topics_of_a_migration_are_those_of_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, int] = {}

    async def record(_: Sequence[str], topics: dict[str, int], *__: Any, **___: Any) -> None:
        made.update(topics)

    monkeypatch.setattr("shared.messaging.kafka.ensure_topics", record)
    await migration.create_topics(SETTINGS)
    events = {topic.name: SETTINGS.kafka_partitions if topic.spread else 1 for topic in TOPICS}
    assert made == events | {dead_letters(group): 1 for group in GROUPS}


@pytest.mark.skipif(CADDY is None, reason="Caddy is not in the Python environment (package caddyserver)")
def test_the_gateway_has_the_routes_of_the_local_one_but_gives_out_no_tokens(tmp_path: Path) -> None:
    upstreams = {service: [f"{service}:8000"] for service in SERVICES} | {"issuer": ["identity:8000"]}
    local = gateway.caddyfile(8080, upstreams, upstreams[gateway.PAGE_SERVICE], None)
    cluster = (MANIFESTS / "components/gateway-plain/Caddyfile").read_text()
    wanted = _routes(local, tmp_path)
    for path in ("/issuer/.well-known/*", "/issuer/jwks"):
        wanted[path] = wanted["/issuer/*"]
    del wanted["/issuer/*"]
    assert _routes(cluster, tmp_path) == wanted
    assert _routes(cluster.replace("handle /static/*", "handle /metrics"), tmp_path) != wanted


@pytest.mark.skipif(CADDY is None, reason="Caddy is not in the Python environment (package caddyserver)")
def test_the_gateway_has_the_bounds_and_the_errors_of_the_local_one(tmp_path: Path) -> None:
    local = _server(gateway.caddyfile(8080, {}, [], None), tmp_path)
    cluster = _server((MANIFESTS / "components/gateway-plain/Caddyfile").read_text(), tmp_path)
    times = [f"{what}_timeout" for what in ("read", "read_header", "write", "idle")]
    bounds = [*times, "max_header_bytes", "enable_full_duplex", "errors"]
    assert [_unspaced(cluster[bound]) for bound in bounds] == [_unspaced(local[bound]) for bound in bounds]


@pytest.mark.skipif(CADDY is None, reason="Caddy is not in the Python environment (package caddyserver)")
def test_no_line_of_the_gateway_names_who_asked(tmp_path: Path) -> None:
    logs = _adapted((MANIFESTS / "components/gateway-plain/Caddyfile").read_text(), tmp_path)["logging"]["logs"]
    assert logs.keys() == {"default"}
    assert logs["default"]["exclude"] == ["http.stdlib"], "Go's own lines have the address of a connection"
    assert logs["default"]["encoder"]["fields"].keys() >= {
        f"request>{field}" for field in ("remote_ip", "remote_port", "client_ip", "headers")
    }


def _unspaced(part: Any) -> str:
    """A part of a configuration without the white space of its texts."""
    return re.sub(r"(\\[nt]| )+", "", json.dumps(part))


def _adapted(caddyfile: str, folder: Path) -> Any:
    (folder / "Caddyfile").write_text(caddyfile)
    adapt = [str(CADDY), "adapt", "--config", str(folder / "Caddyfile")]
    adapted = subprocess.run(adapt, capture_output=True, text=True, timeout=60)
    assert adapted.returncode == 0, adapted.stderr
    return json.loads(adapted.stdout)


def _routes(caddyfile: str, folder: Path) -> dict[str, list[str]]:
    """By path, the addresses that the listener at 8080 leads to; `*` is the rest, which leads nowhere."""
    return dict(_led(_server(caddyfile, folder)["routes"], "*"))


def _server(caddyfile: str, folder: Path) -> Manifest:
    """The listener at 8080."""
    servers = _adapted(caddyfile, folder)["apps"]["http"]["servers"].values()
    found: Manifest = next(server for server in servers if any(":8080" in listen for listen in server["listen"]))
    return found


def _led(routes: Sequence[Manifest], path: str) -> Iterator[tuple[str, list[str]]]:
    for route in routes:
        here = ",".join(p for match in route.get("match", ()) for p in match.get("path", ())) or path
        for handler in route["handle"]:
            if handler["handler"] == "subroute":
                yield from _led(handler["routes"], here)
            elif handler["handler"] in ("reverse_proxy", "error"):
                yield here, [upstream["dial"] for upstream in handler.get("upstreams", ())]
