"""Events as a region's feed shows them: ids re-keyed per region and epoch, sensitive fields left out."""

from functools import cache
from typing import Any

from shared.contracts.event import Envelope, Event, Privacy
from shared.identity.keys import derive, keyed_id


@cache
def fields_marked(event_type: type[Event], mark: Privacy) -> frozenset[str]:
    """Returns the fields of an event that carry a privacy mark."""
    return frozenset(name for name, field in event_type.model_fields.items() if mark in field.metadata)


class Pseudonyms:
    """One region's keys: two regions cannot join their data, and a new epoch cannot be joined to an old one."""

    def __init__(self, master_key: bytes, region: str, epoch: int) -> None:
        self._key = derive(master_key, f"feed/{region}/{epoch}")

    def record(self, envelope: Envelope) -> dict[str, Any]:
        """Returns a feed record: `key`, CloudEvents `attributes`, and `data` as JSON text."""
        event = envelope.event
        kind = type(event)
        ids = {name: getattr(event, name) for name in fields_marked(kind, Privacy.PSEUDONYMOUS)}
        changed = {name: self._rekeyed(said) for name, said in ids.items() if said is not None}
        shown = event.model_copy(update=changed)
        return {
            "key": shown.key,
            "attributes": {
                "id": self._rekey(envelope.id),
                "source": envelope.source,
                "type": event.type,
                "subject": shown.subject,
                "time": envelope.time.isoformat(),
                "recordedtime": envelope.recordedtime.isoformat(),
                "sequence": envelope.sequence,
            },
            "data": shown.model_dump_json(exclude=set(fields_marked(kind, Privacy.SENSITIVE))),
        }

    def _rekeyed(self, said: str | tuple[str, ...]) -> str | tuple[str, ...]:
        """Returns an id, or each of a list, as the feed knows it."""
        return self._rekey(said) if isinstance(said, str) else tuple(map(self._rekey, said))

    def _rekey(self, identifier: str) -> str:
        return keyed_id(self._key, identifier)
