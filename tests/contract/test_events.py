"""Contracts as a product: each event has an owner, a sample, marked fields and a schema that is not broken unseen."""

import copy
import inspect
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from shared.contracts import export, registration, trials, wire
from shared.contracts.event import Envelope, Event, Privacy
from shared.contracts.samples import envelopes
from shared.contracts.schema import breaking_changes, schema
from shared.contracts.topics import EVENTS, GROUPS, TOPICS, dead_letters
from shared.contracts.wire import InvalidMessage

SAMPLES = envelopes()
HERE = Path(export.__file__).parent
each_event = pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
each_sample = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES.keys())


def _concrete(event: type[Event]) -> list[type[Event]]:
    below = [found for child in event.__subclasses__() for found in _concrete(child)]
    return [event, *below] if "type" in vars(event) else below


def test_every_event_that_is_written_down_is_in_the_registry_under_one_owner() -> None:
    written = [event for event in _concrete(Event) if event.__module__.startswith("shared.contracts.")]
    assert {event.type for event in written} == set(EVENTS) == set(SAMPLES)
    assert sum(len(topic.events) for topic in TOPICS) == len(EVENTS)
    assert all(event.topic == topic.name for topic in TOPICS for event in topic.events)


@each_event
def test_every_event_says_what_it_means_and_how_private_each_field_is(event: type[Event]) -> None:
    assert (inspect.getdoc(event) or "").endswith(".")
    assert event.__doc__ != next(base for base in event.__mro__[1:]).__doc__
    for name, field in event.model_fields.items():
        marks = [mark for mark in field.metadata if isinstance(mark, Privacy)]
        assert len(marks) == 1, f"{event.__name__}.{name}"


@each_event
def test_a_name_is_subject_action_and_major(event: type[Event]) -> None:
    subject, action, major = event.type.split(".")
    assert subject.isalpha()
    assert action.isalpha()
    assert major[0] == "v"
    assert int(major[1:]) >= 1
    words = event.__name__.lower()
    assert action in words


@each_event
def test_a_schema_is_valid_json_schema_with_a_mark_on_each_field(event: type[Event]) -> None:
    described = schema(event)
    Draft202012Validator.check_schema(described)
    assert all(field["x-privacy"] in set(Privacy) for field in described["properties"].values())
    assert described["x-owner"] == SAMPLES[event.type].source.removeprefix("/")


@each_sample
def test_a_sample_fits_the_committed_schema_and_a_wrong_one_does_not(sample: Envelope) -> None:
    committed = json.loads((HERE / f"schemas/{sample.event.type}.json").read_text())
    data = json.loads(wire.value(sample))
    validator = Draft202012Validator(committed, format_checker=Draft202012Validator.FORMAT_CHECKER)
    validator.validate(data)
    for name in committed["required"]:
        assert not validator.is_valid({field: value for field, value in data.items() if field != name})
        assert not validator.is_valid(data | {name: {}})


@each_sample
def test_a_committed_sample_is_read_by_today_s_class(sample: Envelope) -> None:
    committed = json.loads((HERE / f"samples/{sample.event.type}.json").read_text())
    assert EVENTS[committed["type"]].model_validate(committed["data"]) == sample.event


@each_sample
def test_an_event_survives_the_wire(sample: Envelope) -> None:
    assert wire.read(wire.headers(sample), wire.value(sample)) == sample


@each_sample
def test_headers_are_those_of_cloudevents_in_kafka_s_binary_mode(sample: Envelope) -> None:
    headers = dict(wire.headers(sample))
    assert headers.pop("content-type") == b"application/json"
    assert headers["ce_specversion"] == b"1.0"
    assert {"ce_id", "ce_source", "ce_type"} < headers.keys()
    for name in headers:
        prefix, attribute = name[:3], name[3:]
        assert prefix == "ce_"
        assert attribute.isascii(), "an attribute's name is of lower-case letters and digits"
        assert attribute.isalnum()
        assert attribute == attribute.lower()


@each_sample
def test_a_field_of_a_newer_minor_is_ignored(sample: Envelope) -> None:
    newer = json.dumps(json.loads(wire.value(sample)) | {"of_a_newer_minor": {"a": [1]}}).encode()
    assert wire.read(wire.headers(sample), newer) == sample


@each_sample
def test_an_event_is_not_built_with_a_field_that_it_does_not_have(sample: Envelope) -> None:
    with pytest.raises(ValidationError, match="misspelt"):
        type(sample.event).model_validate({**dict(sample.event), "misspelt": True})


def _without(headers: list[tuple[str, bytes | None]], name: str) -> list[tuple[str, bytes | None]]:
    return [header for header in headers if header[0] != name]


@pytest.mark.parametrize(
    ("headers", "value", "reason"),
    [
        (lambda h: h, b"{", "does not match"),
        (lambda h: h, b"[]", "does not match"),
        (lambda h: h, b'{"code": "secret"}', "name: missing"),
        (lambda h: h, None, "no value"),
        (lambda h: _without(h, "ce_id"), b"{}", "ce_id"),
        (lambda h: [*_without(h, "ce_time"), ("ce_time", None)], b"{}", "ce_time"),
        (lambda h: [*_without(h, "ce_type"), ("ce_type", b"\xff")], b"{}", "not UTF-8"),
        (lambda h: [*_without(h, "ce_type"), ("ce_type", b"never.heard.v1")], b"{}", "unknown event type"),
        (lambda h: [*_without(h, "ce_time"), ("ce_time", b"noon")], b'{"code":"a","name":"b"}', "not a time"),
        (
            lambda h: [*_without(h, "ce_time"), ("ce_time", b"2020-01-01T00:00:00")],
            b'{"code":"a","name":"b"}',
            "offset",
        ),
        (
            lambda h: [*_without(h, "ce_time"), ("ce_time", b"2020-01-01T00:00:00+03:00:30")],
            b'{"code":"a","name":"b"}',
            "whole minutes",
        ),
        (lambda h: h, b'{"code":"a","name":"' + b"b" * wire.LARGEST + b'"}', "at most"),
        (lambda h: [*h, ("more", b"b" * wire.LARGEST)], b'{"code":"a","name":"b"}', "at most"),
    ],
)
def test_what_can_never_be_read_is_told_without_its_values(
    headers: Callable[[Any], Any], value: bytes | None, reason: str
) -> None:
    sample = SAMPLES["competency.approved.v1"]
    with pytest.raises(InvalidMessage, match=reason) as refusal:
        wire.read(headers(list(wire.headers(sample))), value)
    assert "secret" not in str(refusal.value)


def test_the_json_form_carries_the_same_attributes_as_the_headers() -> None:
    sample = SAMPLES[trials.TrialAttended.type]
    form = wire.as_json(sample, {})
    headers = {name.removeprefix("ce_"): value.decode() for name, value in wire.headers(sample)}
    assert form.pop("data") == {}
    assert form.pop("datacontenttype") == headers.pop("content-type")
    assert form == headers


def _change(edit: Callable[[dict[str, Any]], object]) -> list[str]:
    old = schema(registration.ParticipantRegistered)
    new = copy.deepcopy(old)
    edit(new)
    return breaking_changes(old, new)


BREAKING: dict[str, Callable[[dict[str, Any]], object]] = {
    "`season` was removed": lambda s: s["properties"].pop("season"),
    "`disability` was made required": lambda s: s["required"].append("disability"),
    "`season` was made optional": lambda s: s["required"].remove("season"),
    "`letter` is required and was not there": lambda s: (
        s["properties"].update(letter={"type": "string", "x-privacy": "public"}),
        s["required"].append("letter"),
    ),
    "`grade` has another type": lambda s: s["properties"]["grade"].update(type="string"),
    "`region` has another type": lambda s: s["properties"]["region"].update(enum=["RU-ROS"]),
    "`disability` has another privacy mark": lambda s: s["properties"]["disability"].update({"x-privacy": "public"}),
    "x-key is `{region}` and was `{participant}`": lambda s: s.update({"x-key": "{region}"}),
}
HARMLESS: dict[str, Callable[[dict[str, Any]], object]] = {
    "nothing": lambda s: None,
    "a new optional field": lambda s: s["properties"].update(
        track={"type": "string", "default": "", "x-privacy": "public"}
    ),
    "better words": lambda s: s.update(description="A pupil was entered."),
    "better words of a field": lambda s: s["properties"]["grade"].update(description="Of the school.", title="Class"),
    "the order of required fields": lambda s: s["required"].reverse(),
}


@pytest.mark.parametrize(("change", "edit"), BREAKING.items(), ids=BREAKING.keys())
def test_a_breaking_change_is_named(change: str, edit: Callable[[dict[str, Any]], object]) -> None:
    assert change in _change(edit)


@pytest.mark.parametrize("edit", HARMLESS.values(), ids=HARMLESS.keys())
def test_a_harmless_change_is_let_through(edit: Callable[[dict[str, Any]], object]) -> None:
    assert _change(edit) == []


def test_the_generated_files_are_up_to_date() -> None:
    assert export.export(HERE, check=True) == []


def test_a_file_that_drifted_is_missing_or_comes_from_nothing_is_named(tmp_path: Path) -> None:
    assert export.export(tmp_path, check=False) == []
    (tmp_path / "asyncapi.yaml").write_text("asyncapi: 2.0.0\n")
    (tmp_path / "samples/trial.booked.v1.json").unlink()
    (tmp_path / "samples/never.heard.v1.json").write_text("{}")
    assert sorted(export.export(tmp_path, check=True)) == [
        "asyncapi.yaml: out of date",
        "samples/never.heard.v1.json: generated from nothing, delete it",
        "samples/trial.booked.v1.json: missing",
    ]


def test_a_broken_contract_is_refused_and_nothing_is_written_over_it(tmp_path: Path) -> None:
    shutil.copytree(HERE / "schemas", tmp_path / "schemas")
    shutil.copytree(HERE / "samples", tmp_path / "samples")
    frozen = tmp_path / "schemas/trial.booked.v1.json"
    older = json.loads(frozen.read_text())
    older["properties"]["seat"] = {"type": "integer", "x-privacy": "public"}
    frozen.write_text(json.dumps(older))
    sample = tmp_path / "samples/slot.opened.v1.json"
    unreadable = json.loads(sample.read_text())
    del unreadable["data"]["capacity"]
    sample.write_text(json.dumps(unreadable))
    (tmp_path / "schemas/slot.painted.v1.json").write_text("{}")
    assert export.export(tmp_path, check=False) == [
        "slot.painted.v1: the event was removed",
        "trial.booked.v1: `seat` was removed",
        "slot.opened.v1: its committed sample can no longer be read",
    ]
    assert "seat" in json.loads(frozen.read_text())["properties"]
    assert not (tmp_path / "asyncapi.yaml").exists()


def test_asyncapi_holds_every_topic_every_message_and_only_references_that_exist() -> None:
    document = yaml.safe_load((HERE / "asyncapi.yaml").read_text())
    channels = document["channels"]
    assert {topic.name for topic in TOPICS} | {dead_letters(group) for group in GROUPS} < channels.keys()
    for topic in TOPICS:
        assert list(channels[topic.name]["messages"]) == [event.type for event in topic.events]
        assert f"{topic.owner}.sends.{topic.name}" in document["operations"]
    assert channels["region.events.v1"]["address"] == "region.{code}.events.v1"
    references = list(_references(document))
    assert len(references) > len(EVENTS)
    for reference in references:
        assert _exists(reference, document), reference


def _references(part: Any) -> Any:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for value in part.values():
            yield from _references(value)


def _exists(reference: str, document: Any) -> bool:
    if not reference.startswith("#/"):
        return (HERE / reference).is_file()
    for step in reference.removeprefix("#/").split("/"):
        document = document.get(step, {})
    return bool(document)
