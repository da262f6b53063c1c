"""Any history of commands to registration and trials: rules of Hypothesis, by which it draws and shortens them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.builders.trials import VENUE
from tests.drivers.furnished import BEGIN, COMPETENCIES, LONG, NEEDED, SCHOOLS, SHORT, Kind, furnished
from tests.drivers.history import History
from tests.drivers.together import EVERY, Together

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


def one(n: int, among: Sequence[str]) -> str | None:
    """One of some ids, the last ones first, if there is any."""
    return among[-1 - n % len(among)] if among else None


class Region(RuleBasedStateMachine):
    """A region, its history so far, and those who can be named."""

    @initialize(binds=st.booleans(), gate=st.sampled_from(["after-all-stages", "after-diagnostics"]))
    def begin(self, binds: bool, gate: str) -> None:
        """Three children are known to all and have done their tests, and three slots have few seats."""
        kind = Kind(binds, gate)
        self.history = history = History(self.made(kind), kind)
        self.both, self.office, self.timetable = history.both, history.office, history.timetable
        self.walks, self.steps = history.walks, history.steps
        self.pupils: list[str] = []
        self.slots: list[str] = []
        self.refs = 0
        for n in range(3):
            self.enter(n, 0, 0)
            self.enter(n, SHORTLY, 0)
            self.open(n, 0)
        history.drain()
        for id in self.pupils:
            for diagnostic in NEEDED[LONG][0]:
                self.walks.test(id, LONG, diagnostic, self.ref(), 0)

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
        self.pupils += [id] if id is not None and id not in self.pupils else []

    def open(self, n: int, m: int) -> None:
        """Opens a slot of one seat or two, in most cases for a practical trial."""
        kind = "excursion" if n % 4 == 3 else "trial"
        id = self.timetable.open(self.season(m), self.later(n), 1 + m % 2, COMPETENCIES[n % 2], kind)
        self.slots += [id] if id else []


class Entering(Region):
    """What registration is asked for."""

    @rule(
        what=weighted(
            {"enter": 3, "consent": 3, "withdraw": 2, "archive": 1, "restore": 2, "move": 1}
            | {"merge": 2, "part": 1, "erase": 1}
        ),
        n=NUMBERS,
        m=NUMBERS,
        back=HOURS_AGO,
    )
    def of_registration(self, what: str, n: int, m: int, back: int) -> None:
        duplicates = [id for id in self.pupils if self.history.entered.survivor(id) != id]
        id = (one(n, duplicates) if what == "part" else None) or self.pupil(n)
        commands: Mapping[str, Callable[[], None]] = {
            "enter": lambda: self.enter(n, m, back),
            "consent": lambda: self.office.consent(id, f"v{m}", back),
            "withdraw": lambda: self.withdraw(id, m, back),
            "archive": lambda: self.office.archive(id, back),
            "restore": lambda: self.office.restore(id, back),
            "move": lambda: self.office.move(id, SCHOOLS[m % 2], back),
            "merge": lambda: self.office.merge(id, self.pupil(m)),
            "part": lambda: self.office.part(id),
            "erase": lambda: self.office.erase(id),
        }
        commands[what]()

    def withdraw(self, id: str, m: int, back: int) -> None:
        """Takes a consent back, in half of the cases from an hour before the last step that stands."""
        last = next(reversed(self.steps.standing.values()), None)
        if last is not None and m % 2:
            id, back = last.pupil, 1 + int((self.both.now - last.time) / timedelta(hours=1))
        self.office.withdraw(id, back)


class Opening(Region):
    """What is asked for slots, seasons and quotas."""

    @rule(
        what=weighted({"open": 4, "shift": 2, "resize": 2, "call off": 1, "issue": 1, "give": 2, "close": 1}),
        n=NUMBERS,
        m=NUMBERS,
    )
    def of_slots(self, what: str, n: int, m: int) -> None:
        holder, amount = HOLDERS[n % 4], m - 5 or 1
        commands: Mapping[str, Callable[[], None]] = {
            "open": lambda: self.open(n, m),
            "shift": lambda: self.timetable.shift(self.slot(n), self.later(m)),
            "resize": lambda: self.timetable.resize(self.slot(n), 1 + m % 3),
            "call off": lambda: self.timetable.call_off(self.slot(n)),
            "issue": lambda: self.timetable.issue(self.season(n), 5 * m),
            "give": lambda: self.timetable.give(
                self.season(n + m), holder, VENUE if holder in SCHOOLS else None, amount
            ),
            "close": lambda: self.timetable.close(SHORT),
        }
        commands[what]()


class Walking(Region):
    """What is asked for pupils."""

    @rule(
        what=weighted({"book": 2, "place": 1, "leave": 1, "test": 4, "hear": 1, "knock": 2}),
        n=NUMBERS,
        m=NUMBERS,
        back=HOURS_AGO,
    )
    def of_pupils(self, what: str, n: int, m: int, back: int) -> None:
        id, slot, season = self.pupil(n), self.slot(m), self.season(m)
        commands: Mapping[str, Callable[[], None]] = {
            "book": lambda: self.walks.book(id, slot, back),
            "place": lambda: self.walks.place([id, self.pupil(n + 1)], season, self.slots[-3:]),
            "leave": lambda: self.walks.leave(id, slot),
            "test": lambda: self.walks.test(id, season, NEEDED[season][0][m % 2 - 1], self.ref(), back),
            "hear": lambda: self.walks.hear(id, season, SCHOOLS[m % 2], self.ref(), back),
            "knock": lambda: self.knock(id, slot),
        }
        commands[what]()

    def knock(self, id: str, slot: str) -> None:
        """Comes to a slot with a code of its own, half an hour before it begins."""
        starts = next(row["starts"] for row in self.both.rows("slots") if row["_id"] == slot)
        self.both.now = max(self.both.now, min(starts - timedelta(minutes=30), LAST))
        self.walks.attend(id, slot, 0, own_code=True)

    @rule(n=NUMBERS, m=NUMBERS)
    def seeks(self, n: int, m: int) -> None:
        """A seat in a slot that is to come, or a place in its line where there is none."""
        id, to_come = self.pupil(n), self.history.to_come()
        own = {seat.slot for seat in self.steps.held.values() if seat.pupil == id}
        free = [slot for slot in to_come if slot not in own]
        full = sorted((slot for slot in free if to_come[slot]), key=lambda slot: len(self.history.lines[slot]))
        slot = full[-1] if full and m % 2 else one(m, free)
        if slot is None:
            self.open(n, m)
        elif to_come[slot]:
            self.walks.wait(id, slot)
        else:
            self.walks.book(id, slot, 0)

    @rule(
        what=weighted({"attend": 5, "miss": 2, "cancel": 3, "confirm": 1, "revoke": 2}),
        n=NUMBERS,
        back=HOURS_AGO,
    )
    def of_seats(self, what: str, n: int, back: int) -> None:
        came = [id for id, step in self.steps.standing.items() if step.slot]
        held = self.steps.held
        wanted = [id for id, seat in held.items() if self.history.lines[seat.slot]]
        wanted.sort(key=lambda id: len(self.history.lines[held[id].slot]))
        id = one(n, came if what == "revoke" else wanted[-2:] if what == "cancel" and wanted else [*held])
        if id is None:
            return
        seat = self.steps.seats[self.steps.taken[id].of if what == "revoke" else id]
        if what in ("attend", "miss") and self.both.now < seat.starts < LAST:
            self.both.now = seat.starts + timedelta(minutes=5)
        commands: Mapping[str, Callable[[], None]] = {
            "attend": lambda: self.walks.attend(seat.pupil, seat.slot, back if n > 8 else 0, own_code=n == 0),
            "miss": lambda: self.walks.miss(seat.pupil, seat.slot),
            "cancel": lambda: self.walks.cancel(id, back),
            "confirm": lambda: self.walks.confirm(id),
            "revoke": lambda: self.walks.revoke(id),
        }
        commands[what]()


class AnyHistory(Entering, Opening, Walking):
    """All of it, in any order, while time passes and what one service tells is on its way to the other."""

    @rule(what=weighted({"arrive": 6, "again": 1, "time": 3, "fill": 4, "drain": 1}), n=NUMBERS, m=NUMBERS)
    def of_time(self, what: str, n: int, m: int) -> None:
        waiting = self.both.registration.log.waiting
        keys = sorted({waiting[k % len(waiting)] for k in (n, m)}) if waiting else []
        commands: Mapping[str, Callable[[], None]] = {
            "arrive": lambda: self.history.hear(keys, (1, 2, EVERY)[n % 3]),
            "again": lambda: self.history.hear_again(self.pupil(n)),
            "time": lambda: self.pass_time((1, 3, 8, 20)[n % 4]),
            "fill": self.history.fill,
            "drain": self.history.drain,
        }
        commands[what]()

    def pass_time(self, hours: int) -> None:
        """Lets hours go by, until the short season is long over."""
        self.both.now = max(self.both.now, min(self.both.now + timedelta(hours=hours), LAST))
