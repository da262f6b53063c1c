"""All figures: the projection counts the cells of each, and the API answers each under its name.

A new one is a file beside the others and an entry here.
"""

from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from services.analytics.enrolments import Link, Terms, enrolments
from services.analytics.facts import Pupil
from services.analytics.figures import competencies, funnel, guardians, quotas, ranking
from services.analytics.figures.cells import Cell, lasting
from services.analytics.figures.figure import Figure

FIGURES: tuple[Figure[Any], ...] = (funnel.FIGURE, ranking.FIGURE, competencies.FIGURE, quotas.FIGURE)
FOLD = "4"
"""The version of the fold: another whenever `facts.learn` keeps, or a figure's or the guardians' `cells` give,
something else for the same events, since an update subtracts what they gave before. Each has collections and a group of
its own, so that an earlier release goes on beside it; `bilet migrate` replays the events into a new one."""


@dataclass(slots=True)
class Contribution:
    """One pupil's part of the figures of one season."""

    cells: Counter[Cell] = field(default_factory=Counter)
    links: set[Link] = field(default_factory=set)


def contribution(participant: str, season: str, pupil: Pupil, terms: Terms) -> Contribution:
    """Returns the pupil's cells and guardians' links in a season, for each place as long as the pupil was there.

    An update of the figures is the new one minus the old one.
    """
    whole = Contribution()
    for enrolment in enrolments(pupil, season, terms):
        counted = chain.from_iterable(figure.cells(enrolment) for figure in FIGURES)
        for cell, n in lasting(counted, enrolment.stay):
            whole.cells[cell] += n
        whole.links.update(guardians.links(participant, pupil, enrolment))
    return whole
