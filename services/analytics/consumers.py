"""Which topics analytics reads, in which groups, and which of them waits for which."""

from collections.abc import Sequence

from services.analytics.catalogue import Catalogue
from services.analytics.domain import FOLD
from services.analytics.feed import Feed
from services.analytics.views import ViewsWriter
from shared.contracts import topics
from shared.messaging.consumer import BatchConsumer
from shared.runtime.service import Platform

CATALOGUE = [topics.REGISTRATION_CATALOGUE.name, topics.TRIALS_CATALOGUE.name]
FACTS = [topics.REGISTRATION_EVENTS.name, topics.TRIALS_EVENTS.name]
VIEWS = f"analytics.views.{FOLD}"
FEED_LINGER_MS = 50
"""Every reader of a region waits for this group, and its polls are the cheapest: small ones are affordable."""


def views(platform: Platform) -> Sequence[BatchConsumer]:
    """The figures: the catalogue, then the facts."""
    writer = ViewsWriter(platform.mongo, platform.settings.kafka_topic_prefix + VIEWS)
    catalogue = platform.catalogue("analytics.catalogue", CATALOGUE, Catalogue(platform.mongo, writer).apply)
    facts = platform.consumer(VIEWS, FACTS, writer.apply, after=catalogue)
    facts.is_shown_whole = True
    return [catalogue, facts]


def feed(platform: Platform) -> Sequence[BatchConsumer]:
    """The regional feeds: the catalogue, then the facts."""
    numbering = Feed(platform.mongo, platform.settings.master_key, platform.clock)
    catalogue = platform.consumer("analytics.feed-catalogue", CATALOGUE, numbering.apply)
    return [
        catalogue,
        platform.consumer("analytics.feed", FACTS, numbering.apply, after=catalogue, linger_ms=FEED_LINGER_MS),
    ]
