"""The tables that are public, and how each is read: pupils by stage and municipality, trials by competency."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from services.analytics.disclosure.forms import DEMAND, PUPILS, STAGES, Counts, Form
from services.analytics.figures import competencies, funnel
from services.analytics.figures.reading import Reading

Names = Mapping[str, str]
"""Key of a row → name."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a region's season that is released."""

    name: str
    form: Form
    least: int
    read: Callable[[Reading], Awaitable[tuple[Counts, Names]]]
    """Returns the counts and names of all rows that there can be: that one has begun to count is told of no row."""


async def _stages(region: Reading) -> tuple[Counts, Names]:
    towns = await region.towns()
    reached = await funnel.reached(region, "municipality")
    counted: Counts = {code: {stage: n for stage, n in counts.items()} for (code,), counts in reached.items()}
    return {**{code: {} for code in towns}, **counted}, towns


async def _demand(region: Reading) -> tuple[Counts, Names]:
    approved = await region.competencies()
    counts = await region.cells({competencies.DEMAND})
    found = await counts.summed(competencies.by_competency)
    return {**{code: {} for code in approved}, **found}, approved


PUPILS_BY_STAGE = Table("stages", STAGES, PUPILS, _stages)
TRIALS_BY_COMPETENCY = Table("demand", DEMAND, PUPILS, _demand)
