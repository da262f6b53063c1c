"""One process of one service: its role's API, consumers and loops, started together and stopped in order."""

import asyncio
import gc
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import uvicorn
import uvloop
from pymongo.errors import PyMongoError

from shared.base.errors import Unavailable
from shared.base.settings import Settings, from_environment
from shared.base.telemetry import configure_logs, logger
from shared.http.app import Probes, create_app
from shared.http.closed import Closed
from shared.http.listeners import listeners
from shared.http.protocol import Protocol
from shared.runtime.parts import STUCK_SECONDS, Parts
from shared.runtime.service import Platform, Service

EXIT_SECONDS = 25.0
"""After the decision to end, the process is over within so long, whatever still runs in it."""


class _Server(uvicorn.Server):
    """uvicorn raises a signal again once it has stopped, which would end the process before its parts have stopped."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Takes a signal as the wish to end, and lets the process see to the rest."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


class Process:
    """A service in one role."""

    def __init__(self, service: Service, role: str) -> None:
        everything = role == "all"
        self._platform = service.platform
        consumers = [c for r, cs in service.workers.items() if everything or r == role for c in cs]
        loops = [loop for r, loops in service.loops.items() if everything or r == role for loop in loops]
        self._serves = everything or role == "api"
        self._checks = list(service.checks) if self._serves else []
        if self._serves:
            loops += [service.platform.audit, service.platform.exclusions]
            loops += [service.witness] if service.witness else []
        restoration = None if service.restorer is None else service.platform.restoration(service.restorer)
        self.parts = Parts(service.platform, consumers, loops, restoration)
        app = create_app(
            service.platform.service,
            service.routers if self._serves else (),
            Probes(service.platform.metrics, self._alive, self._ready),
            tokens=service.platform.tokens,
            limits=service.platform.limits,
            audit=service.platform.audit,
        )
        app.add_middleware(Closed, is_open=lambda: self.parts.is_restored)
        self._server = _Server(
            uvicorn.Config(
                app,
                log_level="error",
                access_log=False,
                http=Protocol,
                proxy_headers=False,  # whose word counts is decided in shared.http.client_address
                timeout_graceful_shutdown=5,
            )
        )
        app.state.exclusions = service.platform.exclusions
        if service.witness is not None:
            app.state.witness = service.witness.saw
        app.state.body_seconds = service.platform.settings.http_body_seconds
        app.state.ending = lambda: self._server.should_exit

    async def run(self, sockets: list[socket.socket]) -> int:
        """Serves on these sockets until SIGTERM or until a part fails; returns the exit code."""
        parts = self.parts.begin(lambda: self._server.should_exit)
        serving = asyncio.create_task(self._server.serve(sockets))
        failed: BaseException | None = None
        while not serving.done() and failed is None:
            done, _ = await asyncio.wait([serving, *parts], return_when=asyncio.FIRST_COMPLETED)
            failed = next((p.exception() for p in done if p in parts and p.exception()), None)
            parts = [part for part in parts if part not in done]
        if failed is not None:
            logger.error("process ends", reason=str(failed), error=type(failed).__name__)
            self._server.should_exit = True
        _end_within(EXIT_SECONDS)
        await serving
        begun = time.monotonic()
        logger.info("requests are answered, the rest stops")
        await self.parts.stop(parts)
        logger.info("stopped", seconds=round(time.monotonic() - begun, 1))
        return 1 if failed is not None else 0

    async def _alive(self) -> str:
        """The loops make progress, once they have begun; the text names what waits all the same."""
        if stuck := self.parts.stuck():
            raise Unavailable(f"no progress for {STUCK_SECONDS:.0f} s: {', '.join(stuck)}")
        return _said(self.parts.waiting())

    async def _ready(self) -> str:
        """The dependencies answer, and the catalogues that facts refer to have been read; else the log says why not.

        A process that only works is not ready while a part of it waits. One that serves requests still answers them: it
        is ready, and the text names what waits.
        """
        try:
            await self._look()
            waiting = self.parts.waiting()
            if waiting and not self._serves:
                raise Unavailable("; ".join(waiting))
        except Unavailable as error:
            if self.parts.started:  # before that, what it waits for has been said
                self.parts.not_ready.met(str(error))
            raise
        self.parts.not_ready.over()
        return _said(waiting)

    async def _look(self) -> None:
        """Once it runs, Kafka may be away: what is commanded waits in the outbox, and answers are read from MongoDB."""
        if self.parts.is_reached:
            await self._platform.mongo.ping()
        if not self.parts.started:
            raise Unavailable(self.parts.awaited)
        if behind := self.parts.unread():
            raise Unavailable("; ".join([f"still being read: {', '.join(behind)}", *self.parts.waiting()]))
        try:
            while self._checks:
                await self._checks[0]()
                self._checks.pop(0)
        except PyMongoError as error:
            raise Unavailable(f"MongoDB does not answer: {type(error).__name__}") from error


def _said(waiting: Sequence[str]) -> str:
    return "\n".join(["ok", *(f"waits: {sentence}" for sentence in waiting)])


def _end_within(seconds: float) -> None:
    """Ends the process after so many seconds, also where a thread or a task of it never would."""

    def end() -> None:
        logger.error("process did not stop in time, it is ended")
        sys.stdout.flush()
        os._exit(1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


def _settle_memory() -> None:
    """Spares the garbage collector what lives as long as the process: a sixth of a request's processor time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def main(name: str, build: Callable[[Platform], Service]) -> None:
    """`python -m services.<name>.app <role>`."""
    settings = from_environment(Settings)

    async def serve() -> int:
        service = build(Platform(name, settings))
        role = sys.argv[1] if len(sys.argv) == 2 else ""
        if role not in service.roles:
            print(f"usage: python -m services.{name}.app {'|'.join(sorted(service.roles))}", file=sys.stderr)
            return 2
        configure_logs(name, role, settings.log_level)
        _settle_memory()
        try:
            sockets = listeners(settings.http_host, settings.http_port)
        except OSError as error:
            where = f"{settings.http_host}, port {settings.http_port}"
            logger.error("process ends", reason=f"cannot listen at {where}: {error}")
            return 1
        return await Process(service, role).run(sockets)

    raise SystemExit(uvloop.run(serve()))
