"""An installation of the release before, with a played season, is upgraded under load, and goes back under load."""

import time
from dataclasses import dataclass

import pytest
from rich.console import Console

from tests.cluster.installation import (
    BEFORE,
    NAMESPACE,
    NOW,
    Release,
    apply,
    everything,
    installed,
    load,
    needs_cluster,
    ready,
)
from tests.cluster.kubectl import Kubectl
from tests.cluster.operator import operator_of
from tests.cluster.seasons import Seasons, played
from tests.drivers.region_reader import read, same_as_before
from tests.verdict import one_failure, same

pytestmark = needs_cluster
REGION, SEASON = "RU-ROS", "2020"


@dataclass(frozen=True, slots=True)
class Change:
    """From one release to another while a season was played."""

    release: Release
    migrated: float
    """Seconds until the migration was through."""
    ready: float
    """Seconds until every workload was that of the release."""
    seasons: Seasons
    """Those that were played meanwhile."""


@pytest.mark.timeout(5_400)
async def test_an_upgrade_and_the_way_back_change_no_figure_and_lose_no_event() -> None:
    console, kubectl = Console(width=120), Kubectl(NAMESPACE)
    await load(BEFORE, NOW)
    at_first = await everything(kubectl)
    changes: list[Change] = []
    async with installed(kubectl, BEFORE):
        with one_failure("the seasons across the upgrade"):
            async with played(kubectl, BEFORE, console) as seasons:
                pass
            async with operator_of(kubectl, REGION) as http:
                kept = await read(http, REGION, SEASON)
            same("there is a feed to lose", len(kept.cursors), 2)
            for release in (NOW, BEFORE):
                changes.append(await _change(kubectl, release, console, seasons.played))
                seasons = changes[-1].seasons
                async with operator_of(kubectl, REGION) as http:
                    kept = await same_as_before(http, kept, REGION, SEASON, release.tag)
        for change in changes:
            console.print(
                f"to {change.release.tag}: migrated after {change.migrated:.1f} s, ready after {change.ready:.1f} s, "
                f"figures right; retries: {'; '.join(change.seasons.retried)}"
            )
    same("nobody is answered 5xx", [said for change in changes for said in change.seasons.failed], [])
    same("nothing is left on the cluster", await everything(kubectl), at_first)


async def _change(kubectl: Kubectl, release: Release, console: Console, first: int) -> Change:
    """Goes to a release as the operations page says, while the release before's own simulator plays from `first` on."""
    async with played(kubectl, BEFORE, console, first) as seasons:
        await seasons.begun()
        begun = time.monotonic()
        await kubectl.run("delete", "job/migrate", "--ignore-not-found")
        await apply(kubectl, release.overlay("system", "single-node"))
        await kubectl.run("wait", "job/migrate", "--for=condition=Complete", "--timeout=300s")
        migrated = time.monotonic() - begun
        await ready(kubectl)
        took = time.monotonic() - begun
    return Change(release, migrated, took, seasons)
