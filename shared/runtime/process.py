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
from contextlib import contextmanager, suppress
from functools import partial

import uvicorn
import uvloop
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError

from shared.base.errors import Unavailable
from shared.base.settings import Settings, from_environment
from shared.base.telemetry import Trouble, configure_logs, logger
from shared.http.app import create_app
from shared.http.listeners import listeners
from shared.http.protocol import Protocol
from shared.messaging import kafka
from shared.messaging.readers import Readers
from shared.messaging.watch import Watch
from shared.runtime.service import Loop, Platform, Service

STUCK_SECONDS = 60.0
WAITED_SECONDS = 15.0
"""What has made no progress for so long is told of by the probes."""
WELL_SECONDS = 30.0
"""A loop that has failed runs well again once it has run for so long, which is longer than a step takes."""
STOP_SECONDS = 15.0
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
        self._settings = service.platform.settings
        self._consumers = [c for r, cs in service.workers.items() if everything or r == role for c in cs]
        self._loops = [loop for r, loops in service.loops.items() if everything or r == role for loop in loops]
        self._readers = Readers(self._settings.bootstrap, self._consumers, service.platform.metrics)
        self._serves = everything or role == "api"
        if self._serves:
            self._loops.append(service.platform.audit)
        app = create_app(
            service.platform.service,
            service.routers if self._serves else (),
            tokens=service.platform.tokens,
            limits=service.platform.limits,
            metrics=service.platform.metrics,
            audit=service.platform.audit,
            alive=self._alive,
            ready=self._ready,
        )
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
        app.state.body_seconds = self._settings.http_body_seconds
        app.state.ending = lambda: self._server.should_exit
        self._reached = asyncio.Event()
        """Set once MongoDB and Kafka have answered: nothing but the API and the probes begins before."""
        self._started = False
        self._not_ready = Trouble("not ready")
        self._failing: dict[str, Trouble] = {}
        """By loop, an error of our own that it fails with again and again."""
        for loop in self._loops:
            gauge = service.platform.metrics.waiting.labels(loop.name)
            gauge.set_function(partial(_seconds, loop))

    async def run(self, sockets: list[socket.socket]) -> int:
        """Serves on these sockets until SIGTERM or until a part fails; returns the exit code."""
        parts = [asyncio.ensure_future(consumer.failed) for consumer in self._consumers]
        parts += [asyncio.create_task(self._keep(loop)) for loop in self._loops]
        parts.append(asyncio.create_task(self._consume()))
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
        await self._stop(parts)
        logger.info("stopped", seconds=round(time.monotonic() - begun, 1))
        return 1 if failed is not None else 0

    async def _consume(self) -> None:
        """Starts the consumers once their topics are there; returns when they run."""
        await self._reach()
        while self._consumers and not self._started:
            try:
                await self._readers.start(await self._ends(), STOP_SECONDS)
                break
            except (KafkaError, PyMongoError, OSError) as error:
                self._not_ready.met(f"a dependency does not answer: {type(error).__name__}")
            await asyncio.sleep(1.0)
        self._started = True

    async def _reach(self) -> None:
        """Returns when MongoDB and Kafka answer."""
        while not self._reached.is_set():
            try:
                await self._dependencies()
            except Unavailable as error:
                self._not_ready.met(str(error))
                await asyncio.sleep(1.0)
            else:
                self._reached.set()

    async def _dependencies(self) -> None:
        await self._platform.mongo.ping()
        await kafka.ping(self._settings.bootstrap)

    async def _ends(self) -> dict[TopicPartition, int]:
        wanted = {topic for consumer in self._consumers for topic in consumer.topics}
        while True:
            try:
                ends = await kafka.end_offsets(self._settings.bootstrap, wanted)
            except (KafkaError, OSError) as error:
                self._not_ready.met(f"Kafka does not answer: {type(error).__name__}")
            else:
                missing = wanted - {partition.topic for partition in ends}
                if not missing:
                    return ends
                self._not_ready.met(f"topics are missing, run `bilet migrate`: {', '.join(sorted(missing))}")
            await asyncio.sleep(1.0)

    async def _keep(self, loop: Loop) -> None:
        """Runs a loop, again after an error: its state is in the database."""
        await self._reached.wait()
        failing = self._failing[loop.name] = Trouble("loop failed, starts again", loop=loop.name)
        while not self._server.should_exit:
            well = asyncio.get_running_loop().call_later(WELL_SECONDS, failing.over)
            try:
                await loop.run()
            except Exception as error:
                if failing.reason is None:
                    logger.error("loop failed", loop=loop.name, error=type(error).__name__, exc_info=error)
                failing.met(type(error).__name__)
            finally:
                well.cancel()
            await asyncio.sleep(1.0)

    async def _stop(self, parts: Sequence["asyncio.Future[None]"]) -> None:
        """Ends the polls under way, then the loops; in all within STOP_SECONDS, also where nobody answers any more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                for part in parts:
                    part.cancel()
                await self._readers.stop()
                if parts:
                    await asyncio.wait(parts)
        self._platform.close()

    def _waiting(self) -> list[str]:
        """Returns the parts that make no progress though there is work, a sentence each."""
        parts: list[Watch | Loop] = [*self._readers.watches, *self._loops] if self._reached.is_set() else []
        found = [waiting for part in parts if (waiting := part.waiting) is not None]
        found += [(f"{name}: {t.reason}", t.seconds) for name, t in self._failing.items() if t.reason is not None]
        return [f"{why}, for {seconds:.0f} s" for why, seconds in found if seconds >= WAITED_SECONDS]

    async def _alive(self) -> str:
        """The loops make progress, once they have begun; the text names what waits all the same."""
        if not self._reached.is_set():
            return "ok"
        parts = [("watch", watch.beat) for watch in self._readers.watches] if self._started else []
        parts += [(loop.name, loop.beat) for loop in self._loops]
        stuck = [name for name, beat in parts if time.monotonic() - beat > STUCK_SECONDS]
        if stuck:
            raise Unavailable(f"no progress for {STUCK_SECONDS:.0f} s: {', '.join(stuck)}")
        return _said(self._waiting())

    async def _ready(self) -> str:
        """The dependencies answer, and the catalogues that facts refer to have been read; else the log says why not.

        A process that only works is not ready while a part of it waits. One that serves requests still answers them: it
        is ready, and the text names what waits.
        """
        try:
            await self._look()
            waiting = self._waiting()
            if waiting and not self._serves:
                raise Unavailable("; ".join(waiting))
        except Unavailable as error:
            if self._started:  # before that, what it waits for has been said
                self._not_ready.met(str(error))
            raise
        self._not_ready.over()
        return _said(waiting)

    async def _look(self) -> None:
        """Once it runs, Kafka may be away: what is commanded waits in the outbox, and answers are read from MongoDB."""
        if self._reached.is_set():
            await self._platform.mongo.ping()
        if not self._started:
            raise Unavailable(self._not_ready.reason or "starting")
        behind = [c.group for c in self._consumers if c.is_reference and not c.caught_up.is_set()]
        if behind:
            raise Unavailable("; ".join([f"still being read: {', '.join(behind)}", *self._waiting()]))


def _seconds(part: Loop) -> float:
    waiting = part.waiting
    return waiting[1] if waiting else 0.0


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
