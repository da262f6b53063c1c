"""The parts of a process that work by themselves: its consumers and loops, begun, kept going and ended."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError

from shared.base.errors import Unavailable
from shared.base.telemetry import Trouble, logger
from shared.messaging import kafka
from shared.messaging.consumer import BatchConsumer
from shared.messaging.readers import Readers
from shared.messaging.watch import Watch
from shared.runtime import key_marks
from shared.runtime.restoration import Restoration
from shared.runtime.service import Loop, Platform

WAITED_SECONDS = 15.0
"""What has made no progress for so long is told of by the probes."""
WELL_SECONDS = 30.0
"""A loop that has failed runs well again once it has run for so long, which is longer than a step takes."""
STUCK_SECONDS = 60.0
STOP_SECONDS = 15.0


class Parts:
    """The consumers and loops of a service in one role."""

    def __init__(
        self,
        platform: Platform,
        consumers: Sequence[BatchConsumer],
        loops: Sequence[Loop],
        restoration: Restoration | None = None,
    ) -> None:
        self.started = False
        """Whether the consumers run."""
        self.not_ready = Trouble("not ready")
        self._platform = platform
        self._bootstrap = platform.settings.bootstrap
        self._consumers = consumers
        self._loops = loops
        self._restoration = restoration
        self._readers = Readers(self._bootstrap, consumers, platform.metrics)
        self._reached = asyncio.Event()
        """Set once MongoDB and Kafka have answered: nothing but the API and the probes begins before."""
        self._failing: dict[str, Trouble] = {}
        """By loop, an error of our own that it fails with again and again."""
        for loop in loops:
            platform.metrics.waiting.labels(loop.name).set_function(partial(_seconds, loop))

    @property
    def is_reached(self) -> bool:
        """MongoDB and Kafka have answered once, and the database knows all that was published out of it."""
        return self._reached.is_set()

    @property
    def awaited(self) -> str:
        """The reason for which the process has not begun yet, in words."""
        is_reading = self._restoration is not None and self._restoration.is_reading
        return self.not_ready.reason or ("the service's own topics are being read" if is_reading else "starting")

    @property
    def is_restored(self) -> bool:
        """The database knows all that was published out of it."""
        return self._restoration is None or self._restoration.done

    def begin(self, is_ending: Callable[[], bool]) -> list["asyncio.Future[None]"]:
        """Begins all of them; each future is done, with its error, when its part has given up."""
        failed = [asyncio.ensure_future(consumer.failed) for consumer in self._consumers]
        kept = [asyncio.create_task(self._keep(loop, is_ending)) for loop in self._loops]
        return [*failed, *kept, asyncio.create_task(self._consume())]

    async def _consume(self) -> None:
        """Starts the consumers once their topics are there; returns when they run."""
        await self._reach()
        while self._consumers and not self.started:
            try:
                await self._readers.start(await self._ends(), STOP_SECONDS)
                break
            except (KafkaError, PyMongoError, OSError) as error:
                self.not_ready.met(f"a dependency does not answer: {type(error).__name__}")
            await asyncio.sleep(1.0)
        self.started = True

    async def _reach(self) -> None:
        """Returns when MongoDB and Kafka answer."""
        while not self._reached.is_set():
            try:
                await self._dependencies()
            except Unavailable as error:
                self.not_ready.met(str(error))
                await asyncio.sleep(1.0)
            else:
                self._reached.set()

    async def _dependencies(self) -> None:
        await self._platform.mongo.ping()
        await key_marks.prove(self._platform.mongo, self._platform.settings)
        await kafka.ping(self._bootstrap)
        if self._restoration is not None:
            await self._restoration.run()

    async def _ends(self) -> dict[TopicPartition, int]:
        wanted = {topic for consumer in self._consumers for topic in consumer.topics}
        while True:
            try:
                ends = await kafka.end_offsets(self._bootstrap, wanted)
            except (KafkaError, OSError) as error:
                self.not_ready.met(f"Kafka does not answer: {type(error).__name__}")
            else:
                missing = wanted - {partition.topic for partition in ends}
                if not missing:
                    return ends
                self.not_ready.met(f"topics are missing, run `bilet migrate`: {', '.join(sorted(missing))}")
            await asyncio.sleep(1.0)

    async def _keep(self, loop: Loop, is_ending: Callable[[], bool]) -> None:
        """Runs a loop, again after an error: its state is in the database."""
        await self._reached.wait()
        failing = self._failing[loop.name] = Trouble("loop failed, starts again", loop=loop.name)
        while not is_ending():
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

    async def stop(self, parts: Sequence["asyncio.Future[None]"]) -> None:
        """Ends the polls under way, then the loops; in all within STOP_SECONDS, also where nobody answers any more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                for part in parts:
                    part.cancel()
                await self._readers.stop()
                if parts:
                    await asyncio.wait(parts)
        self._platform.close()

    def waiting(self) -> list[str]:
        """Returns the parts that make no progress though there is work, a sentence each."""
        parts: list[Watch | Loop] = [*self._readers.watches, *self._loops] if self._reached.is_set() else []
        found = [waiting for part in parts if (waiting := part.waiting) is not None]
        found += [(f"{name}: {t.reason}", t.seconds) for name, t in self._failing.items() if t.reason is not None]
        return [f"{why}, for {seconds:.0f} s" for why, seconds in found if seconds >= WAITED_SECONDS]

    def stuck(self) -> list[str]:
        """Returns the parts that have begun and do not even make steps any more."""
        parts = [("watch", watch.beat) for watch in self._readers.watches] if self.started else []
        parts += [(loop.name, loop.beat) for loop in self._loops] if self.is_reached else []
        return [name for name, beat in parts if time.monotonic() - beat > STUCK_SECONDS]

    def unread(self) -> list[str]:
        """Returns the groups of catalogues that are still being read, which facts refer to."""
        return [c.group for c in self._consumers if c.catch_up.is_reference and not c.catch_up.done.is_set()]


def _seconds(part: Loop) -> float:
    waiting = part.waiting
    return waiting[1] if waiting else 0.0
