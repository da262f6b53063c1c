"""A consumer by its parts: what a group reads and who handles it, and what that takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.base.telemetry import Metrics
from shared.messaging.events import EVERY_EVENT, Events, Handle
from shared.messaging.log import Logs
from shared.storage.mongo import Mongo
from shared.storage.outbox import Clock, Outbox

LINGER_MS = 200
"""The broker holds a fetch this long to fill it; a record may wait twice as long, behind a fetch without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A group and its topics, by the names that the broker knows them by, and the handler of their events."""

    group: str
    topics: Sequence[str]
    handle: Handle
    events: Events = EVERY_EVENT
    linger_ms: int = LINGER_MS
    invalid_limit: int = 1_000
    """The number of unreadable records in a row beyond which something else must be wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """All that a consumer works with: the database, the outbox, the broker's logs, metrics and a clock."""

    mongo: Mongo
    outbox: Outbox
    logs: Logs
    metrics: Metrics
    clock: Clock
