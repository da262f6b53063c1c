"""The figures that the platform computed, and whether they are the scenario's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from deploy.simulator.client import Client
from deploy.simulator.command import Command, staff
from deploy.simulator.scenario import COUNTS, Municipality, Scenario, percent

ANSWERED = ("registered", "participated", "tested", "attended", "completed", "recommended")
"""The columns of an answer, in the order of a scenario's counts."""
TOTALS = ("registered", "participants", "tested", "attended a trial", "completed", "recommendations")
"""Their sums, in words of the scenario."""
TOP = 5
REPORTED, FILLER = "reported", "filler"


@dataclass(frozen=True, slots=True)
class Figures:
    """Answers of analytics: the funnel by municipality, the whole ranking, all competencies in demand."""

    funnel: Mapping[str, Any]
    ranking: Sequence[Mapping[str, Any]]
    competencies: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """A figure of the scenario beside the computed one; `source` tells a reported fact from filler."""

    figure: str
    expected: str
    computed: str
    source: str = FILLER

    @property
    def right(self) -> bool:
        """True if both are the same."""
        return self.expected == self.computed


async def read_figures(client: Client, scenario: Scenario) -> Figures:
    """Asks analytics as the regional operator; raises `PlayError`."""
    actor = staff("regional-operator", scenario.region)

    async def answer(what: str, query: str) -> Mapping[str, Any]:
        route = f"/analytics/regions/{{code}}/{what}"
        path = f"{route.format(code=scenario.region)}?season={scenario.season}{query}"
        return (await client.perform(actor, Command("GET", route, path)))[0]

    funnel = await answer("funnel", "&by=municipality")
    ranking = await answer("ranking", "&min_n=1")
    return Figures(funnel, ranking["rows"], await answer("competencies", ""))


def compare(scenario: Scenario, figures: Figures) -> list[Check]:
    """Every figure of the scenario against the computed one."""
    return [check for part in (_totals, _ranking, _demand, _rows) for check in part(scenario, figures)]


def _totals(s: Scenario, figures: Figures) -> Iterator[Check]:
    for figure, count, column in zip(TOTALS, COUNTS, ANSWERED, strict=True):
        expected = sum(getattr(m, count) for m in s.municipalities)
        yield Check(figure, str(expected), str(figures.funnel[column]), _source(s, figure))
    yield Check("guardians", str(s.guardians), str(figures.funnel["guardians"]), _source(s, "guardians"))


def _ranking(s: Scenario, figures: Figures) -> Iterator[Check]:
    """Each place by share and N; among equal shares any order is right."""
    by_name = {m.name: m for m in s.municipalities}
    source = "share reported, N filler" if _source(s, "ranking") == REPORTED else FILLER
    for place, row in enumerate(s.ranking):
        answered = figures.ranking[place] if place < len(figures.ranking) else None
        expected = by_name[row.municipality]
        if answered is not None and by_name.get(answered["name"], expected).share == expected.share:
            expected = by_name.get(answered["name"], expected)
        yield Check(f"ranking {place + 1}", _place(expected), _answered_place(answered), source)
    ranked = sum(m.tested > 0 for m in s.municipalities)
    yield Check("municipalities ranked", str(ranked), str(len(figures.ranking)))


def _place(m: Municipality) -> str:
    return f"{m.name} {percent(Fraction(m.completed, m.tested))} % ({m.completed} of N={m.tested})"


def _answered_place(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "none"
    share = Fraction(row["completed"], row["tested"])
    shown = f"{percent(share)} %" if abs(row["share"] - share) < 1e-3 else f"share {row['share']}"
    return f"{row['name']} {shown} ({row['completed']} of N={row['tested']})"


def _demand(s: Scenario, figures: Figures) -> Iterator[Check]:
    """The number of competencies with trials, the top in order, and every competency's attendances."""
    rows, source = [row for row in figures.competencies["rows"] if row["attended"]], _source(s, "competencies")
    computed = {row["competency"]: row["attended"] for row in rows}
    expected = {c.code: c.attended for c in s.competencies if c.attended}
    names = {c.code: c.name for c in s.competencies}
    yield Check("competencies attended", str(len(expected)), str(len(computed)), source)
    for place, code in enumerate(sorted(expected, key=lambda c: -expected[c])[:TOP]):
        answered = rows[place]["competency"] if place < len(rows) else "none"
        code = answered if expected.get(answered) == expected[code] else code
        yield Check(f"competency {place + 1}", names[code], names.get(answered, answered), source)
    yield Check("trial attendances", str(s.trial_attendances), str(sum(computed.values())))
    differing = [code for code in names.keys() | computed.keys() if computed.get(code, 0) != expected.get(code, 0)]
    yield _all_equal("attendances by competency", len(names), differing)


def _rows(s: Scenario, figures: Figures) -> Iterator[Check]:
    """Every column of every municipality; a row that is not answered is a row of zeros."""
    computed = {row["municipality"]: [row[name] for name in ANSWERED] for row in figures.funnel["rows"]}
    expected = {m.code: [getattr(m, name) for name in COUNTS] for m in s.municipalities}
    zeros = [0] * len(COUNTS)
    differing = [code for code, counts in expected.items() if computed.get(code, zeros) != counts]
    yield _all_equal("columns by municipality", len(expected), [*differing, *(computed.keys() - expected.keys())])


def _all_equal(figure: str, rows: int, differing: Sequence[str]) -> Check:
    others = f"{len(differing)} differ: {', '.join(differing[:3])}" if differing else f"all {rows} rows equal"
    return Check(figure, f"all {rows} rows equal", others)


def _source(scenario: Scenario, figure: str) -> str:
    """`reported` if the region reported the figure itself; a note may follow its name after a colon."""
    return REPORTED if any(note.split(":")[0].strip() == figure for note in scenario.reported) else FILLER
