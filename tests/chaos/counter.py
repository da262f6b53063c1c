"""Counts a region's season again from the records of its feed; shares no code with the platform that it checks."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp
from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.chaos.told import Pupil, Record, enrolled, in_revision

STAGES = ("registered", "participated", "tested", "attended", "completed", "recommended")
PAGE = 1000


class FeedBroken(AssertionError):
    """The feed breaks its promise: a gap, a repetition, or two epochs where one is promised."""


@dataclass(frozen=True)
class Figures:
    """What a feed makes of one season, in the shapes of the API's answers."""

    funnel: Mapping[str, int]
    """Every stage and `guardians`."""
    municipalities: Sequence[Mapping[str, Any]]
    ranking: Sequence[Mapping[str, Any]]
    competencies: Sequence[Mapping[str, Any]]
    approved: int
    """Competencies in the catalogue."""


async def read_http(http: aiohttp.ClientSession, url: str, region: str, token: str) -> list[Record]:
    """The whole feed by cursor from 0; raises FeedBroken unless it is 1…watermark, each event once."""
    records: list[Record] = []
    page = await _page(http, url, region, token, "0")
    epoch = page["epoch"]
    while page["events"]:
        records += map(_of_http, page["events"])
        page = await _page(http, url, region, token, page["next"])
    if len(records) != page["watermark"] or page["epoch"] != epoch:
        raise FeedBroken(
            f"{len(records)} records of epoch {epoch}, the watermark is {page['epoch']}:{page['watermark']}"
        )
    check(records)
    return records


def _of_http(event: Mapping[str, Any]) -> Record:
    said = {name: event[name] for name in ("epoch", "seq", "id", "type", "data", "sequence")}
    time, recorded = event["time"], event["recordedtime"]
    return Record(**said, day=time[:10], time=datetime.fromisoformat(time), recorded=recorded)


async def _page(http: aiohttp.ClientSession, url: str, region: str, token: str, after: str) -> Mapping[str, Any]:
    address, query = f"{url}/analytics/regions/{region}/feed", {"after": after, "limit": str(PAGE)}
    async with http.get(address, params=query, headers={"Authorization": f"Bearer {token}"}) as answer:
        answer.raise_for_status()
        page: Mapping[str, Any] = await answer.json()
        return page


async def read_kafka(servers: Sequence[str], topic: str) -> list[Record]:
    """The newest epoch of the feed's topic without repeated numbers; raises FeedBroken unless it is 1…N in order."""
    consumer = AIOKafkaConsumer(bootstrap_servers=list(servers), enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        await consumer.seek_to_beginning(partition)
        read = []
        while await consumer.position(partition) < end:
            for batch in (await consumer.getmany(partition, timeout_ms=1000)).values():
                read += [_of_kafka(message) for message in batch if message.offset < end]
    finally:
        await consumer.stop()
    records = newest(read)
    check(records)
    return records


def _of_kafka(message: Any) -> Record:
    attributes = {name: content.decode() for name, content in message.headers}
    return Record(
        int(attributes["ce_epoch"]),
        int(attributes["ce_seq"]),
        attributes["ce_id"],
        attributes["ce_type"],
        json.loads(message.value),
        attributes["ce_time"][:10],
        attributes["ce_sequence"],
        datetime.fromisoformat(attributes["ce_time"]),
        attributes["ce_recordedtime"],
    )


def newest(read: Iterable[Record]) -> list[Record]:
    """The records of the newest epoch as they first came; raises FeedBroken where a repetition says something else."""
    read = list(read)
    epoch = max((record.epoch for record in read), default=0)
    first: dict[int, Record] = {}
    for record in read:
        if record.epoch == epoch and first.setdefault(record.seq, record) != record:
            raise FeedBroken(f"number {record.seq} of epoch {epoch} is two different records")
    return list(first.values())


def check(records: Sequence[Record]) -> None:
    """Raises FeedBroken unless the records are numbered 1…N of one epoch, in order, each event once."""
    for expected, record in enumerate(records, 1):
        if record.seq != expected or record.epoch != records[0].epoch:
            raise FeedBroken(f"{record.epoch}:{record.seq} where {records[0].epoch}:{expected} is due")
    twice = [id for id, times in Counter(record.id for record in records).items() if times > 1]
    if twice:
        raise FeedBroken(f"{len(twice)} events stand in the feed twice, as {twice[0]}")


def rules_of(records: Iterable[Record], season: str) -> Mapping[str, Any]:
    """The rules of a season by the newest word of the feed; raises FeedBroken where there is none."""
    found = [
        record.data for record in records if record.type == "season.defined.v1" and record.data["season"] == season
    ]
    if not found:
        raise FeedBroken(f"the feed does not define season {season}")
    return found[-1]


def count(records: Iterable[Record], season: str) -> Figures:
    """The figures of a season; its rules and all names are those of the feed."""
    records = list(records)
    names: dict[tuple[str, str], str] = {}
    rules, region = rules_of(records, season), ""
    for record in records:
        data = record.data
        if record.type in ("organisation.defined.v1", "competency.approved.v1"):
            names[record.type.split(".")[0], data["code"]] = data["name"]
            region = data["code"] if data.get("kind") == "region" else region
    pupils = enrolled(in_revision(records, season), season, region, rules["closes"])
    rows = _municipalities(pupils, rules, names)
    return Figures(
        funnel={
            **{stage: sum(row[stage] for row in rows) for stage in STAGES},
            "guardians": len({guardian for pupil in pupils for guardian in pupil.guardians}),
        },
        municipalities=rows,
        ranking=_ranking(rows),
        competencies=_competencies(pupils, names),
        approved=sum(kind == "competency" for kind, _ in names),
    )


def _municipalities(
    pupils: Iterable[Pupil], rules: Mapping[str, Any], names: Mapping[tuple[str, str], str]
) -> list[dict[str, Any]]:
    stages: dict[str, Counter[str]] = defaultdict(Counter)
    guardians: dict[str, set[str]] = defaultdict(set)
    for pupil in pupils:
        _, municipality = pupil.place(rules["closes"])
        stages[municipality].update(pupil.stages(rules))
        guardians[municipality] |= pupil.guardians
    return [
        {
            "municipality": code,
            "name": names["organisation", code],
            **{stage: stages[code][stage] for stage in STAGES},
            "guardians": len(guardians[code]),
        }
        for code in sorted(stages)
    ]


def _ranking(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """By the exact share of the tested who completed; ranks as in sport."""
    tested = [row for row in rows if row["tested"]]
    ranked = []
    for row in sorted(tested, key=lambda row: (-row["completed"] / row["tested"], row["municipality"])):
        # Fractions of small whole numbers are equal exactly when their crosswise products are.
        better = [r for r in tested if r["completed"] * row["tested"] > row["completed"] * r["tested"]]
        entry = {name: row[name] for name in ("municipality", "name", "completed", "tested")}
        ranked.append({"rank": 1 + len(better), "share": row["completed"] / row["tested"], **entry})
    return ranked


def _competencies(pupils: Iterable[Pupil], names: Mapping[tuple[str, str], str]) -> list[dict[str, Any]]:
    booked: Counter[str] = Counter()
    attended: Counter[str] = Counter()
    for pupil in pupils:
        booked.update(pupil.trials("booking"))
        attended.update(pupil.trials("attendance"))
    codes = sorted(booked.keys() | attended.keys(), key=lambda code: (-attended[code], -booked[code], code))
    return [
        {"competency": c, "name": names.get(("competency", c), c), "attended": attended[c], "booked": booked[c]}
        for c in codes
    ]
