"""The recount: what all that was told of a pupil adds to the cells of every figure. Pure.

A figure says how many are counted at the end of each day, so a cell is by how many that changes on its day. A pupil's
season is looked at as it stands at the end of every day on which something happened.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from services.analytics.verification import reservations
from services.analytics.verification.demand import Demand
from services.analytics.verification.funnel import Steps
from services.analytics.verification.guardians import Cabinets
from services.analytics.verification.pupils import Pupil, by_entry, joined
from services.analytics.verification.rows import Row, cell
from services.analytics.verification.seasons import Season
from services.analytics.verification.told import Fact

Of = tuple[str, Row]
"""Who counts in a row: an account of a guardian, or nobody in particular."""
Change = tuple[Of, str, int]
"""Who counts in a row, the day, and by how many that changes on it."""
NOBODY = ""


def changes(facts: Sequence[Fact], seasons: Mapping[str, Season]) -> Iterator[Change]:
    """Yields what some entries add to the figures of each season; whoever may be one with another is among them."""
    for code in sorted({fact.said["season"] for fact in facts if fact.type == "participant.registered.v1"}):
        entries = by_entry(seasons[code].counted(facts))
        for survivor, duplicates in joined(entries):
            whole = Pupil(seasons[code], survivor, {id: entries[id] for id in (survivor, *duplicates)})
            yield from _of_pupil(whole)


def _of_pupil(pupil: Pupil) -> Iterator[Change]:
    if pupil.registered is None or pupil.is_mistake:
        return
    steps, demand, cabinets = Steps(pupil), Demand(pupil), Cabinets(pupil)
    before: Counter[Of] = Counter()
    for day in sorted({pupil.registered, *(fact.day for fact in pupil.facts if fact.day > pupil.registered)}):
        now = Counter((NOBODY, row) for row in chain(steps.rows(day), demand.rows(day)))
        now.update(cabinets.rows(day))
        yield from ((of, day, now[of] - before[of]) for of in now | before if now[of] != before[of])
        before = now


def reserved(facts: Sequence[Fact]) -> Iterator[str]:
    """Yields the cells of reservations to which some entries add one, in each season."""
    entries = by_entry(facts) if any(fact.type == "trial.booked.v1" for fact in facts) else {}
    for survivor, duplicates in joined(entries):
        whole = {id: entries[id] for id in (survivor, *duplicates)}
        for season in sorted({fact.season for of_entry in whole.values() for fact in of_entry} - {None}, key=str):
            yield from reservations.cells(str(season), whole)


def once(of_guardian: Iterable[tuple[Row, str, int]]) -> Iterator[tuple[str, int]]:
    """Yields a guardian's cells out of the changes of all children, in order of rows and days: counted once a row."""
    last: Row | None = None
    children = 0
    for row, day, change in of_guardian:
        before = children if row == last else 0
        last, children = row, before + change
        if bool(before) != bool(children):
            yield cell(row, day), 1 if children else -1
