"""The most memory that the first process of each container has held, as the kernel remembers it."""

import re
from collections.abc import Mapping

from rich.table import Table

from tests.cluster.kubectl import Kubectl, KubectlFailed

Peaks = dict[str, int]
"""Megabytes by `workload/container`."""
HIGH_WATER = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


async def peaks(kubectl: Kubectl, so_far: Mapping[str, int]) -> Peaks:
    """Of every container that runs now, or what it was before where that was more."""
    found: Peaks = {}
    for pod in await kubectl.items("pods", "app.kubernetes.io/part-of=bilet"):
        workload = pod["metadata"]["labels"]["app.kubernetes.io/name"]
        for container in pod["spec"]["containers"]:
            name = f"{workload}/{container['name']}"
            held = await _held(kubectl, pod["metadata"]["name"], container["name"])
            found[name] = max(held, found.get(name, 0), so_far.get(name, 0))
    return found


async def _held(kubectl: Kubectl, pod: str, container: str) -> int:
    """0 for a container that does not run any more."""
    try:
        status = await kubectl.run("exec", pod, "-c", container, "--", "cat", "/proc/1/status")
    except KubectlFailed:
        return 0
    said = HIGH_WATER.search(status)
    return int(said[1]) // 1024 if said else 0


def peaks_table(highest: Mapping[str, int]) -> Table:
    """A row for each container."""
    table = Table("container", "peak memory, MB", title="Memory")
    for name, megabytes in sorted(highest.items()):
        table.add_row(name, f"{megabytes:,}")
    return table
