"""One service with one consumer of pupils, whose handler keeps what it gets."""

from collections.abc import Sequence

from services.analytics.consumers import VIEWS
from shared.contracts import topics
from shared.contracts.event import Envelope
from shared.messaging.consumer import BatchConsumer
from shared.messaging.poll import Received
from shared.messaging.subscription import LINGER_MS
from shared.runtime.service import Platform
from shared.storage.mongo import Transaction
from tests.builders.events import enveloped, registered

TOPIC = topics.REGISTRATION_EVENTS.name

GROUP = VIEWS


class Seen:
    """A handler that keeps what it gets, in the database and in the poll's transaction."""

    def __init__(self, platform: Platform) -> None:
        self.rows = platform.mongo["seen"]

    async def apply(self, received: Sequence[Received], tx: Transaction) -> None:
        await self.rows.insert_many([{"event": r.envelope.id, "offset": r.offset} for r in received], session=tx)

    async def ids(self) -> list[str]:
        return sorted(row["event"] for row in await self.rows.find({}).to_list(None))


class Fixture:
    """One service with one consumer."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.seen = Seen(platform)
        self.settings = platform.settings

    def consumer(self, linger_ms: int = LINGER_MS) -> BatchConsumer:
        return self.platform.consumer(GROUP, [TOPIC], self.seen.apply, linger_ms=linger_ms)

    async def saw(self, n: int) -> bool:
        return len(await self.seen.ids()) >= n


def pupils(n: int, start: int = 0) -> list[Envelope]:
    return [enveloped(registered(f"p{i:04d}")) for i in range(start, start + n)]
