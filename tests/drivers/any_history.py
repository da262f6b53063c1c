"""Any history of commands to registration and trials: rules of Hypothesis, by which it draws and shortens them."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from hypothesis.stateful import rule

from tests.builders.trials import VENUE
from tests.drivers.any_region import HOLDERS, HOURS_AGO, LAST, NUMBERS, Region, one, weighted
from tests.drivers.furnished import LONG, NEEDED, OPENS, SCHOOLS, SHORT
from tests.drivers.history import LOCAL
from tests.drivers.together import EVERY


class Entering(Region):
    """What registration is asked for."""

    @rule(
        what=weighted(
            {"enter": 3, "consent": 2, "withdraw": 2, "archive": 1, "restore": 2, "move": 1}
            | {"merge": 2, "part": 1, "erase": 1, "promote": 3}
            | {"name": 2, "link": 1, "agree": 2, "refuse": 2, "forget": 1}
        ),
        n=NUMBERS,
        m=NUMBERS,
        back=HOURS_AGO,
    )
    def of_registration(self, what: str, n: int, m: int, back: int) -> None:
        duplicates = [id for id in self.pupils if self.history.entered.survivor(id) != id]
        id = (one(n, duplicates) if what == "part" else None) or self.pupil(n)
        known = self.office.guardians.get(id, ())
        guardian = one(m, known) or ""
        cabinet = one(n, self.office.linked)
        commands: Mapping[str, Callable[[], None]] = {
            "enter": lambda: self.enter(n, m, back),
            "consent": lambda: self.office.consent(id, f"v{m}", guardian if len(known) > 1 else None, back),
            "withdraw": lambda: self.withdraw(id, m, back),
            "archive": lambda: self.office.archive(id, back),
            "restore": lambda: self.office.restore(id, back),
            "move": lambda: self.office.move(id, SCHOOLS[m % 2], back),
            "merge": lambda: self.office.merge(id, self.pupil(m)),
            "part": lambda: self.office.part(id),
            "erase": lambda: self.office.erase(id),
            "promote": lambda: self.promote(SCHOOLS[m // 9], id if m > 9 else None),
            "name": lambda: self.name(n, m),
            "link": lambda: self.office.link(id, guardian),
            "agree": lambda: self.office.agree(*cabinet) if cabinet else self.name(n, m),
            "refuse": lambda: self.refuse(*cabinet) if cabinet else self.name(n, m),
            "forget": lambda: self.office.forget(guardian),
        }
        commands[what]()

    def name(self, n: int, m: int) -> None:
        """Names another guardian of a child, and opens the cabinets of both."""
        id = self.office.enter(str(n % 6), SCHOOLS[m // 6], self.season(m), None, 0, guardian="h")
        self.note(id)
        for guardian in self.office.guardians[id] if id else ():
            self.office.link(id or "", guardian)

    def promote(self, school: str, repeats: str | None) -> None:
        """Takes a school into its year."""
        on = self.promoted.setdefault(school, self.both.now.astimezone(LOCAL).date())
        self.placed |= {repeats} if repeats else set()
        if self.office.promote(school, repeats):
            self.history.agrees()
            self.history.are_promoted(school, on, self.placed)

    def refuse(self, id: str, guardian: str) -> None:
        """Lets a guardian take the consent back, whoever gave it: none is in force then."""
        if self.office.refuse(id, guardian):
            self.history.agrees()
            entered = self.history.entered
            assert not entered.consenting.get(entered.survivor(id)), "a refusal was not heard"

    def withdraw(self, id: str, m: int, back: int) -> None:
        """Takes a consent back, in half of the cases from an hour before the last step that stands."""
        last = next(reversed(self.steps.standing.values()), None)
        if last is not None and m % 2:
            id, back = last.pupil, 1 + int((self.both.now - last.time) / timedelta(hours=1))
        self.office.withdraw(id, back)


class Opening(Region):
    """What is asked for slots, seasons and quotas."""

    @rule(
        what=weighted(
            {"open": 4, "shift": 2, "resize": 2, "call off": 1, "issue": 1, "give": 2, "close": 1}
            | {"close days": 2, "sign": 4, "pay": 1}
        ),
        n=NUMBERS,
        m=NUMBERS,
    )
    def of_slots(self, what: str, n: int, m: int) -> None:
        holder, amount = HOLDERS[n % 4], m - 5 or 1
        commands: Mapping[str, Callable[[], object]] = {
            "open": lambda: self.open(n, m),
            "shift": lambda: self.timetable.shift(self.slot(n), self.later(m)),
            "resize": lambda: self.timetable.resize(self.slot(n), 1 + m % 3),
            "call off": lambda: self.timetable.call_off(self.slot(n)),
            "issue": lambda: self.timetable.issue(self.season(n), 5 * m),
            "give": lambda: self.timetable.give(
                self.season(n + m), holder, VENUE if holder in SCHOOLS else None, amount
            ),
            "close": lambda: self.timetable.close(SHORT),
            "close days": lambda: self.close_days(n, m),
            "sign": lambda: self.sign(n, m),
            "pay": lambda: self.money.pay(act) if (act := one(n, self.history.acts.signed)) else self.sign(n, m),
        }
        commands[what]()

    def close_days(self, n: int, m: int) -> None:
        """Calls off a day on which something is to be held, and perhaps the next."""
        to_come = [self.history.slots.slots[id].starts for id in self.history.to_come()]
        day = (to_come[n % len(to_come)] if to_come else self.both.now).astimezone(LOCAL).date()
        place = ({"venue": VENUE}, {"municipality": HOLDERS[1]}, {"region": HOLDERS[0]})[n % 3]
        last = self.timetable.close_days(day, m // 9, place)
        if last is not None:
            self.history.agrees()
            self.history.is_called_off(day, last)

    def sign(self, n: int, m: int) -> None:
        """Signs what is due until yesterday, or of yesterday alone, and perhaps takes back what was paid."""
        came = [step for step in self.steps.standing.values() if step.slot]
        if came and m % 3:
            last = came[-1 - n % len(came)]
            self.both.now = max(self.both.now, min(last.time + timedelta(days=1), LAST))
        ends = (self.both.now - timedelta(days=1)).astimezone(LOCAL).date()
        begins = ends if m > 9 else date.fromisoformat(OPENS[LONG])
        season = came[-1 - n % len(came)].season if came else LONG
        self.settle(season, begins, ends)
        paid = [id for id, lines in self.history.acts.lines.items() if sum(lines) and id in self.steps.standing]
        if paid and m % 2:
            self.walks.revoke(paid[-1])
            self.history.agrees()
            self.settle(season, begins, ends)

    def settle(self, season: str, begins: date, ends: date) -> None:
        """Signs what is due of some days, and looks at what is paid then."""
        self.money.sign(season, begins, ends)
        self.history.agrees()
        self.history.are_paid(season, begins, ends)


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
    def crosses(self, n: int, m: int) -> None:
        """A seat in the other season at the time of one that is held, or just behind it; or either slot is moved so."""
        held = [seat for seat in self.steps.held.values() if seat.starts > self.both.now]
        if not held:
            return self.seek(n, m)
        seat = held[-1 - n % len(held)]
        other, starts = SHORT if seat.season == LONG else LONG, seat.starts + timedelta(minutes=(0, 45, 90)[n % 3])
        own = self.history.heard.named(seat.pupil)
        elsewhere = [one.slot for one in held if one.pupil in own and one.season == other]
        if elsewhere and m % 2:
            self.timetable.shift(elsewhere[0], starts)
        elif (slot := self.open(n, m, starts, other)) is not None:
            self.walks.book(sorted(own)[m % len(own)], slot, 0)

    @rule(n=NUMBERS, m=NUMBERS)
    def seeks(self, n: int, m: int) -> None:
        """A seat in a slot that is to come, or a place in its line where there is none."""
        self.seek(n, m)

    def seek(self, n: int, m: int) -> None:
        """Books or waits."""
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
        what=weighted({"attend": 7, "miss": 2, "cancel": 3, "confirm": 1, "revoke": 3, "mark": 3}),
        n=NUMBERS,
        back=HOURS_AGO,
    )
    def of_seats(self, what: str, n: int, back: int) -> None:
        came = [id for id, step in self.steps.standing.items() if step.slot]
        held = self.steps.held
        wanted = [id for id, seat in held.items() if self.history.lines[seat.slot]]
        wanted.sort(key=lambda id: len(self.history.lines[held[id].slot]))
        is_behind = what in ("revoke", "mark")
        id = one(n, came if is_behind else wanted[-2:] if what == "cancel" and wanted else [*held])
        if id is None:
            return
        seat = self.steps.seats[self.steps.taken[id].of if is_behind else id]
        if what in ("attend", "miss") and self.both.now < seat.starts < LAST:
            self.both.now = seat.starts + timedelta(minutes=5)
        commands: Mapping[str, Callable[[], None]] = {
            "attend": lambda: self.walks.attend(seat.pupil, seat.slot, back if n > 8 else 0, own_code=n == 0),
            "miss": lambda: self.walks.miss(seat.pupil, seat.slot),
            "cancel": lambda: self.walks.cancel(id, back),
            "confirm": lambda: self.walks.confirm(id),
            "revoke": lambda: self.walks.revoke(id),
            "mark": lambda: self.walks.mark(id, 2 + n % 4),
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
