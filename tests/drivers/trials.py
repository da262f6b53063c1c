"""A running trials service, and what a test asks of it."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.local.stack import Infrastructure
from services.trials.collections import PARTICIPANTS
from shared.contracts.event import Envelope, Event
from shared.contracts.registration import ConsentGiven, ConsentWithdrawn
from tests.builders.events import PLACE, enveloped, guardian_linked, region, registered
from tests.builders.trials import INSTRUMENT, OFFER, RULES, VENUE, attempt, college, present, seat
from tests.drivers.consumers import publish
from tests.drivers.service import Answer, ServiceProcess, installed

RUNNING = "running"
"""A season whose dates are around today's: a family acts now."""
NAVIGATOR = {"role": "navigator", "org": "RU-ROS-001-S01"}
STRANGER = {"role": "navigator", "org": "RU-ROS-001-S02"}
HOST = {"role": "venue", "org": VENUE}


@dataclass
class Trials(ServiceProcess):
    """Trials, in role `all`, with a season that is ready to be played."""

    service = "trials"

    _last: Counter[str] = field(default_factory=Counter)

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        role: str = "national-operator",
        org: str | None = "RU",
        base: str | None = None,
        **headers: str,
    ) -> Answer:
        """A request by someone who has one role; of a guardian or pupil, `org` is the subject."""
        family = role in ("guardian", "pupil")
        grant = {"role": role} if family else {"role": role, "org": org}
        subject = org if family and org else "someone"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.request(method, path, body, self.bearer(subject, [grant]) | named, base)

    async def must(self, method: str, path: str, body: Any = None, **who: Any) -> Any:
        """The body of a request that succeeds."""
        answer = await self.ask(method, path, body, **who)
        assert answer.status in (200, 201), answer
        return answer.body

    async def publish(self, *events: Event, time: datetime | None = None) -> None:
        """Sends events of registration, numbered per subject, as its relay does."""
        envelopes = []
        for event in events:
            self._last[event.subject] += 1
            envelope = enveloped(event, self._last[event.subject], time)
            envelopes.append(replace(envelope, recordedtime=datetime.now(UTC)))
        await publish(self.settings, *envelopes)

    async def enrol(self, *participants: str, consent: bool = True, **changed: Any) -> None:
        """Pupils become known here: registered in the season and, unless said otherwise, with consent."""
        for id in participants:
            await self.publish(registered(id, **changed))
            if consent:
                place = {**PLACE, **{key: value for key, value in changed.items() if key in PLACE}}
                await self.publish(ConsentGiven(**{**place, "participant": id, "version": "1", "channel": "paper"}))
        await self.know({"_id": {"$in": list(participants)}, "consent": consent}, len(participants), PARTICIPANTS)

    async def withdraw(self, participant: str, time: datetime) -> None:
        """The guardian takes the consent back; returns once it is known here."""
        await self.publish(ConsentWithdrawn(**{**PLACE, "participant": participant}), time=time)
        await self.know({"_id": participant, "consent": False}, 1, PARTICIPANTS)

    async def consent(self, participant: str, time: datetime) -> None:
        """The guardian consents, again for instance; returns once it is known here."""
        given = ConsentGiven(**{**PLACE, "participant": participant, "version": "2", "channel": "paper"})
        await self.publish(given, time=time)
        await self.know({"_id": participant, "consent": True}, 1, PARTICIPANTS)

    async def link(self, participant: str, subject: str) -> None:
        """The subject opens a guardian's cabinet for the pupil."""
        await self.publish(guardian_linked(participant, account=self.account(subject)))
        await self.know({"_id": participant, "accounts.account": self.account(subject)}, 1, PARTICIPANTS)

    async def slot(self, **changed: Any) -> str:
        """Opens a slot; its id."""
        offer = {**OFFER, "venue": VENUE, "season": "2020", **changed}
        opened = await self.must("POST", "/slots", offer, role="venue", org=VENUE)
        return str(opened["slot"])

    async def booked(self, pupil: str, *days: str) -> list[str]:
        """The slots of these days, each with one seat, that of the pupil."""
        slots = [await self.slot(starts_at=f"{day}T14:00:00+03:00", capacity=1) for day in days]
        by = {"role": "navigator", "org": PLACE["school"]}
        for slot in slots:
            seat = {"participant": pupil, "occurred_at": "2020-09-20T10:00:00+03:00"}
            await self.must("POST", f"/slots/{slot}/bookings", seat, **by)
        return slots

    async def seats(self, slot: str) -> int:
        """The seats of a slot that are taken."""
        row = await self.mongo["slots"].find_one({"_id": slot})
        assert row is not None
        return int(row["booked"])

    async def walked(self, pupil: str) -> list[tuple[str, str]]:
        """Types and days of what was published of a pupil."""
        found = [e for e in await self.published("trials.events.v1") if e.event.key == pupil]
        return [(e.event.type.removesuffix(".v1"), e.day.isoformat()) for e in sorted(found, key=lambda e: e.sequence)]


@asynccontextmanager
async def trials_service(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    """A service of its own; the catalogue of a season is there."""
    async with installed(Trials, infrastructure) as running:
        await _furnish(running)
        yield running


async def _furnish(running: Trials) -> None:
    """The catalogue of a season: instruments, rules, competencies and a venue."""
    await running.publish(region(), college())
    await running.know({}, 2, "organisations")
    for code in ("readiness", "interests"):
        await running.must("PUT", f"/diagnostics/{code}", INSTRUMENT)
    await running.must("PUT", "/seasons/2020", RULES)
    today = datetime.now(UTC).date()
    days = {"opens": str(today - timedelta(days=30)), "closes": str(today + timedelta(days=30))}
    await running.must("PUT", f"/seasons/{RUNNING}", {**RULES, **days})
    for code in ("gov", "games"):
        await running.must("PUT", f"/competencies/{code}", {"name": code})
    for season in ("2020", RUNNING):
        venue = {"organisation": VENUE, "name": "Колледж", "registry": "regional", "season": season}
        await running.must("PUT", f"/venues/{VENUE}", venue, role="regional-operator", org="RU-ROS")


def problems(answer: Mapping[str, Any]) -> list[tuple[str, str] | None]:
    """Of each item: slug and pointer of its problem."""
    found = (item.get("problem") for item in answer["items"])
    return [problem and (problem["type"], problem["errors"][0]["pointer"]) for problem in found]


async def completed(trials: Trials, id: str) -> None:
    """The pupil goes the whole way."""
    await trials.enrol(id)
    tests = [attempt(id, "readiness"), attempt(id, "interests")]
    await trials.must("POST", "/attempts/batch", {"attempts": tests}, **NAVIGATOR)
    for day in ("2020-10-05", "2020-10-06"):
        slot = await trials.slot(starts_at=f"{day}T14:00:00+03:00")
        await trials.must("POST", f"/slots/{slot}/bookings", seat(id), **NAVIGATOR)
        await trials.must("POST", f"/slots/{slot}/attendance", [present(id, day)], **HOST)


async def history(trials: Trials) -> list[Envelope]:
    """All that was published, the catalogue first."""
    return [*await trials.published("trials.catalogue.v1"), *await trials.published("trials.events.v1")]


async def states(trials: Trials) -> dict[str, Any]:
    """Paths and the catalogue as they are stored, but for what no event tells and who did it."""
    kept: dict[str, Any] = {}
    catalogue = ("slots", "venues", "venue_applications", "programmes", "seasons", "competencies")
    for name in ("paths", *catalogue, "payment_acts", "payment_lines"):
        async for row in trials.mongo[name].find({}):
            away = {"changed", "held", "attempts", "ref", "in_use", "history"}
            bare = {field: value for field, value in row.items() if field not in away}
            revisions = bare.get("revisions", ()) if name == "seasons" else ()
            for part in (*bare.get("attendances", ()), *bare.get("lessons", ()), *revisions):
                part["reason"] = None
            kept[f"{name} {row['_id']}"] = bare
    return kept
