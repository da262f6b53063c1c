"""The computed figures are compared with the scenario's one by one, and no wrong one passes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.simulator.figures import ANSWERED, Figures, compare
from deploy.simulator.folder import load
from deploy.simulator.scenario import STAGES, Scenario

SCENARIOS = Path(__file__).parents[3] / "deploy" / "scenarios"


def answered(scenario: Scenario) -> Figures:
    """What analytics answers when every figure is right."""
    rows = [
        {"municipality": m.code, "name": m.name}
        | {name: getattr(m, stage) for name, stage in zip(ANSWERED, (*STAGES, "recommended"), strict=True)}
        for m in scenario.municipalities
    ]
    funnel = {name: sum(row[name] for row in rows) for name in ANSWERED}
    ranking = [row | {"share": row["completed"] / row["tested"]} for row in rows if row["tested"]]
    demand = [{"competency": c.code, "name": c.name, "attended": c.attended} for c in scenario.competencies]
    return Figures(
        funnel=funnel | {"guardians": scenario.guardians, "rows": rows},
        ranking=sorted(ranking, key=lambda row: -row["share"]),
        competencies={"rows": sorted(demand, key=lambda row: -row["attended"])},
    )


def test_right_figures_are_right_and_facts_are_told_from_filler() -> None:
    scenario = load(SCENARIOS / "rostov-2020")
    checks = {check.figure: check for check in compare(scenario, answered(scenario))}
    assert all(check.right for check in checks.values())
    assert checks["ranking 1"].computed == "Аксайский район 85 % (527 of N=620)"
    facts = {figure for figure, check in checks.items() if check.source == "reported"}
    assert facts >= {"participants", "recommendations", "guardians", "competencies attended", "competency 1"}
    assert checks["registered"].source == checks["tested"].source == "filler"


def wrong_funnel(figures: Figures) -> Figures:
    rows = [dict(row) for row in figures.funnel["rows"]]
    rows[3]["tested"] -= 1
    rows[4]["tested"] += 1
    return replace(figures, funnel={**figures.funnel, "rows": rows})


@pytest.mark.parametrize(
    ("spoil", "figure"),
    [
        (lambda f: replace(f, funnel={**f.funnel, "participated": 25_999}), "participants"),
        (lambda f: replace(f, funnel={**f.funnel, "guardians": 5_017}), "guardians"),
        (lambda f: replace(f, ranking=[f.ranking[1], f.ranking[0], *f.ranking[2:]]), "ranking 1"),
        (lambda f: replace(f, ranking=f.ranking[:-1]), "municipalities ranked"),
        (lambda f: replace(f, competencies={"rows": f.competencies["rows"][1:]}), "competency 1"),
        (lambda f: replace(f, competencies={"rows": f.competencies["rows"][:-1]}), "competencies attended"),
        (wrong_funnel, "columns by municipality"),
    ],
)
def test_a_wrong_figure_is_seen(spoil: Callable[[Figures], Figures], figure: str) -> None:
    scenario = load(SCENARIOS / "rostov-2020")
    wrong = {check.figure for check in compare(scenario, spoil(answered(scenario))) if not check.right}
    assert figure in wrong
