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
from tests.verdict import Broken, one_failure, same

pytestmark = needs_cluster
SCALE = os.environ.get("SCALE", "1")
PROGRESS = re.compile(r"^([\d,]+) of ([\d,]+) events")
BEGUN = 0.04
DELETED = ("registration", "gateway", "notifications", "kafka", "analytics", "mongo", "identity", "operator", "trials")
ALL_SECONDS = 4_500.0
LAST_LINES = 20


@dataclass(slots=True)
class Seasons:
    """Seasons that are played one after the other for as long as faults need a load, each in a region of its own."""

    played: int = 0
    enough: bool = False
    """Whether the season that is played now is the last."""
    log: list[str] = field(default_factory=list)
    """Of the season that is played now."""
    _begun: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def region(self) -> str:
        """Where the season that is played now is played; empty for the scenario's own region."""
        return f"RU-D{self.played + 1:02}" if self.played else ""

    def hear(self, line: str) -> None:
        """One line of the simulator's log."""
        self.log.append(line)
        if said := PROGRESS.match(line):
            seen, total = (int(number.replace(",", "")) for number in said.groups())
            if seen >= BEGUN * total:
                self._begun.set()

    async def begun(self) -> None:
        """Returns when a season is well under way."""
        await self._begun.wait()


@pytest.mark.timeout(5_400)
async def test_season_through_deleted_pods_and_rolling_updates() -> None:
    console, kubectl, folder = Console(width=120), Kubectl(NAMESPACE), ROOT / ".cache" / "cluster-test"
    await load()
    before = await everything(kubectl)
    async with installed(kubectl, overlay(folder / "system", "single-node")):
        with one_failure("the seasons on the cluster"):
            async with watching(kubectl, "operator") as watch, _played(kubectl, folder, console) as seasons:
                await seasons.begun()
                deletions, highest = await _deletions(kubectl, watch)
                console.print(faults.deletions_table(deletions))
                restarts = await _restarts(kubectl)
                console.print(faults.restarts_table(restarts))
        highest.update(await peaks(kubectl, highest))
        console.print(peaks_table(highest), f"{seasons.played} seasons, every figure of each right")
    same("a deleted pod is made up for in time", [d for d in deletions if d.recovered > RECOVERED_SECONDS], [])
    same("a rolling update refuses no request", {r.workload: dict(r.failed) for r in restarts if r.failed}, {})
    unclean = {
        r.workload: r.stopped for r in restarts if r.workload in SERVICES and not r.stopped.startswith("stopped")
    }
    same("a pod that is replaced stops in order", unclean, {})
    same("nothing is left on the cluster", await everything(kubectl), before)


async def _deletions(kubectl: Kubectl, watch: Watch) -> tuple[list[Deletion], Peaks]:
    """A pod of each workload, each as soon as there is work for it; and the memory of each before it went."""
    done: list[Deletion] = []
    highest: Peaks = {}
    for workload in DELETED:
        highest.update(await peaks(kubectl, highest))
        done.append(await delete_a_pod(kubectl, watch, workload))
    return done, highest


async def _restarts(kubectl: Kubectl) -> list[Restart]:
    """The services one after the other, as the gateway's log tells what each did to them; then all others at once."""
    done = [await restart(kubectl, service) for service in SERVICES]
    others = (name for name in DEPLOYMENTS if name not in SERVICES)
    return done + await asyncio.gather(*(restart(kubectl, name) for name in others))


@asynccontextmanager
async def _played(kubectl: Kubectl, folder: Path, console: Console) -> AsyncIterator[Seasons]:
    """Season after season until the body ends, and the last to its end; a season that fails cancels the body."""
    seasons = Seasons()
    try:
        async with asyncio.timeout(ALL_SECONDS), asyncio.TaskGroup() as group:
            group.create_task(_play(kubectl, folder, seasons, console))
            yield seasons
            seasons.enough = True
    except TimeoutError:
        raise Broken(f"the seasons and the faults did not end within {ALL_SECONDS:.0f} s") from None


async def _play(kubectl: Kubectl, folder: Path, seasons: Seasons, console: Console) -> None:
    """One Job after another; raises Broken when one fails or was run again."""
    while True:
        seasons.log.clear()
        await apply(kubectl, overlay(folder / "drill", "single-node-drill", _drill(seasons.region)))
        await _listen(kubectl, seasons)
        console.print("\n".join(seasons.log), highlight=False)
        pods = await kubectl.items("pods", "app.kubernetes.io/name=simulator")
        same("a season is played in one go", len(pods), 1)
        seasons.played += 1
        if seasons.enough:
            return
        await kubectl.run("delete", "job/simulator")


async def _listen(kubectl: Kubectl, seasons: Seasons) -> None:
    """Hears the log until the Job is complete, from its beginning again if it breaks off; raises Broken."""
    while not (end := _end(await kubectl.json("get", "job/simulator"))):
        seasons.log.clear()
        async with kubectl.lines("logs", "-f", "job/simulator") as lines:
            async for line in lines:
                seasons.hear(line)
        await asyncio.sleep(1)
    if end == "Failed":
        said = [line.strip() for line in seasons.log if line.strip()]
        print("\n".join(said[-LAST_LINES:]))
        raise Broken(f"invariant broken: a season through faults comes out right: {(said or ['it said nothing'])[-1]}")


def _end(job: Mapping[str, Any]) -> str:
    conditions = job["status"].get("conditions", [])
    return next((c["type"] for c in conditions if c["type"] in ("Complete", "Failed") and c["status"] == "True"), "")


def _drill(region: str) -> list[str]:
    data = {"SCALE": SCALE, "REGION": region}
    drill = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "drill"}, "data": data}
    return [f"- patch: |-\n    {json.dumps(drill)}"]
