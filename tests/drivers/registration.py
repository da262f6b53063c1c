"""A running registration service, and what a test asks of it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from deploy.local.stack import Infrastructure
from services.registration.app import COLLECTIONS, repository_of
from services.registration.repository import Repository
from shared.contracts.event import Envelope
from shared.contracts.trials import SeasonDefined
from shared.identity.key_ring import KeyRing
from shared.identity.vault import Vault
from shared.runtime.service import Platform
from tests.builders.events import enveloped, season
from tests.builders.registration import SCHOOL, roster
from tests.drivers.consumers import eventually, publish
from tests.drivers.service import BOOKKEEPING, Grants, ServiceProcess, installed

NATIONAL, REGIONAL = {"role": "national-operator", "org": "RU"}, {"role": "regional-operator", "org": "RU-ROS"}
MUNICIPAL = {"role": "municipal-operator", "org": "RU-ROS-001"}
NAVIGATOR, OTHER_SCHOOL = ({"role": "navigator", "org": school} for school in (SCHOOL.id, "RU-ROS-001-S02"))
THERE = {"school": OTHER_SCHOOL["org"], "by": OTHER_SCHOOL}
"""Of a roster of the other school, by its own navigator."""


class Registration(ServiceProcess):
    """Registration, in role `all`."""

    service = "registration"

    async def call(
        self, method: str, path: str, body: Any = None, *, grants: Grants, subject: str = "staff"
    ) -> tuple[int, dict[str, Any]]:
        """Status and document of one request by a subject with these grants."""
        answer = await self.request(method, path, body, self.bearer(subject, grants))
        return answer.status, answer.body

    async def enter(self, *pupils: Any, by: Any = None, **changed: Any) -> list[dict[str, Any]]:
        """The items of the answer to a roster of a navigator, that of the school unless another is named."""
        grants = [NAVIGATOR if by is None else by]
        status, answer = await self.call("POST", "/rosters", roster(pupils, **changed), grants=grants)
        assert status == 200, answer
        items: list[dict[str, Any]] = answer["items"]
        return items

    async def redeem(
        self, code: str | None, subject: str, role: str = "guardian", base: str | None = None
    ) -> tuple[int, Any]:
        """Status of the answer to a code of somebody in a family role, and whom it links or why it does not."""
        answer = await self.request("POST", "/links", {"code": code}, self.bearer(subject, [{"role": role}]), base)
        body = answer.body
        return answer.status, (body["participant"], body["guardian"]) if answer.status == 200 else body["type"]

    async def define(self, code: str, **definition: Any) -> tuple[int, dict[str, Any]]:
        """An organisation, by the operator that may."""
        operator = NATIONAL if definition["kind"] == "region" else REGIONAL
        return await self.call("PUT", f"/organisations/{code}", definition, grants=[operator])

    async def of(self, participant: str) -> list[Envelope]:
        """What was published of one pupil, in order."""
        found = await self.published("registration.events.v1")
        return [e for e in found if getattr(e.event, "participant", None) == participant]

    async def documents(self) -> dict[str, int]:
        """How many documents each collection has once the outbox is empty, but for those that move by themselves."""
        await self.know({}, 0, "outbox")
        own = COLLECTIONS.keys() - BOOKKEEPING - {"outbox"}
        return {name: await self.mongo[name].count_documents({}) for name in own}

    async def learn(self, defined: SeasonDefined, sequence: int = 1) -> None:
        """Returns once the service knows the season."""
        await publish(self.settings, enveloped(defined, sequence))

        async def known() -> bool:
            row = await self.mongo["rules"].find_one({"_id": defined.season})
            return row is not None and row["sequence"] >= f"{sequence:010d}"

        await eventually(known)


@asynccontextmanager
async def another_repository(running: Registration) -> AsyncIterator[Repository]:
    """What another process of the service would work with, on the same database."""
    platform = Platform("registration", running.settings)
    try:
        yield repository_of(platform, Vault(KeyRing.of(platform.settings), os.urandom))
    finally:
        platform.close()


@asynccontextmanager
async def registration(
    infrastructure: Infrastructure, kind: type[Registration] = Registration
) -> AsyncIterator[Registration]:
    """A service of its own that knows the season 2020 and two schools of one municipality."""
    async with installed(kind, infrastructure) as running:
        await running.learn(season())
        await running.define("RU-ROS", kind="region", name="Ростовская область", parent="RU", utc_offset="+03:00")
        await running.define("RU-ROS-001", kind="municipality", name="Аксайский район", parent="RU-ROS")
        for school in (SCHOOL.id, "RU-ROS-001-S02"):
            status, answer = await running.define(
                school, kind="school", name="Школа", parent="RU-ROS-001", level="main"
            )
            assert status == 200, answer
        yield running


def pointers_of(answer: dict[str, Any]) -> list[str]:
    """The fields that a refusal names."""
    return [error["pointer"] for error in answer["errors"]]


async def erase(running: Registration, id: str, grants: Any = (MUNICIPAL,)) -> tuple[int, dict[str, Any]]:
    """The answer to an operator who has a pupil erased."""
    return await running.call("DELETE", f"/participants/{id}", grants=list(grants))


async def merge(running: Registration, survivor: str, duplicate: str, grants: Any = (REGIONAL,)) -> tuple[int, Any]:
    """The answer to an operator who says that two entries are one pupil."""
    return await running.call(
        "POST", "/merges", {"survivor": survivor, "duplicate": duplicate}, grants=list(grants), subject="operator"
    )


async def part(running: Registration, duplicate: str, grants: Any = (REGIONAL,)) -> tuple[int, Any]:
    """The answer to an operator who says that they are two after all."""
    return await running.call("DELETE", f"/merges/{duplicate}", grants=list(grants))
