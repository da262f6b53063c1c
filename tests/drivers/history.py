"""A history of commands to registration and trials, and what has to hold of it at every moment and in the end."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta, timezone

from services.trials.handlers import waiting
from shared.contracts.event import Envelope
from tests.builders.standing import PRACTICAL, Seat, Step, Steps, Told, overlaps
from tests.builders.standing_acts import Acts, Due
from tests.builders.standing_advice import Rules, advised, attended
from tests.builders.standing_entries import OLDEST, Entries
from tests.builders.standing_slots import Slots
from tests.drivers.commands import Money, Timetable
from tests.drivers.commands import Steps as Walks
from tests.drivers.furnished import ADVICE, HIGH, LEANING, LONG, NEEDED, SECOND_ROUND, SHORT, SUMS, Kind
from tests.drivers.office import Office
from tests.drivers.together import EVERY, Together

LOCAL = timezone(timedelta(hours=3))
RULES: Mapping[str, Rules] = {
    LONG: Rules(),
    SHORT: Rules(**ADVICE, high=HIGH, for_whom=(NEEDED[SHORT][0][0], LEANING)),
}


def plain(one: Envelope) -> Told:
    """Returns an event as anybody can read it."""
    return Told(one.event.type, one.time, one.event.model_dump(mode="json"))


class History:
    """Both services, the commands that they are given, and what they have told by now."""

    def __init__(self, both: Together, kind: Kind) -> None:
        self.both, self.kind = both, kind
        self.office, self.timetable, self.walks = Office(self.both), Timetable(self.both), Walks(self.both)
        self.money = Money(self.both)
        self.steps, self.entered, self.heard = Steps(), Entries(), Entries()
        """What trials told, what registration told, and the part of that which trials has heard."""
        self.slots, self.acts = Slots(), Acts()
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
            id, seats = slot["_id"], self.slots.slots[slot["_id"]].capacity
            assert live[id] == slot["booked"] <= seats, f"{live[id]} seats, counted {slot['booked']}"
            assert len(waits[id]) == slot["waiting"], "a line has another length"
            stay = [path for path in self.lines[id] if path in waits[id]]
            self.lines[id] = stay + [path for path in waits[id] if path not in stay]
        came = self.came
        for id, seat in self.steps.held.items():
            assert id in came or self.slots.slots[seat.slot].fits(seat), f"seat {id} did not follow its slot"
        self._ledger_agrees(made)

    @property
    def came(self) -> set[str]:
        """The bookings of all attendances, also of those that were taken back once the slot had begun."""
        return {step.of for step in self.steps.taken.values()}

    def _read_on(self) -> list[Seat]:
        """Takes in what was told since; returns the seats that were taken, each by who was free then."""
        registration, trials = self.both.registration, self.both.trials
        for one in registration.log.told[self._read["registration"] :]:
            self.entered.hear(plain(one))
        for told in map(plain, trials.catalogue[self._read["catalogue"] :]):
            self.slots.hear(told)
            self.acts.hear(told)
        made = []
        for told in map(plain, trials.log.told[self._read["trials"] :]):
            self.steps.hear(told)
            made += self._is_sound(told)
        logs = {"registration": registration.log.told, "catalogue": trials.catalogue, "trials": trials.log.told}
        self._read = Counter({name: len(log) for name, log in logs.items()})
        return made

    def _is_sound(self, told: Told) -> list[Seat]:
        """Looks at a step when it is told; returns the seat that was taken by it."""
        said = told.said
        match told.type.removesuffix(".v1"):
            case "trial.booked" | "trial.moved" as name:
                seat = self.steps.seats[said["booking"]]
                self._is_in_one_place(seat)
                if name == "trial.booked":
                    assert self.slots.slots[seat.slot].admits(seat), "a seat is for pupils of another grade"
                    return [seat]
            case "diagnostic.completed" | "diagnostic.revoked":
                is_second = told.time.astimezone(LOCAL).date() >= date.fromisoformat(SECOND_ROUND)
                assert said["round"] == 1 + (said["season"] == LONG and is_second), "an attempt is of another round"
            case "recommendation.issued":
                self._is_next(said)
        return []

    def _is_next(self, said: Mapping[str, str]) -> None:
        """Of a pupil's recommendations in a season one is in force, and each has the number behind the last one's."""
        own = self.heard.named(said["participant"])
        issued = {id: one for id, one in self.steps.issued.items() if one.pupil in own and one.season == said["season"]}
        new = issued.pop(said["recommendation"])
        assert issued.keys() <= self.steps.withdrawn.keys(), "two recommendations are in force"
        last = max((one.revision for one in issued.values()), default=0)
        assert new.revision == last + 1, f"revision {new.revision} follows {last}"
        assert (new.revised_at is None) is (new.revision == 1)

    def are_paid(self, season: str, begins: date, ends: date) -> None:
        """Looks at acts once some days were signed for: all that is due of them is paid, and nothing that is gone."""
        if self.heard.is_half_told:
            return
        due, gone = dict[str, Due](), set[str]()
        for id, step in self.steps.taken.items():
            if step.slot and step.season == season:
                day = self.slots.slots[step.slot].starts.astimezone(LOCAL).date()
                kopecks = SUMS.get(step.kind, SUMS[None])
                due[id] = Due(self.heard.survivor(step.pupil), step.slot, day, kopecks)
                gone |= {id} & self.steps.revoked
        self.acts.settle(begins, ends, {id: one for id, one in due.items() if id not in gone}, gone)

    def is_called_off(self, begins: date, ends: date) -> None:
        """Looks at slots after some days were called off: only what has begun is held, or what somebody has come to."""
        visited = {step.slot for step in self.steps.standing.values()}
        for id, slot in self.slots.slots.items():
            if begins <= slot.starts.astimezone(LOCAL).date() <= ends and slot.starts > self.both.now:
                assert slot.closed or id in visited, f"slot {id} is held on a day that was called off"

    def are_promoted(self, school: str, before: date, but: Collection[str]) -> None:
        """Looks at those who have stood in a school since before a day on which it went into its year."""
        for id, said in self.entered.placed.items():
            first, is_one = said[0], self.entered.akin(id) == {id}
            moved = any(one.type == "participant.moved.v1" or one.school != school for one in said)
            is_old = first.season == LONG and first.time.astimezone(LOCAL).date() < before
            if is_old and is_one and not moved and id not in but and not self.entered.absences[id].spans:
                assert said[-1].grade == OLDEST, f"{id} was not promoted on {before}: {said}"

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
        came = self.came
        for id, seat in self.steps.held.items():
            if id not in came:
                until = max(seat.starts, seat.time)
                assert self.entered.consented(seat.pupil, seat.time, until), f"seat {id} is held without a consent"
                assert not self.entered.was_away(seat.pupil, seat.time, until), f"seat {id} is held in the archive"

    def _recommendations_follow(self) -> None:
        said: defaultdict[tuple[str, str], list[tuple[str, ...]]] = defaultdict(list)
        for one in self.steps.in_force.values():
            said[self.heard.survivor(one.pupil), one.season].append(one.competencies)
        taken: defaultdict[tuple[str, str], list[Step]] = defaultdict(list)
        for step in self.steps.standing.values():
            taken[self.heard.survivor(step.pupil), step.season].append(step)
        marks = {self.steps.taken[id]: marks for id, marks in self.steps.marks.items() if id in self.steps.standing}
        for pupil, season in said.keys() | taken.keys():
            of = list(attended(taken[pupil, season]))
            own = {step.slot: marks[step] for step in of if step in marks}
            found, follows = said[pupil, season], advised(taken[pupil, season], of, own, RULES[season])
            for competencies in found:
                leans = {LEANING} if season == SHORT else set()
                assert set(competencies) <= {step.what for step in of} | leans, "what does not stand is recommended"
            if not self._is_open(season, taken[pupil, season], of):
                assert not found, "a recommendation is in force before its time"
            elif self.entered.consenting.get(pupil) and self._is_settled(pupil, season):
                assert set(found) == {follows}, f"{found} is recommended, and {follows} stands"

    def _is_settled(self, pupil: str, season: str) -> bool:
        """True where whatever follows is said: the season is open, and the pupil is somebody."""
        return season not in self.slots.seasons_closed and pupil not in self.entered.erased

    def _is_open(self, season: str, taken: Sequence[Step], of: Sequence[Step]) -> bool:
        """Tells whether what stands opens the gate of a season."""
        diagnostics, trials = NEEDED[season]
        counted = (1, 2) if self.kind.tested_by == "any-round" else (1,)
        tested = set(diagnostics) <= {step.what for step in taken if step.kind == "test" and step.round in counted}
        walked = sum(step.kind in PRACTICAL for step in of) >= trials
        return tested and (walked or self.kind.gate == "after-diagnostics")


PARTS = ("reserved", "completed")


def _by_part(held: Counter[tuple[tuple[str, str | None], str]]) -> Counter[str]:
    units = Counter[str]()
    for (_, part), number in held.items():
        units[part] += number
    return units
