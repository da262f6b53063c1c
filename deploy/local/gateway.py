"""The gateway of the local stack: Caddy puts the services, the identity provider and the page under one origin."""

import json
import shutil
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.local.ports import claimed, free_port
from deploy.local.processes import Program
from deploy.local.server import Say, StackError

DEFAULT_PORT = 8080
PAGE_SERVICE = "analytics"
PAGES = ("/", "/favicon.ico", "/static/*", "/docs", "/docs/*")
# Beside services that need every core, threads that look for work in turn cost a quarter of the gateway's time.
ONE_OF_MANY = {"GOMAXPROCS": "1", "GOGC": "400"}

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
# What Go says of a body that it cannot read on, directly or where it is copied to the service.
BROKEN = r"^(readfrom tcp \S+ )?(unexpected EOF|.*\bchunk.*|header line too long|malformed MIME header.*)$"
CADDYFILE = """\
{{
    admin off
    auto_https off
    persist_config off
    grace_period 2s
    # What Go's server says for itself has the client's address in it.
    log {{
        exclude http.stdlib
    }}
    # Whoever sends half a request is not waited for long, nor for ever who does not read the answer: a stream is
    # shorter. The services say themselves which headers and bodies are too large, in the form of all errors, and before
    # the body is there: hence room above their limits, and the duplex.
    servers {{
        timeouts {{
            read_header 10s
            read_body 30s
            write 20m
            idle 60s
        }}
        max_header_size 256KiB
        enable_full_duplex
    }}
}}
http://:{port} {{
    bind 127.0.0.1
    request_body {{
        max_size 5MB
    }}
{routes}
    handle {{
        error 404
    }}
    handle_errors 404 {{
        header Content-Type application/problem+json
        respond `{{"type":"not-found","title":"Not found","status":404,"detail":"nothing is here"}}` 404
    }}
    handle_errors 413 {{
        header Content-Type application/problem+json
        respond `{{"type":"body-too-large","title":"Body too large","status":413,"detail":"5 MB are the most"}}` 413
    }}
    # The sender is at fault where its own body breaks while it is passed on.
    handle_errors {{
        header Content-Type application/problem+json
        @broken vars_regexp {{err.message}} `{broken}`
        respond @broken `{{"type":"malformed-request","title":"Malformed request","status":400,
            "detail":"the body is not as HTTP/1.1 has it"}}` 400
        respond `{{"type":"unavailable","title":"Unavailable","status":{{err.status_code}},
            "detail":"the service does not answer","retryable":true}}` {{err.status_code}}
    }}
}}
"""


def caddyfile(port: int, upstreams: Mapping[str, Sequence[str]], page: Sequence[str], scenario: Path | None) -> str:
    """Caddy's configuration: each path prefix to its `host:port` list, `PAGES` to `page`.

    `scenario` is the file behind `/scenario.json`. Probes and metrics of the services lie outside the prefixes.
    """
    proxied = {f"/{prefix}/*": servers for prefix, servers in upstreams.items()} | dict.fromkeys(PAGES, page)
    routes = [_route(path, _proxy(servers)) for path, servers in proxied.items() if servers]
    if scenario is not None:
        routes.append(_route("/scenario.json", _file(scenario)))
    return CADDYFILE.format(port=port, routes="".join(routes), broken=BROKEN)


def _route(path: str, body: str) -> str:
    return f"    handle {path} {{\n{body}    }}\n"


def _proxy(servers: Sequence[str]) -> str:
    return PROXY.format(upstreams=" ".join(servers))


def _file(path: Path) -> str:
    path = path.absolute()
    return (
        f"        root * {json.dumps(str(path.parent), ensure_ascii=False)}\n"
        f"        rewrite * {json.dumps('/' + path.name, ensure_ascii=False)}\n"
        "        header Cache-Control no-store\n"
        "        file_server\n"
    )


def busy(port: int) -> StackError:
    """The gateway's port was chosen, and something else has it."""
    return StackError(f"port {port} is busy: choose another one, or end the program that listens there")


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


def program(config: Path, environ: Mapping[str, str], log: Path) -> Program:
    """Caddy with a configuration file; raises StackError when Caddy is not installed."""
    caddy = shutil.which("caddy", path=f"{sysconfig.get_path('scripts')}:{environ.get('PATH', '')}")
    if caddy is None:
        raise StackError("Caddy is neither in the Python environment (package caddyserver) nor in PATH")
    # Caddy keeps state of its own in these folders; none of it should outlive the stack.
    folders = {"XDG_CONFIG_HOME": str(config.parent), "XDG_DATA_HOME": str(config.parent)}
    return Program("gateway", [caddy, "run", "--config", str(config)], {**environ, **folders, **ONE_OF_MANY}, log)
