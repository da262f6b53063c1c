"""compose.yaml by plain `docker run`, where Docker lacks compose: `python -m tests.containers.compose up|run|down`."""

import argparse
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

COMPOSE = Path(__file__).parents[2] / "deploy" / "compose.yaml"
WAIT_SECONDS = 180
HOPELESS_RESTARTS = 3
VARIABLE = re.compile(r"\$\{(\w+):([-?])((?:[^{}]|\$\{[^{}]*\})*)\}")
"""Its name, and its default or, after `?`, what is said where it is missing; a default may be a variable itself."""
KEYS = re.compile(r"\w+_KEYS?")
"""The names of variables that are secrets, besides those without a default."""
SECRET = re.compile(r"\$\{(\w+)\}")
REPEATED = {"tmpfs": "--tmpfs", "cap_drop": "--cap-drop", "security_opt": "--security-opt", "ports": "--publish"}
SINGLE = {"user": "--user", "restart": "--restart"}
ELSEWHERE = {"image", "command", "entrypoint", "environment", "volumes", "healthcheck", "depends_on", "profiles"}
KNOWN = ELSEWHERE | REPEATED.keys() | SINGLE.keys() | {"read_only", "stop_grace_period"}

Service = Mapping[str, Any]


def values(environ: Mapping[str, str], compose: Path = COMPOSE) -> Mapping[str, str]:
    """What variables stand for: `environ`, else the lines of the file `.env` beside the compose file."""
    kept = compose.with_name(".env")
    lines = kept.read_text().splitlines() if kept.exists() else []
    return dict(line.split("=", 1) for line in lines if "=" in line) | dict(environ)


def project(known: Mapping[str, str], compose: Path = COMPOSE) -> dict[str, Any]:
    """The file with its variables filled in; those that are secrets stay `${NAME}`.

    Exits with a sentence when a secret is missing, or when a service has a key that is not translated here.
    """

    def value(match: re.Match[str]) -> str:
        name, kind, text = match.groups()
        if known.get(name):
            return f"${{{name}}}" if kind == "?" or KEYS.fullmatch(name) else known[name]
        return VARIABLE.sub(value, text) if kind == "-" else sys.exit(f"{name} is not set: {text}")

    content = "".join(line for line in compose.read_text().splitlines(keepends=True) if not line.startswith("#"))
    found: dict[str, Any] = yaml.safe_load(VARIABLE.sub(value, content))
    for name, service in found["services"].items():
        if unknown := service.keys() - KNOWN:
            sys.exit(f"{name}: {', '.join(sorted(unknown))} cannot be translated into docker run")
    return found


def arguments(project_name: str, name: str, service: Service, command: Sequence[str] = ()) -> list[str]:
    """What follows `docker run` for a service: its options, image and command."""
    options = [f"--network={project_name}", f"--network-alias={name}"]
    options += [f"{flag}={item}" for key, flag in REPEATED.items() for item in service.get(key, ())]
    options += [f"{flag}={service[key]}" for key, flag in SINGLE.items() if key in service]
    options += [_variable(key, str(text)) for key, text in service.get("environment", {}).items()]
    options += [f"--volume={project_name}_{volume}" for volume in service.get("volumes", ())]
    options += ["--read-only"] if service.get("read_only") else []
    options += [f"--stop-timeout={service['stop_grace_period'].rstrip('s')}"] if "stop_grace_period" in service else []
    options += list(_health(service.get("healthcheck", {})))
    first, *rest = service.get("entrypoint", [""])
    options += [f"--entrypoint={first}"] if first else []
    return [*options, service["image"], *rest, *(command or service.get("command", ()))]


def _variable(name: str, text: str) -> str:
    # Docker takes a secret from its own environment: what is on a command line can be seen by every user.
    if SECRET.fullmatch(text):
        return f"--env={name}"
    if secret := SECRET.search(text):
        sys.exit(f"{name}: {secret[1]} is a secret, and docker run takes one only as the whole of a variable")
    return f"--env={name}={text}"


def own_environ(service: Service, known: Mapping[str, str]) -> Mapping[str, str]:
    """The environment of the `docker run` of a service: its secrets have the names that they have in the container."""
    secrets = ((name, SECRET.fullmatch(str(text))) for name, text in service.get("environment", {}).items())
    return {**known, **{name: known[found[1]] for name, found in secrets if found}}


def _health(check: Mapping[str, Any]) -> Iterator[str]:
    if check:
        yield f"--health-cmd={shlex.join(check['test'][1:])}"
        yield from (f"--health-{key}={check[key]}" for key in ("interval", "timeout", "retries"))


def up(found: Mapping[str, Any], present: Collection[str] = ()) -> Iterator[list[str]]:
    """The commands that start everything but what has a profile; `wait` is ours, see `_wait`.

    Of the network and the containers, those `present` are kept: a container is started as it was made.
    """
    name: str = found["name"]
    if name not in present:
        yield ["docker", "network", "create", name]
    for service, content in found["services"].items():
        if "profiles" in content:
            continue
        for other, until in content.get("depends_on", {}).items():
            yield ["wait", f"{name}-{other}", until["condition"]]
        if (container := f"{name}-{service}") in present:
            yield ["docker", "start", container]
        else:
            yield ["docker", "run", "--detach", f"--name={container}", *arguments(name, service, content)]
    yield ["wait", f"{name}-gateway", "service_healthy"]


def down(found: Mapping[str, Any], *, volumes: bool) -> Iterator[list[str]]:
    """The commands that stop and remove everything, what was started last first; the data only with `volumes`."""
    name: str = found["name"]
    for service in reversed([*found["services"]]):
        yield ["docker", "stop", f"{name}-{service}"]
        yield ["docker", "rm", "--force", "--volumes", f"{name}-{service}"]
    yield ["docker", "network", "rm", name]
    if volumes:
        yield ["docker", "volume", "rm", "--force", *(f"{name}_{volume}" for volume in found["volumes"])]


def _wait(container: str, condition: str) -> None:
    """Returns when a container is as `depends_on` asks; exits with its last words when it ends otherwise."""
    deadline = time.monotonic() + WAIT_SECONDS
    look = "{{.RestartCount}} {{.State.Status}} {{.State.ExitCode}} {{with .State.Health}}{{.Status}}{{end}}"
    wanted = ["exited", "0"] if condition == "service_completed_successfully" else ["running", "0", "healthy"]
    while time.monotonic() < deadline:
        restarts, *state = _said("docker", "inspect", "--format", look, container).split()
        if state == wanted:
            return
        if state[0] == "exited" or int(restarts) >= HOPELESS_RESTARTS:
            break
        time.sleep(0.2)
    sys.exit(f"{container} is {' '.join(state)}:\n{_said('docker', 'logs', '--tail', '5', container)}")


def _said(*command: str) -> str:
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return ended.stdout if ended.returncode == 0 else sys.exit(ended.stdout.strip())


def _present(name: str) -> set[str]:
    """The project's network and containers that are there, by name."""
    networks = _said("docker", "network", "ls", "--format={{.Name}}", f"--filter=name=^{name}$")
    containers = _said("docker", "ps", "--all", "--format={{.Names}}", f"--filter=name=^/{name}-")
    return {*networks.split(), *containers.split()}


def parser() -> argparse.ArgumentParser:
    """The verbs, and those words of Docker compose that change nothing here."""
    words = argparse.ArgumentParser(prog="python -m tests.containers.compose", description=__doc__)
    verbs = words.add_subparsers(dest="verb", required=True, metavar="up|print|run|down")
    up = verbs.add_parser("up", help="start everything, and wait until it is ready")
    up.add_argument("-d", "--detach", action="store_true", help="always so")
    verbs.add_parser("print", help="the commands of `up`")
    run = verbs.add_parser("run", help="one service in the foreground")
    run.add_argument("--rm", action="store_true", help="always so")
    run.add_argument("service", metavar="SERVICE")
    run.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGUMENT", help="instead of its own command")
    down = verbs.add_parser("down", help="stop and remove everything")
    down.add_argument("-v", "--volumes", action="store_true", help="what it stored, too")
    return words


def main(argv: Sequence[str], environ: Mapping[str, str]) -> None:
    """Carries out a verb, see `parser`; ends with the exit code of the first command of `up` or `run` that fails."""
    options = parser().parse_args(argv)
    known = values(environ)
    found = project(known)
    if options.verb == "run":
        _run(found, options.service, options.arguments, known)
    elif options.verb == "print":
        print("\n".join(map(shlex.join, up(found))))
    elif options.verb == "up":
        commands = list(up(found, _present(found["name"])))  # all at first: a refusal leaves nothing half-started
        for command in commands:
            started = (s for n, s in found["services"].items() if f"--name={found['name']}-{n}" in command)
            _carry_out(command, own_environ(next(started, {}), known))
    else:
        for command in down(found, volumes=options.volumes):  # what is not there need not be taken down
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=known, check=False)


def _run(found: Mapping[str, Any], service: str, words: Sequence[str], known: Mapping[str, str]) -> None:
    if service not in found["services"]:
        sys.exit(f"{service} is no service; services are {', '.join(found['services'])}")
    content = found["services"][service]
    options = arguments(found["name"], service, content, words)
    ended = subprocess.run(["docker", "run", "--rm", *options], env=own_environ(content, known), check=False)
    sys.exit(ended.returncode)


def _carry_out(command: Sequence[str], known: Mapping[str, str]) -> None:
    if command[0] == "wait":
        _wait(*command[1:])
    elif code := subprocess.run(command, stdout=subprocess.DEVNULL, env=known, check=False).returncode:
        sys.exit(code)  # docker has said why


if __name__ == "__main__":
    main(sys.argv[1:] or ["print"], os.environ)
