"""A service: the platform that its parts are built from, and the parts that each role takes."""

import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol, TypeVar

from fastapi import APIRouter
from pymongo import IndexModel

from shared.base.settings import Settings
from shared.base.telemetry import Metrics
from shared.http import audit, open_answers, permits
from shared.http.audit import AuditLog
from shared.http.exclusions import KnownExclusions
from shared.http.limits import Limits
from shared.identity.principal import Principal
from shared.identity.tokens import Tokens
from shared.messaging import deferred, published
from shared.messaging.consumer import BatchConsumer
from shared.messaging.events import EVERY_EVENT, Events, Handle
from shared.messaging.lease import Lease
from shared.messaging.log import Logs
from shared.messaging.published import Marks, Told
from shared.messaging.relay import Publisher, Relay
from shared.messaging.subscription import LINGER_MS, Resources, Subscription
from shared.runtime import key_marks
from shared.runtime.key_marks import account_key
from shared.runtime.restoration import Restoration, Restorer
from shared.storage import exclusions, losses
from shared.storage.collections import Collections, Kept
from shared.storage.decision import Aggregate
from shared.storage.exclusions import Exclusions
from shared.storage.mongo import Mongo
from shared.storage.outbox import Clock, Outbox, utcnow
from shared.storage.repository import Repository

S = TypeVar("S", bound=Aggregate)
CATALOGUE_LINGER_MS = 250
"""Who is put out of an organisation is to be so everywhere within two seconds."""


class Loop(Protocol):
    """Something that runs until cancelled and says when it last made a step."""

    name: str
    beat: float

    @property
    def waiting(self) -> tuple[str, float] | None:
        """The reason that it makes no progress, and for how many seconds; None where it does or has nothing to do."""

    async def run(self) -> None:
        """Runs until cancelled."""


class Witness(Loop, Protocol):
    """A loop of the API that is told of everybody who was answered."""

    def saw(self, who: Principal) -> None:
        """Notes a principal, with the grants that the route admits."""


class Platform:
    """The platform that every part of a service is built from."""

    def __init__(self, service: str, settings: Settings, clock: Clock = utcnow) -> None:
        self.service = service
        self.settings = settings
        self.clock = clock
        self.metrics = Metrics()
        self.mongo = Mongo(settings.mongo_url, settings.database(service))
        self.outbox = Outbox(self.mongo, service, settings.kafka_topic_prefix, clock)
        self.audit = AuditLog(self.mongo, timedelta(days=settings.audit_days), clock)
        self.exclusions = KnownExclusions(Exclusions(self.mongo))
        self.limits = Limits(settings, settings.master_key, self.mongo)
        self.tokens = Tokens(
            settings.oidc_issuer, settings.oidc_audience, account_key(settings), plain=settings.oidc_plain_jwt
        )

    def repository(self, collection: str, model: type[S]) -> Repository[S]:
        """Aggregates of this service."""
        return Repository(self.mongo, self.outbox, collection, model)

    def consumer(
        self,
        group: str,
        topics: Sequence[str],
        handle: Handle,
        after: BatchConsumer | None = None,
        linger_ms: int = LINGER_MS,
        events: Events = EVERY_EVENT,
    ) -> BatchConsumer:
        """A reader of topics; `after` is the one of the catalogue that these facts refer to."""
        prefix = self.settings.kafka_topic_prefix
        subscription = Subscription(
            group=prefix + group,
            topics=[prefix + topic for topic in topics],
            handle=handle,
            events=events,
            linger_ms=linger_ms,
            invalid_limit=self.settings.dead_letters_in_a_row,
        )
        logs = Logs(self.settings.bootstrap)
        resources = Resources(mongo=self.mongo, outbox=self.outbox, logs=logs, metrics=self.metrics, clock=self.clock)
        return BatchConsumer(subscription, resources, after)

    def catalogue(
        self, group: str, topics: Sequence[str], handle: Handle, events: Events = EVERY_EVENT
    ) -> BatchConsumer:
        """A reader of a catalogue: it changes seldom, and a broker that is asked less often has more time for facts."""
        return self.consumer(group, topics, handle, linger_ms=CATALOGUE_LINGER_MS, events=events)

    def lease(self, name: str) -> Lease:
        """A lease of this process."""
        return Lease(self.mongo, name, f"{socket.gethostname()}:{time.time_ns()}")

    def close(self) -> None:
        """Closes what it opened."""
        self.mongo.close()

    def relay(self) -> Relay:
        """The loop that publishes this service's outbox."""
        told = Told(Marks(self.mongo), self.outbox.topics)
        return Relay(self.outbox, Publisher(self.settings.bootstrap), self.lease("relay"), self.metrics, told)

    def restoration(self, restorer: Restorer) -> Restoration:
        """The comparison of the database with the service's own topics, at this process's start."""
        return Restoration(self.mongo, self.outbox, self.settings, self.lease("restoration"), restorer)


@dataclass(frozen=True)
class Service:
    """The parts of a service by role; `all` takes every one."""

    platform: Platform
    routers: Sequence[APIRouter]
    workers: Mapping[str, Sequence[BatchConsumer]] = field(default_factory=dict)
    """Consumers by role."""
    loops: Mapping[str, Sequence[Loop]] = field(default_factory=dict)
    """Loops by role."""
    checks: Sequence["Check"] = ()
    """Each passes once before a process of the API is ready."""
    witness: Witness | None = None
    restorer: Restorer | None = None
    """How the database is brought up to the service's own topics; None for one that has none."""

    @property
    def roles(self) -> set[str]:
        """The roles that a process of this service can have."""
        return {"api", "all", *self.workers, *self.loops}


Check = Callable[[], Awaitable[None]]
"""Raises Unavailable, in words for an operator, while a process could not serve what its database holds."""
Upgrade = Callable[[Mongo, Settings], Awaitable[list[str]]]
"""Brings rows of an older release up to date, again and beside its processes; tells what is left to people."""
PLATFORM_COLLECTIONS: Collections = {
    **audit.COLLECTIONS,
    **exclusions.COLLECTIONS,
    "outbox": Kept(persons=["_id", "rows"]),
    permits.COLLECTION: Kept([IndexModel("full", expireAfterSeconds=0)], persons=["_id"]),
    open_answers.COLLECTION: Kept(
        [IndexModel("until", expireAfterSeconds=0), IndexModel("account")], persons=["_id", "account"]
    ),
    "leases": Kept(),
    "offsets": Kept([IndexModel([("group", 1)])]),
    "offset_fences": Kept(),
    "offset_marks": Kept(),
    "deferred": Kept([deferred.INDEX], persons=["value", "headers"]),
    "content_faults": Kept(),
    "standstills": Kept([IndexModel([("group", 1)])]),
    key_marks.COLLECTION: Kept(),
    published.COLLECTION: Kept(),
    **losses.COLLECTIONS,
}
"""What the platform keeps in every service's database."""
