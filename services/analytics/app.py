"""The analytics process: regional figures, regional feeds, and the first page."""

from services.analytics import (
    api,
    catalogue,
    consumers,
    feed,
    feed_reader,
    feed_relay,
    figures,
    page,
    views,
)
from shared.messaging.relay import Publisher
from shared.runtime.process import main
from shared.runtime.service import PLATFORM_INDEXES, Indexes, Loop, Platform, Service

INDEXES: Indexes = {**PLATFORM_INDEXES, **catalogue.INDEXES, **views.INDEXES, **feed.INDEXES}


def build(platform: Platform) -> Service:
    """Wires the service."""
    workers, numbering = consumers.views(platform), consumers.feed(platform)
    read = figures.Figures(platform.mongo, tuple(consumer.offsets for consumer in workers))
    pages = feed_reader.FeedReader(platform.mongo, tuple(consumer.offsets for consumer in numbering))
    publisher = Publisher(platform.settings.bootstrap)
    publishing = feed_relay.FeedRelay(platform.mongo, publisher, platform.lease("feed relay"), platform.settings)
    relays: list[Loop] = [platform.relay(), publishing]
    return Service(
        platform,
        routers=[api.routes(read, pages, platform.clock), page.routes()],
        workers={"worker": workers, "feed": numbering},
        loops={"relay": relays},
    )


if __name__ == "__main__":
    main("analytics", build)
