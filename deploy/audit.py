"""`bilet audit`: who did what and who was shown whom, out of the services' audit logs."""

import argparse
import heapq
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy import installation, option_types
from deploy.answering import within
from shared.base.settings import Settings
from shared.contracts.topics import GROUPS
from shared.http.audit import LOG
from shared.storage.mongo import Document, Mongo

ANSWER_SECONDS = 60.0
ROW = "{:<20}  {:<12}  {:<18}  {:<20}  {:<46}  {}"
TEXT = """\
Prints the newest entries of the audit logs, the oldest of them first: every write, and every reading that showed a
person. An actor is a random id; whose it is stands in the collection audit_actors of the service, unless it was erased.
For instance: bilet audit --participant 4f2c… --days 30"""


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", form: type[argparse.HelpFormatter]) -> None:
    """Adds the command."""
    audit = verbs.add_parser(
        "audit", help="who did what, and who was shown whom", description=TEXT, formatter_class=form
    )
    audit.set_defaults(run=show)
    audit.add_argument("--participant", metavar="ID", help="only what was about this pupil")
    audit.add_argument("--actor", metavar="ID", help="only what this actor did")
    audit.add_argument("--days", type=option_types.days, default=7, metavar="N", help="how far back; default: 7")
    audit.add_argument(
        "--limit", type=option_types.limit, default=1_000, metavar="N", help="how many at most; default: 1000"
    )
    audit.add_argument("--json", action="store_true", help="a line of JSON each")
    audit.add_argument("--data", metavar="FOLDER", help="data folder of the demo that is meant")


async def show(options: argparse.Namespace) -> int:
    """`bilet audit`"""
    query: Document = {"at": {"$gte": datetime.now(UTC) - timedelta(days=options.days)}}
    query |= {"participants": options.participant} if options.participant else {}
    query |= {"actor": options.actor} if options.actor else {}
    settings = installation.servers(options.data)
    entries = await within(ANSWER_SECONDS, newest(settings, query, options.limit), "MongoDB")
    for number, entry in enumerate(entries):
        if options.json:
            print(json.dumps(entry, ensure_ascii=False))
            continue
        if number == 0:
            print(ROW.format("at (UTC)", "service", "actor", "role", "route", "participants"))
        about = ", ".join(entry["participants"][:3]) + (" …" if len(entry["participants"]) > 3 else "")
        roles = ",".join(entry["roles"])
        print(ROW.format(entry["at"][:19], entry["service"], entry["actor"] or "", roles, entry["route"], about))
    if not entries and not options.json:
        print("no entries")
    return 0


async def newest(settings: Settings, query: Document, limit: int) -> Sequence[dict[str, Any]]:
    """The newest entries of all services that match, the oldest of them first."""
    found = [await _of(settings, service, query, limit) for service in sorted(set(GROUPS.values()))]
    return list(heapq.merge(*found, key=lambda entry: str(entry["at"])))[-limit:]


async def _of(settings: Settings, service: str, query: Document, limit: int) -> Sequence[dict[str, Any]]:
    mongo = Mongo(settings.mongo_url, settings.database(service))
    try:
        rows = await mongo[LOG].find(query, {"_id": 0, "expires": 0}).sort("at", -1).limit(limit).to_list(limit)
    finally:
        mongo.close()
    return [row | {"at": row["at"].isoformat(), "service": service} for row in reversed(rows)]
