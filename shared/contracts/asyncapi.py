"""The AsyncAPI 3 document of every topic: who sends what, by which key, with which headers, kept how long."""

from typing import Any

from shared.contracts import schema
from shared.contracts.event import Event
from shared.contracts.topics import EVENTS, GROUPS, PARTITIONS, TOPICS, Topic, dead_letters, region_topic
from shared.contracts.wire import REQUIRED

JSON_SCHEMA = "application/schema+json;version=draft-2020-12"
BINDING = {"bindingVersion": "0.5.0"}
KEPT_FOR_EVER = {"cleanup.policy": ["delete"], "retention.ms": -1}
ATTRIBUTES = {
    "ce_specversion": "CloudEvents 1.0.",
    "ce_id": "Unique within its source: `<subject>:<sequence>`.",
    "ce_source": "The service that emitted it, as `/registration`.",
    "ce_type": "`<subject>.<action>.v<major>`.",
    "ce_subject": "The aggregate that it happened to.",
    "ce_time": "When it happened, with the region's offset.",
    "ce_recordedtime": "When the server recorded it, UTC.",
    "ce_sequence": "Ten digits, contiguous per subject from 1, to be compared only within a subject.",
}
TIMES = ("ce_time", "ce_recordedtime")
NUMBERS = {
    "ce_seq": "The record's number in its epoch, from 1 without a gap, in the order of commit.",
    "ce_epoch": "The log's epoch: a log that was built anew has a new one, and other ids.",
}
POSITION = {
    "dlq_position": "Where the record was read: `<topic>:<partition>:<offset>`.",
    "dlq_reason": "Why it cannot be read; repeats none of its values.",
}


def document() -> dict[str, Any]:
    """The whole document, for YAML."""
    return {
        "asyncapi": "3.0.0",
        "id": "urn:bilet:events",
        "info": {
            "title": "Bilet events",
            "version": "1.0.0",
            "description": "CloudEvents 1.0 in Kafka's binary mode. Contracts are fully compatible within a major.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"kafka": _server()},
        "channels": {
            **{topic.name: _channel(topic) for topic in TOPICS},
            "region.events.v1": _region_channel(),
            **{dead_letters(group): _dead_letters_channel(group) for group in GROUPS},
        },
        "operations": _operations(),
        "components": {"messages": _messages(), "schemas": _headers()},
    }


def _server() -> dict[str, Any]:
    return {
        "host": "{host}:{port}",
        "protocol": "kafka",
        "description": "The installation's cluster.",
        "variables": {"host": {"default": "localhost"}, "port": {"default": "9092"}},
    }


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": f"{topic.purpose} Never compacted, never transactional, kept for ever.",
        "messages": {event.type: _ref("messages", event.type) for event in topic.events},
        "bindings": _bindings(PARTITIONS if topic.spread else 1),
    }


def _region_channel() -> dict[str, Any]:
    return {
        "address": region_topic("{code}"),
        "description": "One region's numbered log: its pupils' events and the catalogue. Ids of persons are re-keyed "
        "per region and epoch, sensitive fields left out. A record may come twice: drop a `ce_seq` seen in its epoch.",
        "parameters": {"code": {"description": "The region's code, as `RU-ROS`."}},
        "messages": {event: _ref("messages", f"region.{event}") for event in EVENTS},
        "bindings": _bindings(1),
    }


def _dead_letters_channel(group: str) -> dict[str, Any]:
    return {
        "address": dead_letters(group),
        "description": f"What group `{group}` could not read, byte for byte, with the reason.",
        "messages": {"dead-letter": _ref("messages", "dead-letter")},
        "bindings": _bindings(1),
    }


def _bindings(partitions: int) -> dict[str, Any]:
    return {"kafka": {"partitions": partitions, "topicConfiguration": KEPT_FOR_EVER, **BINDING}}


def _operations() -> dict[str, Any]:
    sends = {f"{topic.owner}.sends.{topic.name}": _send(topic.name, topic.purpose) for topic in TOPICS}
    sends["analytics.sends.region.events.v1"] = _send("region.events.v1", "The feed of each region.")
    for group, owner in GROUPS.items():
        name = dead_letters(group)
        sends[f"{owner}.sends.{name}"] = _send(name, f"Puts aside what group `{group}` could not read.")
    return sends


def _send(channel: str, summary: str) -> dict[str, Any]:
    return {"action": "send", "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}


def _messages() -> dict[str, Any]:
    owned = {event.type: _message(event, "event-headers") for event in EVENTS.values()}
    feed = {f"region.{event.type}": _message(event, "feed-headers") for event in EVENTS.values()}
    dead_letter = {
        "name": "dead-letter",
        "title": "Dead letter",
        "contentType": "application/octet-stream",
        "headers": _ref("schemas", "dead-letter-headers"),
    }
    return {**owned, **feed, "dead-letter": dead_letter}


def _message(event: type[Event], headers: str) -> dict[str, Any]:
    described = schema.schema(event)
    return {
        "name": event.type,
        "title": event.__name__,
        "summary": described["description"],
        "contentType": "application/json",
        "headers": _ref("schemas", headers),
        "payload": {"schemaFormat": JSON_SCHEMA, "schema": {"$ref": f"schemas/{event.type}.json"}},
        "bindings": {"kafka": {"key": {"type": "string", "description": f"`{described['x-key']}`"}, **BINDING}},
    }


def _headers() -> dict[str, Any]:
    event = {name: _header(name, text) for name, text in ATTRIBUTES.items()}
    event["content-type"] = {"type": "string", "const": "application/json"}
    required = ["ce_specversion", *REQUIRED, "content-type"]
    feed = event | {name: {"type": "string", "pattern": "^[0-9]+$", "description": t} for name, t in NUMBERS.items()}
    dead = {name: {"type": "string", "description": text} for name, text in POSITION.items()}
    return {
        "event-headers": {"type": "object", "properties": event, "required": required},
        "feed-headers": {"type": "object", "properties": feed, "required": [*required, *NUMBERS]},
        "dead-letter-headers": {"type": "object", "properties": dead, "required": list(POSITION)},
    }


def _header(name: str, text: str) -> dict[str, Any]:
    limits = {"ce_specversion": {"const": "1.0"}, "ce_sequence": {"pattern": "^[0-9]{10}$"}}
    times = {name: {"format": "date-time"} for name in TIMES}
    return {"type": "string", **(limits | times).get(name, {}), "description": text}


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}
