"""Random scenarios come out as exactly as the one that the platform was built with, for two ways of counting."""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from deploy.local.system import System
from deploy.simulator.command import PlayError
from deploy.simulator.folder import load
from deploy.simulator.player import Pace
from deploy.simulator.simulation import Options
from tests.chaos.agreement import agreed
from tests.chaos.installation import play
from tests.e2e import generated

CORRECTED = Path("deploy/scenarios/season-with-corrections")
PAUSES = (0.25, 0.5, 0.75)
BREAKS = (0.4, 0.758, 0.993)
"""After the rosters, while consents are withdrawn and given again, and while pupils are erased."""


@pytest.fixture(scope="module")
def seed() -> int:
    """Of all three scenarios: SCENARIO_SEED, or a new one."""
    return int(os.environ.get("SCENARIO_SEED") or int.from_bytes(os.urandom(4)))


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints although the test may pass: the seed is needed to see the same again."""

    def shown(text: str) -> None:
        with capsys.disabled():
            print(text)

    return shown


@pytest.mark.parametrize("trials_required", [1, 2, 3])
async def test_a_random_scenario_is_counted_exactly(
    trials_required: int, running: System, seed: int, tmp_path: Path, show: Callable[[str], None]
) -> None:
    gates = Random(seed).sample((*generated.GATES, Random(seed).choice(generated.GATES)), 3)
    gate, folder = gates[trials_required - 1], tmp_path / "scenario"
    scenario = generated.drawn(folder, gate, trials_required, Random(f"{seed}/{trials_required}"), seed)
    show(f"\nSCENARIO_SEED={seed}: {gate}, trials required: {trials_required}, {scenario.corrections}")
    counted: list[int] = []

    async def count(_: float) -> None:
        both = await agreed(running, scenario.region, scenario.season)
        counted.append(sum(both.events.values()))

    options = Options(seed=seed, pace=Pace(pause_at=PAUSES, at_pause=count))
    result = await play(running, scenario, options)
    assert len(counted) == len(PAUSES)
    assert counted == sorted(set(counted)), "each pause is to find more events than the one before"
    both = await agreed(running, scenario.region, scenario.season)
    assert both.figures.funnel["completed"] == sum(m.completed for m in scenario.municipalities)
    show(
        f"{sum(result.events.values()):,} events in {result.figures_seconds:.1f} s with three pauses; "
        f"{len(result.checks)} checks right; the counter agreed at {counted} and {sum(both.events.values())} events"
    )


async def broken_off(_: float) -> None:
    raise PlayError("broken off")


async def test_a_season_with_corrections_may_be_broken_off_and_played_again(
    running: System, show: Callable[[str], None]
) -> None:
    scenario = load(CORRECTED).scaled(0.05)
    assert set(scenario.corrections.values()) == {0.05}
    for share in BREAKS:
        with pytest.raises(PlayError, match="broken off"):
            await play(running, scenario, Options(seed=3, pace=Pace(pause_at=(share,), at_pause=broken_off)))
    first = await play(running, scenario, Options(seed=3))
    both = await agreed(running, scenario.region, scenario.season)
    told = ("moved", "merged", "archived", "erased")
    assert all(both.events[f"participant.{word}.v1"] > 0 for word in told)
    of_slots = ("slot.closed", "slot.moved", "trial.moved", "trial.cancelled")
    taken_back = ("consent.withdrawn", "attendance.missed", "attendance.revoked")
    of_quotas = ("quota.set", "quota.moved")
    assert all(both.events[f"{word}.v1"] > 0 for word in (*of_slots, *taken_back, *of_quotas))
    again = await play(running, scenario, Options(seed=3))
    assert again.events == first.events
    assert await agreed(running, scenario.region, scenario.season) == both, "nothing happens twice"
    show(f"the last of four plays took {first.figures_seconds:.1f} s, confirming {again.figures_seconds:.1f} s")
