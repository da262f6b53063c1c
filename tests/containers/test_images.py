"""Every image: small, not root, with nothing in it but what runs, and dying at once of what it may not import."""

import pytest

from shared.contracts.topics import SERVICES
from tests.containers.engine import IMAGES, docker, inspected, named, needs

pytestmark = needs([named(image) for image in IMAGES])

MOST_BYTES = 300_000_000
CONFINED = (
    "--rm",
    "--read-only",
    "--tmpfs=/tmp",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--network=none",
)


@pytest.mark.parametrize("target", IMAGES)
def test_an_image_is_small_and_not_root(target: str) -> None:
    image = inspected(named(target))
    assert image["Size"] < MOST_BYTES, f"{image['Size'] / 1e6:.0f} MB"
    assert image["Config"]["User"] == "10001:10001"
    assert image["Config"]["StopSignal"] == "SIGTERM"
    assert image["Config"]["Labels"]["org.opencontainers.image.revision"]


@pytest.mark.parametrize("target", [*SERVICES, "gateway"])
def test_what_serves_has_a_health_check(target: str) -> None:
    assert "/livez" in inspected(named(target))["Config"]["Healthcheck"]["Test"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_its_own_folder_alone(service: str) -> None:
    look = ("run", *CONFINED, "--entrypoint=ls", named(service))
    assert docker(*look, "-I", "__*", "/app/services") == service
    assert docker(*look, "-I", "LICENSE", "/app").split() == ["lib", "services", "shared"]


@pytest.mark.parametrize("service", SERVICES)
def test_an_import_of_another_service_ends_the_start(service: str) -> None:
    other = next(name for name in SERVICES if name != service)
    run = f"import services.{other}.app"
    said = docker("run", *CONFINED, "--entrypoint=python3", named(service), "-c", run, check=False)
    assert said.endswith(f"ModuleNotFoundError: No module named 'services.{other}'")


@pytest.mark.parametrize("target", IMAGES)
def test_nothing_that_builds_is_left(target: str) -> None:
    look = "import importlib.util as u; print([m for m in ('pip', 'setuptools', 'wheel') if u.find_spec(m)])"
    assert docker("run", *CONFINED, "--entrypoint=python3", named(target), "-c", look) == "[]"
    found = "ls -d /wheels /usr/bin/gcc /usr/bin/make 2>/dev/null || true"
    assert docker("run", *CONFINED, "--entrypoint=sh", named(target), "-c", found) == ""


@pytest.mark.parametrize("service", SERVICES)
def test_code_is_compiled_beforehand(service: str) -> None:
    found = f"cd /app; for kind in py pyc; do find shared services/{service} -name *.$kind | wc -l; done"
    sources, compiled = docker("run", *CONFINED, "--entrypoint=sh", named(service), "-c", found).split()
    assert sources == compiled


@pytest.mark.parametrize("service", SERVICES)
def test_missing_settings_are_named_in_one_line(service: str) -> None:
    said = docker("run", *CONFINED, named(service), check=False)
    assert "MASTER_KEY" in said
    assert len(said.splitlines()) == 1


def test_the_command_line_starts_without_the_packages_of_tests() -> None:
    assert "commands:" in docker("run", *CONFINED, named("simulator"), "--help")


def test_the_gateway_s_routes_are_valid() -> None:
    assert "Valid configuration" in docker(
        "run", *CONFINED, named("gateway"), "validate", "--config", "/etc/caddy/Caddyfile"
    )
