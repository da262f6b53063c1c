"""A tiny season of its own for one test, set up through the public API as its people would."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deploy.cli.lag import backlog
from shared.base.settings import Settings
from tests.drivers.consumers import eventually
from tests.e2e.conftest import Client

NATION, DEADLINE = ("national-operator:RU",), 60.0
RULES = {
    "name": "Сезон",
    "opens": "2020-07-07",
    "closes": "2020-12-16",
    "grades": [6, 11],
    "diagnostics": ["e2e"],
    "trials_required": 1,
    "recommendation_gate": "after-all-stages",
}
INSTRUMENT = {
    "name": "Интересы",
    "method": "statements rated by agreement",
    "scales": [{"code": "people", "name": "Люди"}],
    "options": [{"code": "no", "points": 0}, {"code": "yes", "points": 1}],
    "items": [{"code": "q1", "scale": "people"}, {"code": "q2", "scale": "people"}],
}


@dataclass(frozen=True)
class World:
    """A region with a municipality, a school and a venue, and a season in it."""

    client: Client
    region: str
    season: str

    @property
    def municipality(self) -> str:
        return f"{self.region}-001"

    @property
    def school(self) -> str:
        return f"{self.municipality}-S01"

    @property
    def venue(self) -> str:
        return f"{self.municipality}-V01"

    @property
    def operator(self) -> Sequence[str]:
        return (f"regional-operator:{self.region}",)

    @property
    def navigator(self) -> Sequence[str]:
        return (f"navigator:{self.school}",)

    @property
    def host(self) -> Sequence[str]:
        return (f"venue:{self.venue}",)

    def pupil(self, number: int = 1, **changed: Any) -> dict[str, Any]:
        """A line of a roster of 7А, with a guardian and a consent."""
        line = {
            "external_ref": str(number),
            "name": f"Соколова Мария {number}",
            "birth_date": "2013-03-02",
            "grade": 7,
            "guardian": {"ref": f"g{number}", "name": f"Соколов Олег {number}"},
            "consent": {"version": "1", "given_at": "2020-09-01T09:00:00+03:00", "channel": "paper"},
        }
        return {**line, **changed}

    def roster(self, pupils: Sequence[Any], **changed: Any) -> dict[str, Any]:
        """The body of a roster."""
        body = {"season": self.season, "school": self.school, "class": "7А", "occurred_at": "2020-09-02T10:00:00+03:00"}
        return {**body, "pupils": list(pupils), **changed}

    def attempt(self, participant: str, ref: str = "a1", **changed: Any) -> dict[str, Any]:
        """An attempt with all answers."""
        attempt = {"ref": ref, "participant": participant, "season": self.season, "diagnostic": "e2e"}
        return {**attempt, "answers": {"q1": "yes", "q2": "no"}, "occurred_at": "2020-09-10T11:00:00+03:00", **changed}

    async def register(self, pupils: Sequence[Any]) -> list[dict[str, Any]]:
        """The items of an accepted roster."""
        body = self.roster(pupils)
        answer = await self.client.ok("POST", "/registration/rosters", body, by=self.navigator)
        return list(answer["items"])

    async def slot(self, ref: str, capacity: int = 8, **changed: Any) -> str:
        """The id of a slot on the 5th of October."""
        body: dict[str, Any] = {"venue": self.venue, "season": self.season, "competency": "gov", "kind": "trial"}
        body |= {"ref": ref}
        body |= {"starts_at": "2020-10-05T15:00:00+03:00", "minutes": 90, "capacity": capacity, "grades": [6, 11]}
        body |= {"occurred_at": "2020-09-20T10:00:00+03:00", **changed}
        return str((await self.client.ok("POST", "/trials/slots", body, by=self.host))["slot"])

    async def funnel(self) -> dict[str, Any]:
        """The region's funnel."""
        path = f"/analytics/regions/{self.region}/funnel?season={self.season}"
        return dict(await self.client.ok("GET", path, by=self.operator))


async def world(client: Client, **rules: Any) -> World:
    """A world of its own, ready to be played in; its season may have rules of its own."""
    unique = uuid.uuid4().hex[:6].upper()
    made = World(client, f"RU-{unique}", f"s{unique}")
    region = {"kind": "region", "name": "Область", "parent": "RU", "utc_offset": "+03:00"}
    await client.ok("PUT", f"/registration/organisations/{made.region}", region, by=NATION)
    for code, kind, parent in (
        (made.municipality, "municipality", made.region),
        (made.school, "school", made.municipality),
        (made.venue, "college", made.municipality),
    ):
        body = {"kind": kind, "name": f"Организация {code}", "parent": parent}
        await client.ok("PUT", f"/registration/organisations/{code}", body, by=made.operator)
    await client.ok("PUT", f"/trials/seasons/{made.season}", {**RULES, **rules}, by=NATION)
    await client.call("PUT", "/trials/diagnostics/e2e", INSTRUMENT, by=NATION)
    await client.ok("PUT", "/trials/competencies/gov", {"name": "Управление"}, by=NATION)
    venue = {"organisation": made.venue, "name": "Колледж", "registry": "regional", "season": made.season}
    await soon(client, "PUT", f"/trials/venues/{made.venue}", venue, by=made.operator)
    empty = made.roster([])
    await soon(
        client, "POST", "/registration/rosters", {**empty, "pupils": [made.pupil(0, consent=None)]}, by=made.navigator
    )
    return made


async def soon(
    client: Client, method: str, path: str, body: Any = None, *, by: Sequence[str], subject: str = "x"
) -> Any:
    """The answer of a command, sent again while its problem says that this may help."""
    deadline = asyncio.get_running_loop().time() + DEADLINE
    while True:
        answer = await client.call(method, path, body, by=by, subject=subject)
        problems = [i["problem"] for i in (answer.body or {}).get("items", []) if i.get("problem")] or [
            answer.body or {}
        ]
        if (answer.status < 300 and "problem" not in str(answer.body)) or not any(p.get("retryable") for p in problems):
            assert answer.status < 300, answer.body
            return answer.body
        assert asyncio.get_running_loop().time() < deadline, answer.body
        await asyncio.sleep(0.05)


async def settled(settings: Settings) -> None:
    """Returns once everything that was accepted can be seen everywhere."""

    async def nothing_waits() -> bool:
        return (await backlog(settings)).total == 0

    await eventually(nothing_waits)
