"""A running notifications service, and a reader of its stream."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from shared.contracts.event import Envelope
from shared.contracts.registration import AccountLinked, GuardianLinked
from shared.contracts.samples import envelopes as samples
from shared.contracts.trials import SeasonDefined, SlotOpened
from shared.contracts.venues import CompetencyApproved, VenueRegistered
from tests.builders.notifications import Story
from tests.drivers.consumers import DEADLINE, eventually, publish
from tests.drivers.service import ServiceProcess

DEFINITIONS = (SeasonDefined, CompetencyApproved, VenueRegistered, SlotOpened)


class Notifications(ServiceProcess):
    """Notifications, in role `all`."""

    service = "notifications"

    async def publish(self, *envelopes: Envelope) -> None:
        """Sends the events as their services' relays do."""
        await publish(self.settings, *envelopes)

    async def learn_catalogue(self) -> None:
        """Sends the sample's season, competency, venue and slot, and waits until they are known."""
        catalogue = [e for e in samples().values() if isinstance(e.event, DEFINITIONS)]
        await self.publish(*catalogue)
        await self.know({}, len(catalogue), "catalogue")

    def guardian(self, story: Story, subject: str) -> Envelope:
        """The subject opens a guardian's cabinet for the pupil."""
        return story.then(GuardianLinked, account=self.account(subject), guardian=f"g-{subject}")

    def own(self, story: Story, subject: str) -> Envelope:
        """The subject opens the pupil's own account."""
        return story.then(AccountLinked, account=self.account(subject))

    def headers(self, subject: str, role: str = "guardian", **others: str) -> dict[str, str]:
        """The headers of a request by a subject in a role."""
        return {**self.bearer(subject, [{"role": role}]), **others}

    async def inbox(self, headers: Mapping[str, str], **query: str | int) -> dict[str, Any]:
        """A page of the inbox."""
        async with self.http.get(f"{self.base}/notifications/inbox", params=query, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            page: dict[str, Any] = await answer.json()
            return page

    async def inbox_of(self, headers: Mapping[str, str], count: int) -> list[dict[str, Any]]:
        """The newest notices, once there are `count`."""
        items: list[dict[str, Any]] = []

        async def there() -> bool:
            items[:] = (await self.inbox(headers, limit=200))["items"]
            return len(items) >= count

        await eventually(there)
        return items

    @asynccontextmanager
    async def stream(self, headers: Mapping[str, str], after: str | None = None) -> AsyncIterator["Reader"]:
        """An open stream."""
        resumed = {**headers, "Last-Event-ID": after} if after else headers
        unlimited = aiohttp.ClientTimeout(total=None)
        async with self.http.get(f"{self.base}/notifications/stream", headers=resumed, timeout=unlimited) as answer:
            assert answer.status == 200, await answer.text()
            assert answer.content_type == "text/event-stream"
            yield Reader(answer)


@dataclass
class Reader:
    """Reads server-sent events as a browser does."""

    answer: aiohttp.ClientResponse
    last_event_id: str | None = None
    retry: int | None = None

    async def next(self, seconds: float = DEADLINE) -> dict[str, Any] | None:
        """The next notice; None when the stream has ended."""
        async with asyncio.timeout(seconds):
            event, data = "", ""
            async for raw in self.answer.content:
                name, _, content = raw.decode().rstrip("\n").partition(": ")
                match name:
                    case "id":
                        self.last_event_id = content
                    case "retry":
                        self.retry = int(content)
                    case "event":
                        event = content
                    case "data":
                        data += content
                    case "" if event == "notice":
                        notice: dict[str, Any] = json.loads(data)
                        return notice
                    case _:
                        pass
            return None

    async def opened(self) -> None:
        """Waits for the cursor that every stream begins with."""
        async with asyncio.timeout(DEADLINE):
            while (await self.answer.content.readline()) not in (b"", b"\n"):
                pass

    async def take(self, count: int) -> list[dict[str, Any]]:
        """The next `count` notices."""
        taken = [await self.next() for _ in range(count)]
        return [notice for notice in taken if notice is not None]
