"""Registration and trials without a process: their use cases on databases, and the logs between them.

Each command is one call of the handler behind its route. What it tells waits in that service's log, and is handed to
the other one's consumer whenever a test says so: some records of some pupils, in order for each pupil, or once more.
"""

import asyncio
import os
from collections import defaultdict
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import count
from types import SimpleNamespace
from typing import Any, TypeVar, cast

from services.registration.acts import Acts
from services.registration.app import repository_of
from services.registration.consumers import RULES, STEPS, rules, steps
from services.registration.copies.store import Copies
from services.registration.repository import Repository as Register
from services.trials.consumers import PUPILS, organisations, participants
from services.trials.repository import Repository as Trials
from shared.base.settings import Settings
from shared.contracts import wire
from shared.contracts.event import Envelope
from shared.identity.grants import Grant
from shared.identity.key_ring import KeyRing
from shared.identity.principal import Principal
from shared.identity.vault import Vault
from shared.messaging.events import Handle
from shared.messaging.poll import Received
from shared.runtime.service import Platform
from shared.storage.exclusions import Exclusions
from shared.storage.mongo import Document, Mongo, Transaction
from shared.storage.outbox import Clock, Outbox

T = TypeVar("T")
NATION = Principal("operator", "operator", (Grant("national-operator", "RU"),))
SETTINGS = Settings(kafka_bootstrap_servers="", mongo_url="", master_key=bytes(range(32)), oidc_issuer="http://issuer")
EVERY = 1_000_000


@dataclass
class Log:
    """What one service has told, by key, and how far its reader has come."""

    told: list[Envelope] = field(default_factory=list)
    by_key: dict[str, list[Envelope]] = field(default_factory=lambda: defaultdict(list))
    read: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, envelope: Envelope) -> None:
        """Puts a record at the end."""
        self.told.append(envelope)
        self.by_key[envelope.event.key].append(envelope)

    def take(self, keys: Iterable[str], most: int) -> list[Envelope]:
        """Returns the next records of some keys, so many of each; they count as read."""
        taken: list[Envelope] = []
        for key in keys:
            found = self.by_key[key][self.read[key] : self.read[key] + most]
            self.read[key] += len(found)
            taken += found
        return taken

    def seen(self, key: str) -> list[Envelope]:
        """Returns the records of a key that were read."""
        return self.by_key[key][: self.read[key]]

    @property
    def waiting(self) -> list[str]:
        """The keys of which something has not been read."""
        return [key for key, told in self.by_key.items() if self.read[key] < len(told)]


class Side:
    """One service: its database, and what it has told."""

    def __init__(self, name: str, mongo: Mongo, clock: Clock) -> None:
        self.name = name
        self.mongo = mongo
        self.outbox = Outbox(mongo, name, clock=clock)
        self.log = Log()
        self.catalogue: list[Envelope] = []
        """What it tells of what it keeps for all."""

    async def publish(self) -> list[Envelope]:
        """Takes what waits in the outbox into the log; returns the part of it that belongs to the catalogue."""
        waiting = await self.outbox.pending(EVERY)
        await self.outbox.remove([document.id for document in waiting])
        told = [wire.read(row.headers, row.value) for document in waiting for row in document.rows]
        for envelope in told:
            if envelope.event.topic == f"{self.name}.events.v1":
                self.log.add(envelope)
        defined = [envelope for envelope in told if envelope.event.topic != f"{self.name}.events.v1"]
        self.catalogue += defined
        return defined

    async def hear(self, handle: Handle, told: Sequence[Envelope]) -> None:
        """Handles events as one poll."""
        received = [Received(one, one.event.topic, 0, offset) for offset, one in enumerate(told)]

        async def body(tx: Transaction) -> None:
            await handle(received, tx)

        await self.mongo.transact(body)


class Together:
    """Both services, at a time of their own."""

    def __init__(self, now: datetime, registration: Mongo, trials: Mongo) -> None:
        self.now = now
        self._ids = count(1)
        self._loop = asyncio.new_event_loop()
        self.registration = Side("registration", registration, self.clock)
        self.trials = Side("trials", trials, self.clock)
        parts = {"mongo": registration, "outbox": self.registration.outbox, "clock": self.clock, "settings": SETTINGS}
        vault = Vault(KeyRing.of(SETTINGS), os.urandom)
        self.register: Register = repository_of(cast(Platform, SimpleNamespace(**parts)), vault)
        self.seats = Trials(trials, self.trials.outbox)
        copies, acts = Copies(registration), Acts(registration)
        self._rules = RULES.of_those(partial(rules, copies, self.clock))
        self._steps = STEPS.of_those(partial(steps, copies, acts))
        self._pupils = PUPILS.of_those(partial(participants, self.seats, self.new_id))
        self._places = partial(organisations, self.seats, Exclusions(trials))

    def clock(self) -> datetime:
        """The time that both have."""
        return self.now

    def new_id(self) -> str:
        """An id that was not given before, in no order that means anything."""
        n = next(self._ids)
        return f"{(n * 7919) % 1000:03}x{n}"

    def close(self) -> None:
        """Ends what runs the use cases."""
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs a use case, and publishes what it told; catalogues are heard at once."""
        return self._loop.run_until_complete(self._published(work))

    async def _published(self, work: Coroutine[Any, Any, T]) -> T:
        result = await work
        if told := await self.registration.publish():
            await self.trials.hear(self._places, told)
        if told := await self.trials.publish():
            await self.registration.hear(self._rules, told)
        return result

    def rows(self, collection: str) -> list[Document]:
        """Returns what a collection of trials holds."""
        return self._loop.run_until_complete(self.trials.mongo[collection].find({}).to_list(None))

    def to_trials(self, told: Sequence[Envelope]) -> None:
        """Hands events of pupils to trials, as one poll."""
        self.run(self.trials.hear(self._pupils, told))

    def to_registration(self, told: Sequence[Envelope]) -> None:
        """Hands steps of pupils to registration, as one poll."""
        self.run(self.registration.hear(self._steps, told))

    def drain(self) -> None:
        """Hands over all that was told, until nobody has anything to say."""
        entered, walked = self.registration.log, self.trials.log
        while entered.waiting or walked.waiting:
            self.to_trials(entered.take(entered.waiting, EVERY))
            self.to_registration(walked.take(walked.waiting, EVERY))
