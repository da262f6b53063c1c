"""The gateway of the local stack: Caddy puts the services, the identity provider and the page under one origin."""

import json
import shutil
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.programs.ports import claimed, free_port
from deploy.programs.processes import Program
from deploy.programs.server import Say, StackError

DEFAULT_PORT = 8080
PAGE_SERVICE = "analytics"
# Beside services that need every core, threads that look for work in turn cost a quarter of the gateway's time.
ONE_OF_MANY = {"GOMAXPROCS": "1", "GOGC": "400"}
PAGES = ("/", "/favicon.ico", "/static/*", "/docs", "/docs/*")

# Restarted services are waited for. Caddy repeats what could not be connected, whatever its method, but of what was
# sent only GET: no command is ever sent twice. A negative interval flushes at once, as event streams need. Caddy says
# in X-Forwarded-For who asks; what the client says of that in the other field is not passed on.
PROXY = """\
        reverse_proxy {upstreams} {{
            lb_policy round_robin
            lb_try_duration 10s
            lb_try_interval 100ms
            flush_interval -1
            header_up -Forwarded
        }}
"""
FILE = """\
        root * {folder}
        rewrite * {file}
        header Cache-Control no-store
        file_server
"""


def caddyfile(port: int, upstreams: Mapping[str, Sequence[str]], page: Sequence[str], scenario: Path | None) -> str:
    """Caddy's configuration: each path prefix to its `host:port` list, `PAGES` to `page`.

    `scenario` is the file behind `/scenario.json`. Probes and metrics of the services lie outside the prefixes.
    """
    proxied = {f"/{prefix}/*": servers for prefix, servers in upstreams.items()} | dict.fromkeys(PAGES, page)
    bodies = {path: PROXY.format(upstreams=" ".join(servers)) for path, servers in proxied.items() if servers}
    if scenario is not None:
        folder, name = str(scenario.absolute().parent), f"/{scenario.name}"
        words = {"folder": json.dumps(folder, ensure_ascii=False), "file": json.dumps(name, ensure_ascii=False)}
        bodies["/scenario.json"] = FILE.format(**words)
    routes = "".join(f"    handle {path} {{\n{body}    }}\n" for path, body in bodies.items())
    text = Path(__file__).with_name("Caddyfile").read_text(encoding="utf-8")
    return text.replace("@PORT@", str(port)).replace("@ROUTES@", routes)


@contextmanager
def port_for(wanted: int | None, usual: int, say: Say) -> Iterator[int]:
    """The gateway's port, nobody else's meanwhile: the wanted one, else the usual one, else a free one, and said so.

    Raises StackError when the wanted port is busy.
    """
    port = usual if wanted is None else wanted
    with claimed(port) as free:
        if not free and wanted is not None:
            raise busy(wanted)
        if not free:
            port = free_port()
            say(f"Port {usual} is busy: the gateway takes {port}")
        yield port


def busy(port: int) -> StackError:
    """The gateway's port was chosen, and something else has it."""
    return StackError(f"port {port} is busy: choose another one, or end the program that listens there")


def program(config: Path, environ: Mapping[str, str], log: Path) -> Program:
    """Caddy with a configuration file; raises StackError when Caddy is not installed."""
    executable = shutil.which("caddy", path=f"{sysconfig.get_path('scripts')}:{environ.get('PATH', '')}")
    if executable is None:
        raise StackError("Caddy is neither in the Python environment (package caddyserver) nor in PATH")
    # Caddy keeps state of its own in these folders; none of it should outlive the stack.
    folders = {"XDG_CONFIG_HOME": str(config.parent), "XDG_DATA_HOME": str(config.parent)}
    return Program("gateway", [executable, "run", "--config", str(config)], {**environ, **folders, **ONE_OF_MANY}, log)
