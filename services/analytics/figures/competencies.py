"""Demand by competency: attendances and bookings of practical trials that stand."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

from fastapi import Query

from services.analytics.enrolments import Enrolment
from services.analytics.figures.cells import Cell, Count, Table, cell
from services.analytics.figures.figure import Figure, Figures
from services.analytics.figures.reading import Reading, stands_for
from services.analytics.figures.rows import Row
from services.analytics.figures.words import InWords, Words
from shared.base.models import Answer
from shared.contracts.trials import TRIAL_KINDS

DEMAND: Table = "demand"
"""By municipality: attended or booked, competency, day."""


def cells(enrolment: Enrolment) -> Iterator[Cell]:
    """Yields the pupil's trials."""
    facts = enrolment.facts
    for measure, held in (("attended", facts.attendances()), ("booked", facts.bookings())):
        for competency, kind, day, _ in held:
            if kind in TRIAL_KINDS:
                on = max(day, enrolment.registered)
                yield cell(DEMAND, enrolment, enrolment.place.municipality, measure, competency, on)


class Demanded(Answer):
    """The demand for a competency."""

    competency: str
    """Code of the competency."""
    name: str
    """Name of the competency, or its code where no name is known."""
    attended: int
    """Attendances of practical trials in it, revoked ones left out."""
    booked: int
    """Bookings of practical trials in it, cancelled ones left out."""


class Competencies(Figures):
    """Competencies by attendances of trials, the most attended first."""

    approved: int
    """Competencies in the nation's catalogue."""
    total: int
    """Competencies that have an attendance or a booking, also beyond `top`."""
    rows: list[Demanded]
    """The first `top` of them."""


async def first(
    top: Annotated[int | None, Query(ge=1, le=1000, description="the first so many alone; default all")] = None,
) -> int | None:
    """Returns the competencies' own parameter."""
    return top


async def read(region: Reading, top: int | None) -> Row:
    """Competencies by attendances of trials; bookings apart."""
    counts = await region.cells({DEMAND})
    demand = await counts.summed(by_competency)
    names = await region.competencies()
    rows: list[Row] = [
        {"competency": code, "name": names.get(code, code), "attended": n["attended"], "booked": n["booked"]}
        for code, n in demand.items()
    ]
    rows.sort(key=lambda row: (-row["attended"], -row["booked"], row["competency"]))
    return {
        **await stands_for(region),
        "approved": len(names),
        "total": len(rows),
        "rows": rows[:top],
    }


def by_competency(counts: Iterable[Count]) -> Mapping[str, Counter[str]]:
    """Returns the attended and booked of each competency that has any."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for _, _, (measure, competency, _), n in counts:
        found[competency][measure] += n
    return {code: measured for code, measured in found.items() if any(measured.values())}


WORDS: InWords = {
    "ru": Words(
        "Спрос на компетенции",
        "Посещения практических проб и записи на них по компетенциям; вход без записи спросом не считается.",
        "посещения и, отдельно, записи, которые не отменены",
        None,
        "записи и их отмены, посещения и их отзывы, справочник компетенций",
    ),
    "en": Words(
        "Demand by competency",
        "Attendances of practical trials and bookings of them, by competency; who came without one is no demand.",
        "attendances and, apart, bookings that stand",
        None,
        "bookings and their cancellations, attendances and their revocations, the catalogue of competencies",
    ),
}

FIGURE = Figure(
    name="competencies", version=1, words=WORDS, answer=Competencies, parameter=first, read=read, cells=cells
)
