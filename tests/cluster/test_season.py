"""A season on a real cluster: a pod of every workload is deleted and every Deployment restarted meanwhile."""

import asyncio

import pytest
from rich.console import Console

from shared.contracts.topics import SERVICES
from tests.cluster import faults
from tests.cluster.backlog import Watch, watching
from tests.cluster.faults import RECOVERED_SECONDS, Deletion, Restart, delete_a_pod, restart
from tests.cluster.installation import DEPLOYMENTS, NAMESPACE, NOW, everything, installed, load, needs_cluster
from tests.cluster.kubectl import Kubectl
from tests.cluster.memory import Peaks, peaks, peaks_table
from tests.cluster.seasons import played
from tests.verdict import one_failure, same

pytestmark = needs_cluster
DELETED = ("registration", "gateway", "notifications", "kafka", "analytics", "mongo", "identity", "operator", "trials")


@pytest.mark.timeout(5_400)
async def test_season_through_deleted_pods_and_rolling_updates() -> None:
    console, kubectl = Console(width=120), Kubectl(NAMESPACE)
    await load(NOW)
    before = await everything(kubectl)
    async with installed(kubectl, NOW):
        with one_failure("the seasons on the cluster"):
            async with watching(kubectl, "operator") as watch, played(kubectl, NOW, console) as seasons:
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
