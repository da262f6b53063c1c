"""A region, its history so far, and those who can be named in the commands that follow."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from tests.drivers.furnished import (
    BEGIN,
    COMPETENCIES,
    LAB,
    LONG,
    NEEDED,
    SCHOOLS,
    SHORT,
    Kind,
    furnished,
)
from tests.drivers.history import History
from tests.drivers.together import Together

T = TypeVar("T")
NUMBERS = st.integers(0, 11)
HOURS_AGO = st.sampled_from([0, 0, 0, 1, 5, 30])
HOURS_AHEAD = (2, 3, 5, 8, 24, 25, 48)
"""Of slots: some begin before others end."""
SHORTLY = 2
"""Names the short season."""
LAST = BEGIN + timedelta(days=9)
HOLDERS = ("RU-ROS", "RU-ROS-001", *SCHOOLS)


def weighted(weights: Mapping[str, int]) -> st.SearchStrategy[str]:
    """Names, each as often as it weighs."""
    return st.sampled_from([name for name, weight in weights.items() for _ in range(weight)])


def one(n: int, among: Sequence[T]) -> T | None:
    """One of some, the last ones first, if there is any."""
    return among[-1 - n % len(among)] if among else None


class Region(RuleBasedStateMachine):
    """Both services of a region as its history begins, and what every command needs."""

    @initialize(
        binds=st.booleans(),
        gate=st.sampled_from(["after-all-stages", "after-diagnostics"]),
        tested_by=st.sampled_from(["first-round", "any-round"]),
    )
    def begin(self, binds: bool, gate: str, tested_by: str) -> None:
        """Three children are known to all, two have done their tests and the third one of them; two have seats."""
        kind = Kind(binds, gate, tested_by)
        self.history = history = History(self.made(kind), kind)
        self.both, self.office, self.timetable = history.both, history.office, history.timetable
        self.walks, self.steps, self.money = history.walks, history.steps, history.money
        self.pupils: list[str] = []
        self.slots: list[str] = []
        self.promoted: dict[str, date] = {}
        """When schools were first taken into the new year."""
        self.placed: set[str] = set()
        """Entries that a roster named again, or a promotion left where they were."""
        self.refs = 0
        for n in range(3):
            self.enter(n, 0, 0)
            self.enter(n, SHORTLY, 0)
            self.open(n, 0)
        history.drain()
        for n, id in enumerate(self.pupils):
            for diagnostic in NEEDED[LONG][0][: 2 - n // 2]:
                self.walks.test(id, LONG, diagnostic, self.ref(), 30)
        for id, slot in zip(self.pupils[1:], self.slots, strict=False):
            self.walks.book(id, slot, 0)

    def made(self, kind: Kind) -> Together:
        """Both services, on databases in memory."""
        return furnished(kind)

    def teardown(self) -> None:
        """Whatever is on its way arrives, and all is as it should be then."""
        if hasattr(self, "history"):
            self.history.fill()
            self.history.drain()
            self.both.close()

    @invariant()
    def agrees(self) -> None:
        """Holds after each command."""
        self.history.agrees()

    def season(self, n: int) -> str:
        """The long season more often than the short one."""
        return SHORT if n % 4 == SHORTLY else LONG

    def pupil(self, n: int) -> str:
        """An entry, be it of somebody who is there or not."""
        return self.pupils[n % len(self.pupils)]

    def slot(self, n: int) -> str:
        """A slot, the last ones first."""
        return self.slots[-1 - n % len(self.slots)]

    def ref(self) -> str:
        """A ref that nobody had."""
        self.refs += 1
        return f"r{self.refs}"

    def later(self, n: int) -> datetime:
        """The start of a slot."""
        return self.both.now + timedelta(hours=HOURS_AHEAD[n % len(HOURS_AHEAD)])

    def enter(self, n: int, m: int, back: int) -> None:
        """Enters a child, in most cases with a consent that is older than the first seat."""
        given = None if n == 11 else self.both.now - timedelta(hours=40)
        id = self.office.enter(str(n % 6), SCHOOLS[m // 6], self.season(m), given, max(back, 45 if given else 0))
        self.note(id)

    def note(self, id: str | None) -> None:
        """Notes an entry that a roster has named."""
        if id in self.pupils:
            self.placed.add(id)
        elif id is not None:
            self.pupils.append(id)

    def open(self, n: int, m: int, starts: datetime | None = None, season: str | None = None) -> str | None:
        """Opens a slot of one seat or two, in most cases for a practical trial and all grades; returns its id."""
        kind, what, grades = "excursion" if n % 4 == 3 else "trial", COMPETENCIES[n % 2], [6, 11 if m % 3 else 7]
        of = {"kind": kind, "competency": what, "capacity": 1 + m % 2, "grades": grades}
        of |= {"programme": LAB} if kind == "trial" and what == COMPETENCIES[0] else {}
        id = self.timetable.open(season or self.season(m), starts or self.later(n), **of)
        self.slots += [id] if id else []
        return id
