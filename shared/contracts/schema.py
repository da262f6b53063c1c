"""The JSON Schema of an event, and what in a newer one would break those who hold the older."""

import inspect
from collections.abc import Mapping
from typing import Any

from shared.contracts.event import Event
from shared.contracts.topics import TOPICS

Schema = Mapping[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
NOTES = frozenset({"title", "description", "default", "x-privacy"})
"""What a field's schema says that does not decide whether a value fits."""
FIXED = ("x-topic", "x-owner", "x-key", "x-subject")


def schema(event: type[Event]) -> dict[str, Any]:
    """JSON Schema 2020-12 of the record's value. What it does not name is allowed: it may be a newer minor's field."""
    own = event.model_json_schema()
    topic = next(topic for topic in TOPICS if event in topic.events)
    probe: Any = event.model_construct(None, **{name: f"{{{name}}}" for name in event.model_fields})
    return {
        "$schema": DIALECT,
        "$id": f"urn:bilet:event:{event.type}",
        "title": event.__name__,
        "description": inspect.cleandoc(event.__doc__ or ""),
        "x-topic": topic.name,
        "x-owner": topic.owner,
        "x-key": probe.key,
        "x-subject": probe.subject,
        "type": "object",
        "properties": own["properties"],
        "required": own.get("required", []),
        **({"$defs": own["$defs"]} if "$defs" in own else {}),
    }


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """Lists why who knows one of two schemas of a type could not live with the other; empty for a harmless change.

    Harmless are new fields with a default and new words. Compatibility is full, since a new consumer replays old events
    and an old one meets new events: even another value of an enumeration is another type.
    """
    before, after = old["properties"], new["properties"]
    changes = [f"`{name}` was removed" for name in before if name not in after]
    changes += [
        f"`{name}` is required and was not there" if name not in before else f"`{name}` was made required"
        for name in new["required"]
        if name not in old["required"]
    ]
    for name in before:
        if name not in after:
            continue
        if name in old["required"] and name not in new["required"]:
            changes.append(f"`{name}` was made optional")
        if _shape(before[name], old) != _shape(after[name], new):
            changes.append(f"`{name}` has another type")
        if before[name].get("x-privacy") != after[name].get("x-privacy"):
            changes.append(f"`{name}` has another privacy mark")
    changes += [f"{note} is `{new[note]}` and was `{old[note]}`" for note in FIXED if old[note] != new[note]]
    return changes


def _shape(part: Any, root: Schema) -> Any:
    """Returns the part of a schema that decides whether a value fits, with references put in place."""
    if isinstance(part, list):
        return [_shape(item, root) for item in part]
    if not isinstance(part, Mapping):
        return part
    if "$ref" in part:
        return _shape(root["$defs"][part["$ref"].rpartition("/")[2]], root)
    return {key: _shape(value, root) for key, value in part.items() if key not in NOTES}
