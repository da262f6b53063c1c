"""compose.yaml by plain docker: everything starts, a season is right through the gateway, everything stops well."""

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Mapping

import pytest

from deploy.local.containers import KAFKA_IMAGE, MONGO_IMAGE
from deploy.programs.ports import free_port
from shared.contracts.topics import SERVICES
from tests.containers import compose as run
from tests.containers.engine import IMAGES, docker, named, needs, stop

SERVERS = (os.environ.get("BILET_KAFKA_IMAGE", KAFKA_IMAGE), os.environ.get("BILET_MONGO_IMAGE", MONGO_IMAGE))

pytestmark = [needs([*map(named, IMAGES), *SERVERS]), pytest.mark.timeout(600)]

KEYS = [*(f"{service.upper()}_KEY" for service in SERVICES), "ACCOUNT_KEY", "VAULT_KEYS", "CONTACT_KEYS"]
STOP_SECONDS, READY_SECONDS = 20, 30
OF_A_JVM = 143
"""Java ends so after SIGTERM, also when it has shut down in order."""


@pytest.fixture(scope="module")
def environ() -> Mapping[str, str]:
    """Its own port and secrets; nothing of a file .env counts before them."""
    keys = {name: b64encode(secrets.token_bytes(32)).decode() for name in KEYS}
    keys |= {ring: f"k1:{keys[ring]}" for ring in ("VAULT_KEYS", "CONTACT_KEYS")}
    keys |= {"IDENTITY_CLIENT_SECRET": secrets.token_hex(24)}
    return {**os.environ, **keys, "PORT": str(free_port())}


@pytest.fixture(scope="module")
def system(environ: Mapping[str, str]) -> Iterator[str]:
    """The gateway's URL; everything is removed in the end, data too."""
    if docker("ps", "--all", "--quiet", "--filter", "name=^/bilet-gateway$"):
        pytest.skip("a system of compose.yaml is there already")
    try:
        command("up", "-d", environ=environ)
        yield f"http://127.0.0.1:{environ['PORT']}"
    finally:
        command("down", "-v", environ=environ)
        assert docker("ps", "--all", "--quiet", "--filter", "network=bilet") == ""


def command(*words: str, environ: Mapping[str, str]) -> str:
    argv = [sys.executable, "-m", "tests.containers.compose", *words]
    ended = subprocess.run(argv, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def test_a_season_is_right_through_the_gateway(system: str, environ: Mapping[str, str]) -> None:
    play = ("simulate", "--url", "http://gateway:8080", "--scale", "0.02")
    assert "right after" in " ".join(command("run", "--rm", "simulator", *play, environ=environ).split())
    command("run", "--rm", "simulator", "lag", "--wait", "30", environ=environ)


def test_probes_and_metrics_are_not_published(system: str) -> None:
    for path in ("/metrics", "/readyz", "/livez"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{system}{path}", timeout=10)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_was_stopped_is_soon_ready_again(system: str, service: str) -> None:
    name = f"bilet-{service}"
    assert stop(name)[0] == 0
    began = time.monotonic()
    docker("start", name)
    while (answer := docker("exec", name, "python3", "-S", "/health.py", "/readyz", check=False)) != "":
        assert time.monotonic() - began < READY_SECONDS, answer
    print(f"{name} ready {time.monotonic() - began:.1f} s after its start")


def test_everything_stops_in_time_and_well(system: str) -> None:
    running = json.loads(
        f"[{','.join(docker('ps', '--format', '{{json .Names}}', '--filter', 'network=bilet').split())}]"
    )
    for name in running:
        code, seconds = stop(name)
        print(f"{name} stopped in {seconds:.1f} s with exit code {code}")
        assert code == (OF_A_JVM if name == "bilet-kafka" else 0), docker("logs", "--tail", "5", name)
        assert seconds < STOP_SECONDS
    assert {f"bilet-{service}" for service in SERVICES} < set(running)


def test_secrets_are_on_no_command_line(environ: Mapping[str, str]) -> None:
    said = command("print", environ=environ)
    assert "--env=MASTER_KEY " in said
    assert not [name for name in KEYS if environ[name] in said]


def test_a_key_that_is_not_translated_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    compose = tmp_path_factory.mktemp("compose") / "compose.yaml"
    compose.write_text("name: x\nservices:\n  one:\n    image: x\n    devices: [/dev/null]\n")
    with pytest.raises(SystemExit, match="one: devices cannot be translated"):
        run.project({}, compose)
