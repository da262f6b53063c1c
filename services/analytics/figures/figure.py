"""The form of a figure: its cells, its reading, the model of its answer, and its version."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Generic, Literal, TypeVar

from services.analytics.enrolments import Enrolment
from services.analytics.figures.cells import Cell
from services.analytics.figures.reading import Reading
from services.analytics.figures.rows import Row
from services.analytics.figures.words import InWords
from shared.base.models import Answer

P = TypeVar("P")
Fold = Literal["views", "reservations"]
"""The group whose cells a figure is read from: how far that is, its position says."""


class Figures(Answer):
    """The question that figures answer, and the place in the log that they stand for."""

    season: str
    """Code of the season."""
    region: str
    """Code of the region."""
    as_of: date
    """Last local day of the region that the figures include; never a day to come."""
    revision: int | None
    """The number of the revision that a closed season stands at, 0 for the closing; null while it is open."""
    position: dict[str, int]
    """The log as far as it was counted: `topic:partition` → offset of the next event."""


def no_cells(_: Enrolment) -> Iterable[Cell]:
    """Returns nothing: the figure is read from another's cells."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Figure(Generic[P]):
    """One figure of a region: the projection counts its cells, and the API answers it under its name."""

    name: str
    """The end of its route, `/analytics/regions/{code}/<name>`."""
    version: int
    """Another whenever the same events would give another answer."""
    words: InWords
    """In Russian and in English."""
    answer: type[Figures]
    parameter: Callable[..., Awaitable[P]]
    """A dependency of the route: returns the one parameter that this figure alone has."""
    read: Callable[[Reading, P], Awaitable[Row]]
    """Returns the answer's fields; its docstring describes the route."""
    cells: Callable[[Enrolment], Iterable[Cell]] = no_cells
    """Yields what one pupil's season adds, each cell as often as it counts."""
    fold: Fold = "views"
    """Another than that of the pupils' seasons has cells of its own."""

    rows_by: str | None = None
    """The parameter without which the answer has totals alone, and no rows."""

    @property
    def method(self) -> str:
        """The name and the version of the way it is counted, for instance `funnel/1`."""
        return f"{self.name}/{self.version}"
