"""A history of commands to registration and trials, and what has to hold of it at every moment and in the end."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from services.trials.handlers import waiting
from shared.contracts.event import Envelope
from tests.builders.standing import PRACTICAL, Entries, Seat, Step, Steps, Told, advised, attended, overlaps
from tests.drivers.commands import Office, Timetable
from tests.drivers.commands import Steps as Walks
from tests.drivers.furnished import LONG, NEEDED, SHORT, Kind
from tests.drivers.together import EVERY, Together


def plain(one: Envelope) -> Told:
    """Returns an event as anybody can read it."""
    return Told(one.event.type, one.time, one.event.model_dump(mode="json"))


class History:
    """Both services, the commands that they are given, and what they have told by now."""

    def __init__(self, both: Together, kind: Kind) -> None:
        self.both, self.kind = both, kind
        self.office, self.timetable, self.walks = Office(self.both), Timetable(self.both), Walks(self.both)
        self.steps, self.entered, self.heard = Steps(), Entries(), Entries()
        """What trials told, what registration told, and the part of that which trials has heard."""
        self.closed: set[str] = set()
        self.lines: defaultdict[str, list[str]] = defaultdict(list)
        """The paths that wait in the line of each slot, as they came."""
        self._read = Counter[str]()
        self.agrees()

    def to_come(self) -> dict[str, bool]:
        """Returns the slots that are still to be held, each with whether all of its seats are taken."""
        rows = self.both.rows("slots")
        held = [row for row in rows if row["closing"] is None and row["starts"] > self.both.now]
        return {row["_id"]: row["booked"] >= row["capacity"] for row in held}

    # What happens between commands.

    def hear(self, keys: Sequence[str], most: int) -> None:
        """Lets trials hear the next events of some pupils."""
        told = self.both.registration.log.take(keys, most)
        for one in told:
            self.heard.hear(plain(one))
        self.both.to_trials(told)

    def hear_again(self, id: str) -> None:
        """Lets trials hear once more what it has heard of a pupil."""
        self.both.to_trials(self.both.registration.log.seen(id))

    def fill(self) -> None:
        """Gives freed seats along the lines, and gives up what nobody confirmed, until nothing is due."""
        for _ in range(100):
            due = self.both.run(self.both.seats.lines.due(self.both.now))
            if due is None:
                return
            if due.overdue is not None:
                self.both.run(waiting.give_up(self.both.seats, due.overdue, self.both.now))
            if due.slot is not None:
                self._fill(due.slot)
        raise AssertionError("something is due for ever")

    def _fill(self, slot: str) -> None:
        before = list(self.lines[slot])
        self.both.run(waiting.fill(self.both.seats, slot, self.both.now, self.both.new_id))
        self.agrees()
        left = self.lines[slot]
        assert left == before[len(before) - len(left) :], "a freed seat was given out of order"

    def drain(self) -> None:
        """Lets all arrive, and trials hear all once more: what stands then is what may."""
        log = self.both.registration.log
        self.hear(log.waiting, EVERY)
        self.both.drain()
        self.agrees()
        self._consents_are_in_force()
        self._recommendations_follow()
        told = len(self.both.trials.log.told)
        self.both.to_trials(log.told)
        assert self.both.trials.log.told[told:] == [], "what was heard before changed something"
        self.agrees()

    # What holds at every moment.

    def agrees(self) -> None:
        """Reads what was told since, and compares it with what is stored."""
        made = self._read_on()
        live = Counter(seat.slot for seat in self.steps.held.values())
        waits = defaultdict[str, list[str]](list)
        for row in self.both.rows("waiting"):
            waits[row["slot"]] += [row["path"]] if row["ended"] is None else []
        for slot in self.both.rows("slots"):
            id = slot["_id"]
            assert live[id] == slot["booked"] <= slot["capacity"], f"{live[id]} seats, counted {slot['booked']}"
            assert len(waits[id]) == slot["waiting"], "a line has another length"
            stay = [path for path in self.lines[id] if path in waits[id]]
            self.lines[id] = stay + [path for path in waits[id] if path not in stay]
        self._ledger_agrees(made)

    def _read_on(self) -> list[Seat]:
        """Takes in what was told since; returns the seats that were taken, each by who was free then."""
        registration, trials = self.both.registration, self.both.trials
        for one in registration.log.told[self._read["registration"] :]:
            self.entered.hear(plain(one))
        for one in trials.catalogue[self._read["catalogue"] :]:
            self.closed |= {one.event.key} if one.event.type == "season.closed.v1" else set()
        made = []
        for told in map(plain, trials.log.told[self._read["trials"] :]):
            self.steps.hear(told)
            if told.type in ("trial.booked.v1", "trial.moved.v1"):
                seat = self.steps.seats[told.said["booking"]]
                self._is_in_one_place(seat)
                made += [seat] if told.type == "trial.booked.v1" else []
        logs = {"registration": registration.log.told, "catalogue": trials.catalogue, "trials": trials.log.told}
        self._read = Counter({name: len(log) for name, log in logs.items()})
        return made

    def _is_in_one_place(self, seat: Seat) -> None:
        pupil = self.heard.named(seat.pupil)
        others = [other for other in self.steps.held.values() if other is not seat and overlaps(seat, other)]
        assert pupil.isdisjoint(other.pupil for other in others), "a pupil is in two places at once"

    def _ledger_agrees(self, made: Sequence[Seat]) -> None:
        rows = self.both.rows("quotas")
        for season in (LONG, SHORT):
            own = {(row["organisation"], row.get("venue")): row for row in rows if row["season"] == season}
            issued = sum(row.get("issued", 0) for row in own.values())
            assert sum(row.get("value", 0) for row in own.values()) == issued, "the sum over all holders is another"
            held = Counter({(of, part): row[part] for of, row in own.items() for part in PARTS if row.get(part)})
            if season == LONG:
                assert held == (stands := self.steps.claims(season)), f"the ledger holds {held}, and {stands} stand"
            elif not self.heard.is_half_told:
                units = self._pupils_units(season)
                assert _by_part(held) == units, f"pupils hold {held}, and not {units}"
        for seat in made if self.kind.quotas_bind else ():
            row = next(r for r in rows if (r["season"], r["organisation"], r["venue"]) == (seat.season, *seat.pair))
            free = row.get("value", 0) - row.get("reserved", 0) - row.get("completed", 0)
            assert free >= 0 or seat.season == SHORT, "a booking took a unit that nobody had given"

    def _pupils_units(self, season: str) -> Counter[str]:
        """Returns how many pupils hold a unit, where each pupil has one for all that stands."""
        standing = self.steps.claimants(season)
        done = {step.pupil for step in self.steps.standing.values() if step.season == season and step.kind in PRACTICAL}
        pupils, completed = ({self.heard.survivor(id) for id in some} for some in (standing, done))
        return Counter({"reserved": len(pupils - completed), "completed": len(pupils & completed)})

    # What holds once all is known to both.

    def _consents_are_in_force(self) -> None:
        for id, step in self.steps.standing.items():
            assert self.entered.consented(step.pupil, step.time), f"{step.kind} {id} stands without a consent"
        came = {
            step.of for step in self.steps.taken.values()
        }  # also where that was taken back, once the slot had begun
        for id, seat in self.steps.held.items():
            if id not in came:
                until = max(seat.starts, seat.time)
                assert self.entered.consented(seat.pupil, seat.time, until), f"seat {id} is held without a consent"
                assert not self.entered.was_away(seat.pupil, seat.time, until), f"seat {id} is held in the archive"

    def _recommendations_follow(self) -> None:
        said: defaultdict[tuple[str, str], list[tuple[str, ...]]] = defaultdict(list)
        for pupil, season, competencies in self.steps.in_force.values():
            said[self.heard.survivor(pupil), season].append(competencies)
        taken: defaultdict[tuple[str, str], list[Step]] = defaultdict(list)
        for step in self.steps.standing.values():
            taken[self.heard.survivor(step.pupil), step.season].append(step)
        for pupil, season in said.keys() | taken.keys():
            of = list(attended(taken[pupil, season]))
            found, follows = said[pupil, season], advised(of)
            for competencies in found:
                assert set(competencies) <= {step.what for step in of}, "a recommendation names what does not stand"
            if not self._is_open(season, taken[pupil, season], of):
                assert not found, "a recommendation is in force before its time"
            elif self.entered.consenting.get(pupil) and season not in self.closed and pupil not in self.entered.erased:
                assert set(found) == {follows}, "a recommendation says something else than what stands"

    def _is_open(self, season: str, taken: Sequence[Step], of: Sequence[Step]) -> bool:
        """Tells whether what stands opens the gate of a season."""
        diagnostics, trials = NEEDED[season]
        tested = set(diagnostics) <= {step.what for step in taken if step.kind == "test"}
        walked = sum(step.kind in PRACTICAL for step in of) >= trials
        return tested and (walked or self.kind.gate == "after-diagnostics")


PARTS = ("reserved", "completed")


def _by_part(held: Counter[tuple[tuple[str, str | None], str]]) -> Counter[str]:
    units = Counter[str]()
    for (_, part), number in held.items():
        units[part] += number
    return units
