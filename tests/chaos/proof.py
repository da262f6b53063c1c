"""What must hold after any fault: every event of a season exactly once in topics, feed, figures and inboxes."""

from dataclasses import dataclass

from deploy.cli.whole_demo import settings_of
from deploy.local.system import System
from deploy.simulator.simulation import Result
from tests.chaos.agreement import agreed
from tests.chaos.history import history
from tests.chaos.inboxes import Inboxes, check_inboxes, families
from tests.verdict import same


@dataclass(frozen=True)
class Proof:
    """What was found to be right."""

    events: int
    """Distinct events in the owners' topics, as many of each type as the accepted commands cause."""
    repeated: int
    """Records of the owners' topics beyond the first of their event."""
    inboxes: Inboxes

    def __str__(self) -> str:
        notices = sum(map(len, self.inboxes.values()))
        return (
            f"{self.events:,} distinct events, {self.repeated:,} records sent again; "
            f"{notices:,} notices of {len(self.inboxes):,} pupils, each once"
        )


async def proven(running: System, result: Result, seed: int) -> Proof:
    """Once nothing is on its way: fails unless all of it holds."""
    settings = settings_of(running.settings)
    both = await agreed(running, result.scenario.region, result.scenario.season)
    told = await history(settings)
    same("an accepted event is in its owner's topic once", told.by_type, result.events)
    same("an accepted event is in the region's feed once", both.events, result.events)
    inboxes = await check_inboxes(running, settings, told, families(result, seed))
    return Proof(len(told.types), told.repeated, inboxes)
