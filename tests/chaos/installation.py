"""A system of one test's own on the session's servers, that can be stopped and started again; and seasons for it."""

import os
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from rich.console import Console

from deploy.local.stack import Infrastructure
from deploy.local.system import ONE_PROCESS_EACH, Setup, System, system
from deploy.programs.ports import free_port
from deploy.simulator.folder import load
from deploy.simulator.instruments import instruments
from deploy.simulator.plan import Plan, plan
from deploy.simulator.scenario import Scenario
from deploy.simulator.simulation import INSTRUMENTS, Options, Result, simulate
from tests.verdict import same

ROSTOV = Path("deploy/scenarios/rostov-2020")
SCALE = float(os.environ.get("SCALE", "0.05"))


@dataclass(frozen=True)
class Installation:
    """What outlives a restart of the services: topics and databases (by prefix), keys, logs and the gateway's port."""

    infrastructure: Infrastructure
    data: Path
    name: str
    port: int

    @classmethod
    def new(cls, infrastructure: Infrastructure, data: Path) -> "Installation":
        """One that nobody else uses."""
        return cls(infrastructure, data, f"c{uuid.uuid4().hex[:8]}", free_port())

    @asynccontextmanager
    async def running(self, roles: Mapping[str, Sequence[str]] = ONE_PROCESS_EACH) -> AsyncIterator[System]:
        """The system; may be entered again after it has ended."""
        prefixes = {"MONGO_DATABASE_PREFIX": f"{self.name}_", "KAFKA_TOPIC_PREFIX": f"{self.name}."}
        environ = {**os.environ, **prefixes}
        setup = Setup(roles=roles, port=self.port, data=self.data, environ=environ)
        async with system(self.infrastructure, print, setup) as running:
            yield running


def season() -> Scenario:
    """The season of Rostov, scaled by SCALE."""
    return load(ROSTOV).scaled(SCALE)


def planned(scenario: Scenario, seed: int) -> Plan:
    """What `play` does with this seed."""
    asked = instruments(scenario.diagnostics, INSTRUMENTS)
    return plan(scenario, asked, Random(seed), datetime.now(UTC).date())


async def play(running: System, scenario: Scenario, options: Options) -> Result:
    """Plays a season; every figure of it must be right."""

    def token(subject: str, grants: Sequence[Mapping[str, str]]) -> str:
        return running.issuer.token(subject, grants, time.time(), 6 * 3600)

    result = await simulate(scenario, running.url, token, lambda: datetime.now(UTC), Console(), options)
    wrong = {check.figure: check for check in result.checks if not check.right}
    same(
        "figures are the scenario's",
        {f: c.computed for f, c in wrong.items()},
        {f: c.expected for f, c in wrong.items()},
    )
    return result
