"""The analytics process: regional figures, regional feeds, and the first page."""

from collections.abc import Mapping
from datetime import timedelta

from services.analytics import consumers
from services.analytics.api import feed, figures, methods, page, public
from services.analytics.collections import COLLECTIONS
from services.analytics.disclosure.releases import Releases
from services.analytics.feed.reader import FeedReader
from services.analytics.feed.relay import FeedRelay
from services.analytics.figures.figure import Fold
from services.analytics.reads import Reads
from shared.messaging.relay import Publisher
from shared.runtime.process import main
from shared.runtime.service import Loop, Platform, Service

__all__ = ["COLLECTIONS", "build"]


def build(platform: Platform) -> Service:
    """Wires the service."""
    workers, numbering = consumers.views(platform), consumers.feed(platform)
    catalogue, reserved = workers[0], consumers.reserved(platform)
    reads: Mapping[Fold, Reads] = {
        "views": Reads(platform.mongo, [consumer.offsets for consumer in workers]),
        "reservations": Reads(platform.mongo, [catalogue.offsets, reserved.offsets]),
    }
    step = timedelta(seconds=platform.settings.public_release_seconds)
    releases = Releases(platform.mongo, reads["views"], step)
    feeds = FeedReader(platform.mongo, tuple(consumer.offsets for consumer in numbering))
    publisher = Publisher(platform.settings.bootstrap)
    publishing = FeedRelay(platform.mongo, publisher, platform.lease("feed relay"), platform.settings)
    relays: list[Loop] = [platform.relay(), publishing]
    return Service(
        platform,
        routers=[
            figures.routes(reads, platform.clock),
            methods.routes(),
            public.routes(releases, platform.clock),
            feed.routes(feeds),
            page.routes(),
        ],
        workers={"worker": [*workers, reserved], "feed": numbering},
        loops={"relay": relays},
    )


if __name__ == "__main__":
    main("analytics", build)
