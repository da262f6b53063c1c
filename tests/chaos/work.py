"""What each process has in hand at an instant: rows of its outbox, records of its groups, requests in flight."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.simulator.client import Client
from deploy.simulator.command import Actor, Command
from shared.base.settings import Settings
from shared.contracts.topics import GROUPS
from shared.storage.mongo import Mongo


class Requests:
    """Requests in flight and commands not accepted yet, by service; one for everybody who talks to the gateway."""

    def __init__(self) -> None:
        self.in_flight: Counter[str] = Counter()
        self._commands: dict[int, str] = {}
        self._numbers = count()

    @contextmanager
    def asking(self, path: str) -> Iterator[None]:
        """One request, from its first byte until its answer or failure."""
        service = path.split("/")[1]
        self.in_flight[service] += 1
        try:
            yield
        finally:
            self.in_flight[service] -= 1

    @contextmanager
    def commanding(self, path: str) -> Iterator[None]:
        """One command, with all its tries."""
        number = next(self._numbers)
        self._commands[number] = path.split("/")[1]
        try:
            yield
        finally:
            del self._commands[number]

    def commands(self, service: str) -> set[int]:
        """The numbers of a service's commands that are not accepted yet."""
        return {number for number, whose in self._commands.items() if whose == service}

    def client(self) -> type[Client]:
        """The simulator's client, counting here."""
        requests = self

        class Counted(Client):
            async def perform(self, actor: Actor, command: Command) -> list[Mapping[str, Any]]:
                with requests.commanding(command.path):
                    return await super().perform(actor, command)

            async def once(self, actor: Actor, command: Command) -> Any:
                with requests.asking(command.path):
                    return await super().once(actor, command)

        return Counted


@dataclass(frozen=True, slots=True)
class InHand:
    """What a process had to do at one instant, and whether all of that is done by now."""

    size: int
    done: Callable[[], Awaitable[bool]]


class Work:
    """Looks into databases and topics through connections that stay open, so that a look takes milliseconds."""

    def __init__(self, settings: Settings, requests: Requests) -> None:
        self._prefix = settings.kafka_topic_prefix
        self._databases: dict[str, Mongo] = {
            owner: Mongo(settings.mongo_url, settings.database(owner)) for owner in set(GROUPS.values())
        }
        self._ends = AIOKafkaConsumer(bootstrap_servers=settings.bootstrap, enable_auto_commit=False)
        self._requests = requests

    async def __aenter__(self) -> Self:
        await self._ends.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._ends.stop()
        for mongo in self._databases.values():
            mongo.close()

    async def in_hand(self, process: str) -> InHand:
        """The work of a process named as `trials.relay`."""
        service, role = process.split(".")
        match role:
            case "api":
                return self._requested(service)
            case "relay" if service == "analytics":
                return await self._unpublished()
            case "relay":
                return await self._waiting(self._databases[service])
            case "feed":
                return await self._unread("analytics", lambda group: "feed" in group)
            case _:
                return await self._unread(service, lambda group: service != "analytics" or "feed" not in group)

    def _requested(self, service: str) -> InHand:
        commands = self._requests.commands(service)

        async def done() -> bool:
            return not commands & self._requests.commands(service)

        return InHand(self._requests.in_flight[service], done)

    async def _waiting(self, mongo: Mongo) -> InHand:
        found = mongo["outbox"].find({}, {"rows": {"$size": "$rows"}})
        rows = {document["_id"]: document["rows"] async for document in found}

        async def done() -> bool:
            return await mongo["outbox"].find_one({"_id": {"$in": list(rows)}}) is None

        return InHand(sum(rows.values()), done)

    async def _unpublished(self) -> InHand:
        """The feed's records that are numbered and not known to be in the region's topic."""
        mongo = self._databases["analytics"]
        heads = {f"{head['_id']}:{head['epoch']}": head["last"] async for head in mongo["feed_heads"].find({})}

        async def behind() -> int:
            published = {row["_id"]: row["seq"] async for row in mongo["feed_published"].find({})}
            return sum(max(0, last - published.get(head, 0)) for head, last in heads.items())

        async def done() -> bool:
            return await behind() == 0

        return InHand(await behind(), done)

    async def _unread(self, service: str, is_its: Callable[[str], bool]) -> InHand:
        """The records that the groups of one role have not handled."""
        mongo = self._databases[service]
        groups = {self._prefix + group for group, owner in GROUPS.items() if owner == service and is_its(group)}
        rows = await mongo["offsets"].find({"group": {"$in": sorted(groups)}}).to_list(None)
        partitions = {TopicPartition(row["topic"], row["partition"]) for row in rows}
        ends = await self._ends.end_offsets(sorted(partitions)) if partitions else {}
        behind = {row["_id"]: ends[TopicPartition(row["topic"], row["partition"])] for row in rows}

        async def done() -> bool:
            stored = await mongo["offsets"].find({"_id": {"$in": list(behind)}}).to_list(None)
            return all(row["next"] >= behind[row["_id"]] for row in stored)

        return InHand(sum(max(0, behind[row["_id"]] - row["next"]) for row in rows), done)
