"""A season counted anew, step by step, by the platform's rules alone."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date

from deploy.simulator.acts import Amendment, AtSlot, Define, Enrol, Publish, Sit, Slot, Step
from deploy.simulator.population import Pupil, School, SchoolClass
from deploy.simulator.quotas import LEDGER
from deploy.simulator.scenario import Gate, Scenario
from tests.unit.deploy.advised import advised, revised
from tests.unit.deploy.entry import Entry
from tests.unit.deploy.quota_ledger import QuotaLedger


@dataclass
class Recount:
    """Follows the steps as the platform would, by its rules alone, and counts what comes out."""

    scenario: Scenario
    entries: dict[int, Entry] = field(default_factory=dict)
    children: dict[tuple[str, str], set[int]] = field(default_factory=lambda: defaultdict(set))
    """The entries of a name and birth date."""
    keys: set[tuple[str, str]] = field(default_factory=set)
    """Of pupils, with the code of the school that gave them."""
    asked: dict[int, tuple[School, str, str]] = field(default_factory=dict)
    diagnostics: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    trials: Counter[int] = field(default_factory=Counter)
    tried: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    second_round: date | None = None
    outings: Counter[int] = field(default_factory=Counter)
    recommended: set[int] = field(default_factory=set)
    cabinets: dict[int, str] = field(default_factory=dict)
    """The guardian who opened one, by the child's number."""
    competencies: Counter[str] = field(default_factory=Counter)
    offered: dict[str, Slot] = field(default_factory=dict)
    booked: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    defined: set[str] = field(default_factory=set)
    ledger: QuotaLedger = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = QuotaLedger(self.scenario.region)

    def take(self, step: Step) -> Counter[str]:
        """The events that the step causes."""
        match step.act:
            case Define(route) if route.startswith(LEDGER):
                return self.ledger.enter(step)
            case Define(route, code):
                assert f"{route} {code}" not in self.defined
                self.defined.add(f"{route} {code}")
                if (second := step.act.body.get("second_round")) is not None:
                    self.second_round = date.fromisoformat(second["opens"])
                return Counter({"defined": 1})
            case Enrol(school_class, consents_from):
                assert consents_from <= step.at
                assert step.actor.subject == f"navigator:{school_class.school.code}"
                return sum((self.enrol(school_class, pupil) for pupil in school_class.pupils), Counter[str]())
            case Amendment("link", pupil):
                assert pupil.guardian is not None
                assert pupil.guardian.ref in self.entries[pupil.number].guardians
                assert step.actor.subject == f"guardian:{pupil.guardian.ref}"
                self.cabinets[pupil.number] = pupil.guardian.ref
                return Counter({"guardian.linked.v1": 1})
            case Publish(venue, slots):
                assert len(slots) <= 200
                assert all(slot.venue == venue and slot.ref not in self.offered for slot in slots)
                self.offered.update({slot.ref: slot for slot in slots})
                return Counter({"slot.opened.v1": len(slots)})
            case Sit() | AtSlot(kind="book" | "attend" | "mistake"):
                return self.take_part(step)
            case AtSlot():
                return self.go_wrong(step, step.act)
        return self.amend(step)

    def go_wrong(self, step: Step, act: AtSlot) -> Counter[str]:
        """What a venue changes of a slot, or of who was there."""
        self.ledger.count(act, 0 if act.kind == "shift" else -1)
        assert step.actor.subject == f"venue:{act.slot.venue.code}"
        known, booked = self.offered[act.slot.ref], self.booked[act.slot.ref]
        match act:
            case AtSlot("miss", slot, pupils):
                assert step.at >= slot.starts_at
                assert {pupil.number for pupil in pupils} <= booked
                booked.difference_update(pupil.number for pupil in pupils)
                return Counter({"attendance.missed.v1": len(pupils)})
            case AtSlot("close", _, pupils):
                assert step.at < known.starts_at
                assert {pupil.number for pupil in pupils} == booked
                freed = len(booked)
                booked.clear()
                return Counter({"slot.closed.v1": 1, "trial.cancelled.v1": freed})
            case AtSlot("shift", slot, pupils):
                assert {pupil.number for pupil in pupils} == booked
                assert step.at < min(known.starts_at, slot.starts_at)
                assert known.starts_at != slot.starts_at
                self.offered[slot.ref] = slot
                return Counter({"slot.moved.v1": 1, "trial.moved.v1": len(booked)})
        (pupil,) = act.pupils
        return self.revoke(act.slot, pupil.number)

    def revoke(self, slot: Slot, number: int) -> Counter[str]:
        """The last attendance of a pupil is taken back."""
        before = advised(self.tried[number])
        assert self.tried[number].pop() == slot.competency
        self.trials[number] -= 1
        self.competencies[slot.competency] -= 1
        events = Counter({"attendance.revoked.v1": 1})
        if number not in self.recommended:
            return events
        if not self.is_open(number):
            self.recommended.discard(number)
            return events + Counter({"recommendation.withdrawn.v1": 1})
        return events + revised(before, self.tried[number])

    def enrol(self, c: SchoolClass, pupil: Pupil) -> Counter[str]:
        """One line of a roster, of a new child or of one who is there."""
        entry, child = self.entries.get(pupil.number), (pupil.name, pupil.birth_date.isoformat())
        events: Counter[str] = Counter()
        if entry is None:
            assert bool(self.children[child]) == pupil.namesake, "a child is not entered twice unless it is said"
            self.give_key(c.school, pupil.external_ref)
            entry = self.entries[pupil.number] = Entry(c.school, c.name, pupil.external_ref, child, set())
            events["participant.registered.v1"] += 1
        assert (entry.school, entry.school_class, entry.key) == (c.school, c.name, pupil.external_ref)
        assert not entry.archived
        self.name(pupil.number, child)
        for known in filter(None, (pupil.guardian, pupil.second)):
            entry.guardians.add(known.ref)
        if pupil.guardian is not None and not entry.consent:
            entry.consent = f"{self.scenario.season}-1"
            events["consent.given.v1"] += 1
        return events

    def give_key(self, school: School, key: str) -> None:
        assert (school.code, key) not in self.keys
        self.keys.add((school.code, key))

    def name(self, number: int, child: tuple[str, str]) -> None:
        entry = self.entries[number]
        self.children[entry.child].discard(number)
        self.children[child].add(number)
        entry.child = child

    def amend(self, step: Step) -> Counter[str]:
        act = step.act
        assert isinstance(act, Amendment)
        entry, pupil = self.entries[act.pupil.number], act.pupil
        navigator, operator = f"navigator:{entry.school.code}", f"regional-operator:{self.scenario.region}"
        assert not entry.erased
        assert not entry.archived or act.kind == "erase"
        by = operator if act.kind in ("move", "merge", "erase") else navigator
        assert step.actor.subject == (f"navigator:{pupil.school.code}" if act.kind == "ask" else by)
        child = (pupil.name, pupil.birth_date.isoformat())
        match act.kind:
            case "move":
                return self.move(entry, (pupil.school, act.words, pupil.external_ref))
            case "ask":
                assert entry.school != pupil.school
                assert self.children[child] == {pupil.number}
                self.asked[pupil.number] = (pupil.school, act.words, pupil.external_ref)
                return Counter()
            case "confirm":
                return self.move(entry, self.asked.pop(pupil.number))
            case "merge":
                assert act.other is not None
                return self.merge(pupil.number, act.other.number)
            case "correct":
                assert entry.child != child, "something is put right"
                self.name(pupil.number, child)
                return Counter()
        return self.end(act, entry)

    def merge(self, number: int, duplicate: int) -> Counter[str]:
        second, events = self.entries[duplicate], Counter({"participant.merged.v1": 2})
        assert self.entries[number].child == second.child
        assert not second.merged
        second.merged = True
        self.diagnostics[number] |= self.diagnostics.pop(duplicate, set())
        if duplicate in self.recommended:
            self.recommended.add(number)
            return events
        return events + Counter({"recommendation.issued.v1": int(self.opens_gate(number))})

    def move(self, entry: Entry, place: tuple[School, str, str]) -> Counter[str]:
        assert (entry.school, entry.school_class) != place[:2]
        if place[0] != entry.school:
            self.give_key(place[0], place[2])
        entry.school, entry.school_class, entry.key = place
        return Counter({"participant.moved.v1": 1})

    def end(self, act: Amendment, entry: Entry) -> Counter[str]:
        match act.kind:
            case "archive":
                entry.archived = act.words
                return Counter({"participant.archived.v1": 1})
            case "withdraw":
                assert entry.consent
                entry.consent = ""
                return Counter({"consent.withdrawn.v1": 1})
            case "consent":
                assert not entry.consent
                entry.consent = act.words
                return Counter({"consent.given.v1": 1})
        assert act.kind == "erase"
        entry.erased = True
        return Counter({"participant.erased.v1": 1, "path.erased.v1": 1})

    def take_part(self, step: Step) -> Counter[str]:
        events: Counter[str] = Counter()
        assert isinstance(step.act, Sit | AtSlot)
        for pupil in step.act.pupils:
            entry = self.entries[pupil.number]
            assert entry.consent, "nobody takes part without consent"
            assert not any((entry.archived, entry.erased, entry.merged))
            if isinstance(step.act, Sit) or step.act.kind == "book":
                assert step.actor.subject == f"navigator:{entry.school.code}"
            match step.act:
                case Sit(diagnostic, _, 2):
                    assert self.second_round is not None
                    assert step.at.date() >= self.second_round
                    events["diagnostic.completed.v1"] += 1
                case Sit(diagnostic):
                    assert self.second_round is None or step.at.date() < self.second_round
                    assert diagnostic not in self.diagnostics[pupil.number]
                    self.diagnostics[pupil.number].add(diagnostic)
                    events["diagnostic.completed.v1"] += 1
                case AtSlot("book", slot):
                    assert step.at < self.offered[slot.ref].starts_at
                    assert pupil.number not in self.booked[slot.ref]
                    self.booked[slot.ref].add(pupil.number)
                    assert len(self.booked[slot.ref]) <= slot.capacity
                    events["trial.booked.v1"] += 1
                    self.ledger.booked[entry.school.code, slot.venue.code] += 1
                case AtSlot(_, slot):
                    assert step.at >= slot.starts_at
                    assert slot == self.offered[slot.ref]
                    self.booked[slot.ref].remove(pupil.number)
                    before = advised(self.tried[pupil.number])
                    self.attend(slot, pupil)
                    events["trial.attended.v1"] += 1
                    if pupil.number in self.recommended:
                        events += revised(before, self.tried[pupil.number])
            events["recommendation.issued.v1"] += self.opens_gate(pupil.number)
        return events

    def attend(self, slot: Slot, pupil: Pupil) -> None:
        if slot.kind in ("trial", "partner-trial"):
            self.trials[pupil.number] += 1
            self.tried[pupil.number].append(slot.competency)
            self.competencies[slot.competency] += 1
        else:
            self.outings[pupil.number] += 1

    def opens_gate(self, number: int) -> bool:
        if not self.is_open(number) or number in self.recommended:
            return False
        self.recommended.add(number)
        return True

    def is_open(self, number: int) -> bool:
        """Whether the gate is open for a pupil."""
        tested = self.diagnostics[number] >= set(self.scenario.diagnostics)
        enough = self.trials[number] >= self.scenario.trials_required
        return tested and (enough or self.scenario.gate is Gate.AFTER_DIAGNOSTICS)

    def counts(self, number: int) -> bool:
        """Whether figures count an entry: each pupil once, and no mistake."""
        entry = self.entries[number]
        return not entry.merged and entry.archived != "mistake"

    @property
    def guardians(self) -> set[str]:
        """The guardians with a cabinet of a pupil who counts."""
        return {guardian for number, guardian in self.cabinets.items() if self.counts(number)}

    def columns(self, code: str) -> tuple[int, ...]:
        """The row of a municipality as `municipalities.csv` has it."""
        counts = Counter[str]()
        for number, entry in self.entries.items():
            if entry.school.municipality.code == code and self.counts(number):
                trials, done = self.trials[number], self.diagnostics[number]
                tested = done >= set(self.scenario.diagnostics)
                counts["registered"] += 1
                counts["participated"] += bool(done or trials or self.outings[number])
                counts["tested"] += tested
                counts["attended"] += tested and trials > 0
                complete = tested and trials >= self.scenario.trials_required and number in self.recommended
                counts["completed"] += complete
                counts["recommended"] += number in self.recommended
        order = ("registered", "participated", "tested", "attended", "completed", "recommended")
        return tuple(counts[name] for name in order)
