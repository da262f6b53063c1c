"""`bilet audit`: who did what and who was shown whom, out of the services' audit logs."""

import argparse
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.cli import installation
from deploy.cli.options import Verb, Verbs, days, limit
from deploy.cli.readiness import within
from shared.base.settings import Settings
from shared.contracts.topics import SERVICES
from shared.http.audit import ACTORS, CORRECTIONS, LOG
from shared.storage.mongo import Document, Mongo

COLUMNS = ("at (UTC)", "service", "actor", "role", "route", "participants")
ROW = "{:<20}  {:<12}  {:<18}  {:<20}  {:<46}  {}"
TEXT = """\
Prints the newest entries of the audit logs, the oldest of them first: writes, readings that showed a person, and what
was corrected, with MACs of both values. An actor is a random id; whose it is stands in the service's audit_actors.
For instance: bilet audit --participant 4f2c… --days 30"""


def add(verbs: Verbs) -> None:
    """Adds the command."""
    audit = Verb(verbs, "audit", show, "who did what, and who was shown whom", TEXT)
    audit.option("--participant", "only what was about this pupil", "ID")
    audit.option("--actor", "only what this actor did", "ID")
    audit.option("--days", "how far back; default: 7", "N", type=days, default=7)
    audit.option("--limit", "how many at most; default: 1000", "N", type=limit, default=1_000)
    audit.flag("--json", "a line of JSON each")
    audit.data()


async def show(options: argparse.Namespace) -> int:
    """Prints the entries that match."""
    query: Document = {"at": {"$gte": datetime.now(UTC) - timedelta(days=options.days)}}
    query |= {"participants": options.participant} if options.participant else {}
    query |= {"actor": options.actor} if options.actor else {}
    settings, most = installation.servers(options.data), options.limit
    found = [await within(newest(settings, service, query, most), "MongoDB") for service in sorted(SERVICES)]
    entries = sorted((entry for some in found for entry in some), key=lambda entry: str(entry["at"]))[-most:]
    if not options.json:
        print(ROW.format(*COLUMNS) if entries else "no entries")
    for entry in entries:
        if options.json:
            print(json.dumps(entry, ensure_ascii=False))
            continue
        about = ", ".join(entry["participants"][:3]) + (" …" if len(entry["participants"]) > 3 else "")
        who = entry["service"], entry["actor"] or "", ",".join(entry["roles"])
        print(ROW.format(entry["at"][:19], *who, entry["route"], about))
    return 0


async def newest(settings: Settings, service: str, query: Document, limit: int) -> Sequence[dict[str, Any]]:
    """The newest entries of a service that match, the oldest of them first."""
    mongo = Mongo(settings.mongo_url, settings.database(service))
    try:
        rows = await mongo[LOG].find(query, {"_id": 0, "expires": 0}).sort("at", -1).limit(limit).to_list(limit)
        rows += await _corrections(mongo, query, limit)
    finally:
        mongo.close()
    rows.sort(key=lambda row: str(row["at"]))
    return [row | {"at": row["at"].isoformat(), "service": service} for row in rows[-limit:]]


async def _corrections(mongo: Mongo, query: Document, limit: int) -> Sequence[Document]:
    """The newest corrections that match, in the form of entries."""
    which = {"participant": query["participants"]} if "participants" in query else {}
    whose: Document = {"from": ACTORS, "localField": "changed.by", "foreignField": "_id", "as": "actors"}
    acted = {"actors.actor": query["actor"]} if "actor" in query else {}
    steps = ({"$match": {"at": query["at"], **which}}, {"$lookup": whose}, {"$match": acted}, {"$sort": {"at": -1}})
    return [_entry(row) for row in await mongo[CORRECTIONS].aggregate([*steps, {"$limit": limit}]).to_list(limit)]


def _entry(row: Document) -> Document:
    by, actors = row.get("changed", {}), [actor["actor"] for actor in row["actors"]]
    who = {"actor": next(iter(actors), None), "roles": by.get("roles", [])}
    what = {"person": row["person"], "field": row["field"], "old": row["old"].hex(), "new": row["new"].hex()}
    about = {"route": f"{by.get('route', '')}: {row['field']}", "participants": [row["participant"]]}
    return {"at": row["at"], **who, **about, "corrected": what}
