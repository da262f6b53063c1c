"""One handler of each consumer group, and the effect by which a test sees that a record was applied."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from services.analytics.collections import BOOKERS, PAGES
from services.analytics.consumers import VIEWS
from services.notifications.collections import PLACES
from services.trials.collections import PARTICIPANTS
from shared.contracts.erasure import Cleared
from shared.contracts.event import Envelope, Event
from shared.messaging.consumer import BatchConsumer
from shared.runtime.service import Platform
from tests.builders import events as builders
from tests.builders.poison import POISON

MUNICIPALITIES = [f"RU-ROS-{number:03}" for number in range(len(POISON) + 2)]


@dataclass(frozen=True)
class Effect:
    """What a group does with one event: a document of its service's database, or its part of one, known by a field."""

    of: Callable[[str], Event]
    collection: str
    document: Callable[[Envelope], str]
    field: str = "_id"
    waits_for_season: bool = False
    """Whether the event waits for its season's rules."""

    async def applied(self, platform: Platform) -> list[str]:
        """The documents there are."""
        found = await platform.mongo[self.collection].find({}).to_list(None)
        return sorted(id for row in found for id in (row["ids"] if self.field == "ids" else [row[self.field]]))

    def expected(self, envelopes: Sequence[Envelope]) -> list[str]:
        """The documents that the events make."""
        return sorted(map(self.document, envelopes))


def _key(envelope: Envelope) -> str:
    return envelope.event.key


def _subject(envelope: Envelope) -> str:
    return envelope.subject


def _act(envelope: Envelope) -> str:
    assert isinstance(envelope.event, Cleared)
    return envelope.event.act


def _id(envelope: Envelope) -> str:
    return envelope.id


EFFECTS: Mapping[str, Effect] = {
    "registration.rules": Effect(builders.season, "rules", _key),
    "registration.steps": Effect(builders.diagnosed, "steps", _subject),
    "registration.erasures": Effect(builders.family_erased, "acts", _act),
    "trials.organisations": Effect(builders.municipality, "organisations", _key),
    "trials.participants.2": Effect(builders.registered, PARTICIPANTS, _key),
    "notifications.catalogue": Effect(builders.competency, "catalogue", _subject),
    "notifications.inbox": Effect(builders.registered, "notices", _id),
    "notifications.places": Effect(builders.registered, PLACES, _key),
    "analytics.catalogue": Effect(builders.municipality, "organisations", _key),
    VIEWS: Effect(builders.registered, PAGES, _key, "ids", waits_for_season=True),
    "analytics.reservations": Effect(builders.booked, BOOKERS, _key),
    "analytics.feed": Effect(builders.registered, "feed", _id, "event"),
    "analytics.feed-catalogue": Effect(builders.municipality, "feed", _id, "event"),
}


class Worker:
    """The process of one group, as its service wires it, with the consumers that run beside it."""

    def __init__(self, platform: Platform, group: str) -> None:
        self.platform = platform
        self.name = platform.settings.kafka_topic_prefix + group
        service = importlib.import_module(f"services.{platform.service}.app").build(platform)
        roles: Mapping[str, Sequence[BatchConsumer]] = service.workers
        self.consumers = next(role for role in roles.values() if self.name in {c.group for c in role})

    @property
    def polls(self) -> float:
        """How many polls of the group are committed."""
        name, labels = "bilet_consumer_poll_seconds_count", {"group": self.name}
        return self.platform.metrics.registry.get_sample_value(name, labels) or 0.0
