"""Seasons that Jobs play on the cluster, one after the other, for as long as a test needs a load."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from tests.cluster.installation import Release
from tests.cluster.kubectl import Kubectl
from tests.verdict import Broken, same

SCALE = os.environ.get("SCALE", "1")
PROGRESS = re.compile(r"^([\d,]+) of ([\d,]+) events")
RETRIES = re.compile(r"^Retries: (.*?)\nMost events", re.MULTILINE | re.DOTALL)
"""The report is broken at 80 columns: a long one goes on in the next line."""
SERVER_FAULT = re.compile(r"(?:^|, |feed: )5\d\d\b")
"""A reason, not a number of them: `503 unavailable: 22, feed: 502: 4`."""
BEGUN = 0.04
ALL_SECONDS = 4_500.0
LAST_LINES = 20


@dataclass(slots=True)
class Seasons:
    """Seasons that are played one after the other for as long as faults need a load, each in a region of its own."""

    played: int
    enough: bool = False
    """Whether the season that is played now is the last."""
    log: list[str] = field(default_factory=list)
    """Of the season that is played now."""
    retried: list[str] = field(default_factory=list)
    """What each season's requests were sent again for."""
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

    def end(self) -> None:
        """The season that is played now is complete; raises Broken where its report does not say what was retried."""
        said = RETRIES.search("\n".join(self.log))
        if said is None:
            raise Broken("the report of a season does not say what was sent again")
        self.retried.append(" ".join(said[1].split()))
        self.played += 1

    @property
    def failed(self) -> list[str]:
        """Of the seasons that are complete, what was retried in those where an answer of 500 or more was among it."""
        return [said for said in self.retried if SERVER_FAULT.search(said)]

    async def begun(self) -> None:
        """Returns when a season is well under way."""
        await self._begun.wait()


@asynccontextmanager
async def played(kubectl: Kubectl, release: Release, console: Console, first: int = 0) -> AsyncIterator[Seasons]:
    """Season after season until the body ends, and the last to its end; a season that fails cancels the body.

    They are numbered from `first`; 0 is the scenario's own region.
    """
    seasons = Seasons(first)
    try:
        async with asyncio.timeout(ALL_SECONDS), asyncio.TaskGroup() as group:
            group.create_task(_play(kubectl, release, seasons, console))
            yield seasons
            seasons.enough = True
    except TimeoutError:
        raise Broken(f"the seasons and the faults did not end within {ALL_SECONDS:.0f} s") from None


async def _play(kubectl: Kubectl, release: Release, seasons: Seasons, console: Console) -> None:
    """One Job after another; raises Broken when one fails or was run again."""
    while True:
        seasons.log.clear()
        await kubectl.run("delete", "job/simulator", "--ignore-not-found")
        await _begin(kubectl, release.overlay("drill", "single-node-drill", drill(seasons.region)))
        await _listen(kubectl, seasons)
        console.print("\n".join(seasons.log), highlight=False)
        pods = await kubectl.items("pods", "app.kubernetes.io/name=simulator")
        same("a season is played in one go", len(pods), 1)
        seasons.end()
        if seasons.enough:
            return


async def _begin(kubectl: Kubectl, overlay: Path) -> None:
    """Applies the drill alone: the system is there, and may have gone on to another release."""
    manifests = yaml.safe_load_all(await kubectl.run("kustomize", str(overlay)))
    of_drill = [m for m in manifests if m["metadata"]["name"].startswith(("drill", "simulator"))]
    await kubectl.run("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all(of_drill))


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


def drill(region: str) -> list[str]:
    """The patch that plays SCALE of the season in a region: by arguments, which the drill of any release takes."""
    args = ["simulate", "--url", "http://gateway:8080", "--wait", "600", "--scale", SCALE]
    container = {"name": "simulator", "args": args + (["--region", region] if region else [])}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "simulator"}}
    spec = {"template": {"spec": {"containers": [container]}}}
    return [f"- patch: |-\n    {json.dumps(job | {'spec': spec})}"]
