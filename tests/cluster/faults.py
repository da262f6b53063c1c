"""Pods deleted and Deployments restarted under load, with what each recovery took."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from shared.contracts.topics import SERVICES
from tests.cluster.answers import failures
from tests.cluster.backlog import Watch
from tests.cluster.kubectl import Kubectl
from tests.verdict import Broken

LABEL = "app.kubernetes.io/name"
WORK_SECONDS = 900.0
"""Registration has none in the second half of a season: the next one brings it."""
RECOVERY_SECONDS = 240.0
"""For so long a wait goes on before it fails."""
RECOVERED_SECONDS = 180.0
"""The most that `Deletion.recovered` may be. It is no promise: it is so generous, for a node that plays the season too,
that what takes longer is a fault and not a slow machine."""
LOOK_SECONDS = 0.5
ON_ITS_WAY = 1_000
"""Records of a season that goes on: so much waits somewhere at any time."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """One pod that was deleted, and its successor."""

    workload: str
    pod: str
    waiting: int
    """Records that waited for it, or for the whole system where it is no service, just before."""
    ready: float
    """Seconds until another pod was ready."""
    recovered: float
    """Seconds until no more waited than before; for the whole system, than is on its way at any time."""


@dataclass(frozen=True, slots=True)
class Restart:
    """One rolling update."""

    workload: str
    seconds: float
    failed: Counter[int]
    """Answers 5xx that the gateway gave for this service meanwhile, by status."""
    stopped: str
    """The last that the old pod said."""


def ready(pod: Mapping[str, Any]) -> bool:
    """Whether a pod is ready and not on its way out."""
    conditions = pod["status"].get("conditions", ())
    leaving = "deletionTimestamp" in pod["metadata"]
    return not leaving and any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


async def delete_a_pod(kubectl: Kubectl, watch: Watch, workload: str) -> Deletion:
    """Deletes a pod of the workload as soon as there is work for it, and waits until that is caught up."""
    victim = next(pod for pod in await kubectl.items("pods", f"{LABEL}={workload}") if ready(pod))
    name, uid = victim["metadata"]["name"], victim["metadata"]["uid"]
    reading = await watch.until(lambda now: now.of(workload) > 0, WORK_SECONDS, f"work came to {workload}")
    waiting, begun = reading.of(workload), time.monotonic()
    await kubectl.run("delete", "pod", name, "--wait=false")
    fault = f"fault not survived: a pod of {workload} deleted"
    await _another(kubectl, workload, uid, fault)
    is_ready = time.monotonic() - begun
    bound = waiting if workload in SERVICES else max(waiting, ON_ITS_WAY)
    caught_up = f"{fault}: no more than {bound:,} records waited"
    await watch.until(lambda now: now.of(workload) <= bound, RECOVERY_SECONDS, caught_up)
    return Deletion(workload, name, waiting, is_ready, time.monotonic() - begun)


async def _another(kubectl: Kubectl, workload: str, uid: str, fault: str) -> None:
    """Waits for a pod of the workload with another UID that is ready; raises Broken."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    while time.monotonic() < deadline:
        pods = await kubectl.items("pods", f"{LABEL}={workload}")
        if any(ready(pod) and pod["metadata"]["uid"] != uid for pod in pods):
            return
        await asyncio.sleep(LOOK_SECONDS)
    raise Broken(f"{fault}: no other was ready within {RECOVERY_SECONDS:.0f} s")


async def restart(kubectl: Kubectl, deployment: str) -> Restart:
    """Restarts a Deployment by a rolling update; the gateway must live on, its log is what is counted."""
    old = next(pod for pod in await kubectl.items("pods", f"{LABEL}={deployment}") if ready(pod))
    counted = failures(kubectl, deployment) if deployment in SERVICES else nullcontext(Counter[int]())
    said = kubectl.lines("logs", "-f", old["metadata"]["name"], "--tail=0")
    begun = time.monotonic()
    async with counted as failed, said as lines, asyncio.TaskGroup() as group:
        last = group.create_task(_last(lines))
        await kubectl.run("rollout", "restart", f"deployment/{deployment}")
        await kubectl.run("rollout", "status", f"deployment/{deployment}", f"--timeout={RECOVERY_SECONDS:.0f}s")
        seconds = time.monotonic() - begun
    return Restart(deployment, seconds, failed, last.result())


async def _last(lines: AsyncIterator[str]) -> str:
    """The last line until the pod is gone, of a service its event and how long that took; nothing of others."""
    said: Mapping[str, Any] = {}
    async with asyncio.timeout(RECOVERY_SECONDS):
        async for line in lines:
            said = json.loads(line) if line.startswith("{") else said
    return f"{said['event']} {said.get('seconds', '')}".strip() if "event" in said else ""


def deletions_table(deletions: list[Deletion]) -> Table:
    """A row for each."""
    table = Table("workload", "pod", "waiting", "ready, s", "recovered, s", title="Pods deleted")
    for d in deletions:
        table.add_row(d.workload, d.pod, f"{d.waiting:,}", f"{d.ready:.1f}", f"{d.recovered:.1f}")
    return table


def restarts_table(restarts: list[Restart]) -> Table:
    """A row for each."""
    table = Table("deployment", "seconds", "5xx meanwhile", "the old pod's last word", title="Rolling updates")
    for r in restarts:
        failed = ", ".join(f"{count:,} × {status}" for status, count in sorted(r.failed.items())) or "none"
        table.add_row(r.workload, f"{r.seconds:.1f}", failed if r.workload in SERVICES else "not counted", r.stopped)
    return table
