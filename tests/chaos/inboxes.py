"""What families were told: every notice as notifications keeps it, and each family's inbox as it is read."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp

from deploy.local.system import System
from deploy.simulator.acts import Amendment
from deploy.simulator.simulation import Result
from shared.base.settings import Settings
from shared.storage.mongo import Mongo
from tests.chaos.history import History
from tests.chaos.installation import planned
from tests.verdict import same

Inboxes = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Participant → event id → notice."""


def families(result: Result, seed: int) -> dict[str, set[str]]:
    """Subject of each guardian who opened a cabinet → participants."""
    found: dict[str, set[str]] = defaultdict(set)
    for step in planned(result.scenario, seed).steps:
        if isinstance(step.act, Amendment) and step.act.kind == "link":
            found[step.actor.subject].add(result.ledger.participants[step.act.pupil.number])
    return found


async def inbox(http: aiohttp.ClientSession, running: System, guardian: str) -> list[dict[str, Any]]:
    """A guardian's whole inbox, page by page."""
    token = running.issuer.token(guardian, [{"role": "guardian"}], datetime.now(UTC).timestamp(), 3600)
    items: list[dict[str, Any]] = []
    query = {"limit": "200"}
    while True:
        address, headers = f"{running.url}/notifications/inbox", {"Authorization": f"Bearer {token}"}
        async with http.get(address, params=query, headers=headers) as answer:
            answer.raise_for_status()
            page = await answer.json()
        items += page["items"]
        if page["next"] is None:
            return items
        query["after"] = page["next"]


async def check_inboxes(running: System, settings: Settings, told: History, who: Mapping[str, set[str]]) -> Inboxes:
    """Every fact is one notice, numbered 1…N per participant, and each family reads exactly its children's."""
    kept = await _kept(settings)
    same("a fact is one notice", {participant: set(notices) for participant, notices in kept.items()}, told.facts)
    for participant, notices in kept.items():
        numbers = sorted(notice["number"] for notice in notices.values())
        same(f"notices of {participant} have no gap", numbers, list(range(1, len(numbers) + 1)))
    async with aiohttp.ClientSession() as http:
        for guardian, children in who.items():
            items = await inbox(http, running, guardian)
            read = sorted((item["participant"], item["number"], item["id"]) for item in items)
            same(f"{guardian} reads its own children's notices", read, sorted(_numbered(kept, children)))
    return kept


def _numbered(kept: Inboxes, children: set[str]) -> Iterator[tuple[str, int, str]]:
    for child in children:
        yield from ((child, notice["number"], id) for id, notice in kept[child].items())


async def _kept(settings: Settings) -> Inboxes:
    mongo = Mongo(settings.mongo_url, settings.database("notifications"))
    try:
        found: dict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
        async for notice in mongo["notices"].find({}):
            found[notice["participant"]][notice["_id"]] = notice
        return found
    finally:
        mongo.close()
