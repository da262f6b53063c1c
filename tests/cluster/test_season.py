"""A season on a real cluster: a pod of every workload is deleted and every Deployment restarted meanwhile."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.cluster import faults
from tests.cluster.backlog import Watch, watching
from tests.cluster.faults import RECOVERED_SECONDS, Deletion, Restart, delete_a_pod, restart
from tests.cluster.installation import (
    DEPLOYMENTS,
    NAMESPACE,
    ROOT,
    SERVICES,
    apply,
    everything,
    installed,
    load,
    needs_cluster,
    overlay,
)
from tests.cluster.kubectl import Kubectl
from tests.cluster.memory import Peaks, peaks, peaks_table

pytestmark = needs_cluster
SCALE = os.environ.get("SCALE", "1")
PROGRESS = re.compile(r"^([\d,]+) of ([\d,]+) events")
REQUESTS_A_SECOND = re.compile(r"requests: ([\d,]+)/s")
LEAST_REQUESTS_A_SECOND = 20
DELETED = ("registration", "gateway", "notifications", "kafka", "analytics", "mongo", "identity", "operator", "trials")
SEASON_SECONDS = 3_600.0
LAST_LINES = 20


class SimulatorFailed(Exception):
    """The simulator's Job failed; the message has the last lines of its log."""


@dataclass(slots=True)
class Season:
    """The simulator's Job as its log tells it."""

    share: float = 0.0
    log: list[str] = field(default_factory=list)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, line: str) -> None:
        """One line of the log."""
        self.log.append(line)
        if said := PROGRESS.match(line):
            seen, total = (int(number.replace(",", "")) for number in said.groups())
            # A log that broke off is heard from its beginning again.
            self.share = max(self.share, seen / total)
        self._moved.set()

    async def until(self, share: float) -> None:
        """Returns when so much of the season is visible."""
        while self.share < share:
            self._moved.clear()
            await self._moved.wait()


@pytest.mark.timeout(5_400)
async def test_season_through_deleted_pods_and_rolling_updates() -> None:
    console, kubectl, folder = Console(width=120), Kubectl(NAMESPACE), ROOT / ".cache" / "cluster-test"
    await load()
    before = await everything(kubectl)
    async with installed(kubectl, overlay(folder / "system", "single-node")):
        async with watching(kubectl, "operator") as watch, _played(kubectl, folder) as season:
            deletions, highest = await _deletions(kubectl, watch, season)
            restarts = await _restarts(kubectl, season)
            await season.until(1.0)
        highest.update(await peaks(kubectl, highest))
        pods = await kubectl.items("pods", "app.kubernetes.io/name=simulator")
    console.print("\n".join(season.log), highlight=False)
    console.print(faults.deletions_table(deletions), faults.restarts_table(restarts), peaks_table(highest))
    assert [d.workload for d in deletions if d.recovered > RECOVERED_SECONDS] == []
    assert {r.workload: dict(r.failed) for r in restarts if r.failed} == {}
    assert [r.workload for r in restarts if r.workload in SERVICES and not r.stopped.startswith("stopped")] == []
    assert len(pods) == 1, "the simulator was run again"
    assert _requests_a_second(season) >= LEAST_REQUESTS_A_SECOND
    assert await everything(kubectl) == before


async def _deletions(kubectl: Kubectl, watch: Watch, season: Season) -> tuple[list[Deletion], Peaks]:
    """A pod of each workload, spread over the first half and a bit; and the memory of each before it went."""
    done: list[Deletion] = []
    highest: Peaks = {}
    for number, workload in enumerate(DELETED):
        await season.until(0.04 + 0.5 * number / len(DELETED))
        highest.update(await peaks(kubectl, highest))
        done.append(await delete_a_pod(kubectl, watch, workload))
    return done, highest


async def _restarts(kubectl: Kubectl, season: Season) -> list[Restart]:
    """The services one after the other, as the gateway's log tells what each did to them; then all others at once."""
    await season.until(0.56)
    done = [await restart(kubectl, service) for service in SERVICES]
    others = (name for name in DEPLOYMENTS if name not in SERVICES)
    done += await asyncio.gather(*(restart(kubectl, name) for name in others))
    assert season.share < 1, "the season was over before the last rolling update"
    return done


@asynccontextmanager
async def _played(kubectl: Kubectl, folder: Path) -> AsyncIterator[Season]:
    """The Job, and its log until it ends; the body is cancelled at once if the Job fails, and must end after it."""
    season = Season()
    await apply(kubectl, overlay(folder / "drill", "single-node-drill", _scaled()))
    await kubectl.run(
        "wait", "pod", "-l", "app.kubernetes.io/name=simulator", "--for=condition=Ready", "--timeout=120s"
    )

    async with asyncio.timeout(SEASON_SECONDS), asyncio.TaskGroup() as group:
        group.create_task(_listen(kubectl, season))
        yield season


async def _listen(kubectl: Kubectl, season: Season) -> None:
    """Hears the log until the Job is complete, from its beginning again if it breaks off; raises SimulatorFailed."""
    while not (end := _end(await kubectl.json("get", "job/simulator"))):
        season.log.clear()
        async with kubectl.lines("logs", "-f", "job/simulator") as lines:
            async for line in lines:
                season.hear(line)
        await asyncio.sleep(1)
    if end == "Failed":
        raise SimulatorFailed("\n".join(["its log ends so:", *season.log[-LAST_LINES:]]))


def _end(job: Mapping[str, Any]) -> str:
    conditions = job["status"].get("conditions", [])
    return next((c["type"] for c in conditions if c["type"] in ("Complete", "Failed") and c["status"] == "True"), "")


def _scaled() -> list[str]:
    drill = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "drill"}, "data": {"SCALE": SCALE}}
    return [f"- patch: |-\n    {json.dumps(drill)}"]


def _requests_a_second(season: Season) -> int:
    said = next(found for line in season.log if (found := REQUESTS_A_SECOND.search(line)))
    return int(said[1].replace(",", ""))
