"""What stands around the services: supervisor, gateway and identity provider, each as the real program."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from deploy.gateway import caddy as gateway
from deploy.local.stack import Infrastructure
from deploy.local.system import Setup, prove, system
from deploy.programs.ports import LAST, claimed, free_port, is_free
from deploy.programs.processes import Program, Supervisor
from deploy.programs.server import StackError
from deploy.sidecars.issuer import TOKEN_SECONDS, Issuer, load_key
from shared.base.errors import Unauthenticated
from shared.identity.tokens import Tokens

NOTHING_TO_MIGRATE = (sys.executable, "-c", "")


def program(tmp_path: Path, code: str, name: str = "sleeper") -> Program:
    return Program(name, [sys.executable, "-c", code], os.environ, tmp_path / f"{name}.log")


@asynccontextmanager
async def supervised(*programs: Program, said: list[str]) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(said.append)
    try:
        for each in programs:
            await supervisor.start(each)
        yield supervisor
    finally:
        await supervisor.stop(grace=5)


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_killed_program_is_started_again_and_said_so(tmp_path: Path) -> None:
    said: list[str] = []
    async with supervised(program(tmp_path, "import time; time.sleep(60)"), said=said) as supervisor:
        first = supervisor.pids["sleeper"]
        supervisor.send("sleeper", signal.SIGKILL)
        await until(lambda: supervisor.restarts("sleeper") == 1)
        assert supervisor.pids["sleeper"] not in (None, first)
    assert said == ["sleeper stopped (killed by SIGKILL): it said nothing. Starting it again in 0.2 s"]
    assert supervisor.pids == {"sleeper": None}


async def test_a_program_that_keeps_dying_is_started_after_growing_pauses(tmp_path: Path) -> None:
    said: list[str] = []
    dying = program(tmp_path, "raise SystemExit('no database')")
    async with supervised(dying, said=said) as supervisor:
        await until(lambda: len(said) == 3)
        assert supervisor.last_death("sleeper") == f"sleeper stopped (exit code 1): no database (log: {dying.log})"
    assert [line.rpartition(" in ")[2] for line in said] == ["0.2 s", "0.4 s", "0.8 s"]
    assert all("(exit code 1): no database" in line for line in said)


async def test_a_stopped_program_is_ended_all_the_same(tmp_path: Path) -> None:
    began = time.monotonic()
    async with supervised(program(tmp_path, "import time; time.sleep(60)"), said=[]) as supervisor:
        supervisor.send("sleeper", signal.SIGSTOP)
    assert time.monotonic() - began < 5


async def test_a_program_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    absent = Program("absent", ["/no/such/program"], os.environ, tmp_path / "absent.log")
    with pytest.raises(StackError, match="absent cannot be started: /no/such/program is not there"):
        await Supervisor(print).start(absent)


@asynccontextmanager
async def upstream(port: int, *routes: web.RouteDef) -> AsyncIterator[None]:
    """A small real server in the place of a service."""
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def caddy(tmp_path: Path, service_port: int, scenario: Path | None = None) -> AsyncIterator[str]:
    """The gateway before one server that stands for trials and for the page; yields its URL."""
    config, port, address = tmp_path / "Caddyfile", free_port(), f"127.0.0.1:{service_port}"
    config.write_text(gateway.caddyfile(port, {"trials": [address]}, [address], scenario))
    async with supervised(gateway.program(config, os.environ, tmp_path / "gateway.log"), said=[]):
        await until(lambda: not is_free(port))
        yield f"http://127.0.0.1:{port}"


async def echo(request: web.Request) -> web.Response:
    return web.Response(text=f"{request.method} {request.path} {await request.text()}")


async def test_the_gateway_opens_prefixes_page_and_scenario_and_nothing_else(tmp_path: Path) -> None:
    scenario = tmp_path / "a season.json"
    scenario.write_text('{"season": "2020"}')
    port = free_port()
    async with (
        upstream(port, web.route("*", "/{path:.*}", echo)),
        caddy(tmp_path, port, scenario) as url,
        aiohttp.ClientSession(url) as http,
    ):
        for path in ("/trials/slots", "/", "/static/page.js"):
            assert await (await http.get(path)).text() == f"GET {path} "
        assert await (await http.post("/trials/slots", data="body")).text() == "POST /trials/slots body"
        assert await (await http.get("/scenario.json")).json() == {"season": "2020"}
        for path in ("/metrics", "/livez", "/readyz", "/registration/x", "/Caddyfile", "/scenario.json/x"):
            refusal = await http.get(path)
            assert refusal.status == 404
            assert refusal.content_type == "application/problem+json"


async def test_the_gateway_streams_events_at_once(tmp_path: Path) -> None:
    port, seen = free_port(), asyncio.Event()

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: first\n\n")
        await seen.wait()
        await response.write(b"data: second\n\n")
        return response

    async with (
        upstream(port, web.get("/trials/stream", stream)),
        caddy(tmp_path, port) as url,
        aiohttp.ClientSession() as http,
        asyncio.timeout(10),
        http.get(f"{url}/trials/stream") as answer,
    ):
        assert await answer.content.readuntil(b"\n\n") == b"data: first\n\n"
        seen.set()
        assert await answer.content.readuntil(b"\n\n") == b"data: second\n\n"


async def test_a_command_waits_for_a_service_that_restarts_and_is_sent_once(tmp_path: Path) -> None:
    port, sent = free_port(), []

    async def book(request: web.Request) -> web.Response:
        sent.append(await request.text())
        return web.Response(status=201)

    async with caddy(tmp_path, port) as url, aiohttp.ClientSession() as http:
        waiting = asyncio.create_task(http.post(f"{url}/trials/slots/1/bookings", data="anna"))
        done, _ = await asyncio.wait([waiting], timeout=1)
        assert not done
        async with upstream(port, web.post("/trials/slots/1/bookings", book)):
            assert (await waiting).status == 201
    assert sent == ["anna"]


async def test_a_command_that_broke_off_is_not_repeated_by_the_gateway(tmp_path: Path) -> None:
    port, sent = free_port(), []

    async def die(request: web.Request) -> web.Response:
        sent.append(await request.text())
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with (
        upstream(port, web.post("/trials/attempts", die)),
        caddy(tmp_path, port) as url,
        aiohttp.ClientSession() as http,
        http.post(f"{url}/trials/attempts", data="once") as answer,
    ):
        assert answer.status == 502
    assert sent == ["once"]


def test_a_busy_port_that_was_asked_for_is_an_error_and_else_another_is_taken() -> None:
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with (
            pytest.raises(StackError, match=f"port {port} is busy"),
            gateway.port_for(port, gateway.DEFAULT_PORT, said.append),
        ):
            pass
        with gateway.port_for(None, port, said.append) as other:
            assert other != port
    assert said == [f"Port {port} is busy: the gateway takes {other}"]


CLAIM = """
import sys
from deploy.gateway import caddy as gateway
with gateway.port_for(None, int(sys.argv[1]), lambda line: None) as port:
    print(port, flush=True)
    sys.stdin.read()
"""


def _is_nobodys(port: int) -> bool:
    with claimed(port) as free:
        return free


async def test_a_port_that_a_demo_has_chosen_is_taken_before_anything_listens_there() -> None:
    usual, said = free_port(), list[str]()
    with claimed(usual) as here:
        assert here
        with gateway.port_for(None, usual, said.append) as second:
            assert second != usual
    free = next(port for port in range(usual + 1, LAST) if _is_nobodys(port))
    other = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CLAIM, str(free)), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert other.stdout is not None
    wanted = int(await other.stdout.readline())  # another one where somebody else on this machine was faster
    with gateway.port_for(None, wanted, said.append) as third:
        assert third not in (wanted, second)
    other.kill()
    await other.communicate()
    with gateway.port_for(None, wanted, said.append) as fourth:
        assert fourth == wanted, "a killed demo leaves its port free"


async def test_a_gateway_that_leads_to_another_system_s_issuer_is_one_sentence(tmp_path: Path) -> None:
    """As when two gateways listen on one port, which the kernel lets them."""
    theirs, ours = (Issuer(load_key(tmp_path / name), "") for name in ("theirs", "ours"))

    async def keys(request: web.Request) -> web.Response:
        return web.json_response(theirs.keys())

    async with upstream(port := free_port(), web.get("/issuer/jwks", keys)):
        theirs.url = ours.url = f"http://127.0.0.1:{port}/issuer"
        await prove(theirs)
        with pytest.raises(StackError, match=f"^{ours.url} is another system's: it publishes other keys"):
            await prove(ours)


async def test_tokens_of_the_identity_provider_are_verified_through_the_gateway(
    infrastructure: Infrastructure, tmp_path: Path
) -> None:
    grants = [{"role": "regional-operator", "org": "RU-ROS"}]
    setup = Setup(roles={}, port=free_port(), migrate=NOTHING_TO_MIGRATE, data=tmp_path)
    async with system(infrastructure, print, setup) as running:
        tokens = Tokens(running.issuer.url, "bilet", bytes(32))
        made_here = await tokens.principal(f"Bearer {running.issuer.token('olga', grants, time.time())}")
        assert (made_here.subject, made_here.grants[0].org) == ("olga", "RU-ROS")
        async with aiohttp.ClientSession() as http:
            form = {
                "grant_type": "client_credentials",
                "client_id": "bilet",
                "client_secret": (tmp_path / "identity-client-secret").read_text(),
                "sub": "olga",
                "grants": '[{"role": "regional-operator", "org": "RU-ROS"}]',
            }
            issued = await (await http.post(f"{running.issuer.url}/token", data=form)).json()
            assert issued["expires_in"] == TOKEN_SECONDS
            assert await tokens.principal(f"Bearer {issued['access_token']}") == made_here
            wrong_secret = await http.post(f"{running.issuer.url}/token", data=form | {"client_secret": "guess"})
            assert (wrong_secret.status, (await wrong_secret.json())["error"]) == (401, "invalid_client")
            no_subject = await http.post(
                f"{running.issuer.url}/token", data={name: value for name, value in form.items() if name != "sub"}
            )
            assert (no_subject.status, (await no_subject.json())["error"]) == (400, "invalid_request")
        with pytest.raises(Unauthenticated):
            await tokens.principal(f"Bearer {issued['access_token'][:-8]}AAAAAAAA")


async def test_a_migration_that_fails_is_one_sentence(infrastructure: Infrastructure, tmp_path: Path) -> None:
    migrate = (sys.executable, "-c", "raise SystemExit('no topics')")
    setup = Setup(roles={}, port=free_port(), migrate=migrate, data=tmp_path)
    with pytest.raises(StackError, match=r"^bilet migrate failed \(exit code 1\): no topics$"):
        async with system(infrastructure, print, setup):
            pass


async def test_a_service_that_does_not_start_is_one_sentence(infrastructure: Infrastructure, tmp_path: Path) -> None:
    broken = {"absent": ("all",)}
    setup = Setup(roles=broken, port=free_port(), migrate=NOTHING_TO_MIGRATE, data=tmp_path)
    with pytest.raises(StackError, match=r"^absent stopped \(exit code 1\): .*No module named 'services.absent'"):
        async with system(infrastructure, print, setup):
            pass
