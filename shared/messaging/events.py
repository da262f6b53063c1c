"""The events that a consumer handles, and those that it ignores: each event of its topics is one or the other."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field

from shared.contracts.event import Event
from shared.contracts.topics import TOPICS
from shared.messaging.poll import Received
from shared.storage.mongo import Transaction

Handle = Callable[[Sequence[Received], Transaction], Awaitable[None]]
"""Applies a poll's events; runs again after a conflict, so it changes nothing but through the transaction."""


@dataclass(frozen=True, slots=True)
class Events:
    """A consumer's word about every event of its topics; a contract test compares it with the registry."""

    handled: frozenset[type[Event]] = field(default=frozenset())
    ignored: frozenset[type[Event]] = field(default=frozenset())
    """Their records are read and passed."""

    @classmethod
    def of(cls, handled: Collection[type[Event]], ignored: Collection[type[Event]] = ()) -> "Events":
        """Takes the events of both kinds."""
        return cls(frozenset(handled), frozenset(ignored))

    @classmethod
    def all_of(cls, topic_names: Collection[str]) -> "Events":
        """Takes whatever the topics hold, now and later: for what hands events on, and is none the wiser for them."""
        return cls.of([event for topic in TOPICS if topic.name in topic_names for event in topic.events])

    def of_those(self, handle: Handle) -> Handle:
        """Returns the handler, which is given what is handled and nothing else; of no word, it is given all."""
        if not self.handled:
            return handle

        async def handle_those(received: Sequence[Received], tx: Transaction) -> None:
            those = [record for record in received if type(record.event) in self.handled]
            if those:
                await handle(those, tx)

        return handle_those


EVERY_EVENT = Events()
"""For a consumer that makes no difference between events."""
