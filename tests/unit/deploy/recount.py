"""A season counted anew, step by step, by the platform's rules alone."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from deploy.simulator.acts import Attend, Book, Define, Enrol, Link, Publish, Sit, Slot, Step
from deploy.simulator.population import Pupil
from deploy.simulator.scenario import Gate, Scenario


@dataclass
class Recount:
    """Follows the steps as the platform would, by its rules alone, and counts what comes out."""

    scenario: Scenario
    pupils: dict[int, Pupil] = field(default_factory=dict)
    diagnostics: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    trials: Counter[int] = field(default_factory=Counter)
    outings: Counter[int] = field(default_factory=Counter)
    recommended: set[int] = field(default_factory=set)
    guardians: set[str] = field(default_factory=set)
    competencies: Counter[str] = field(default_factory=Counter)
    offered: dict[str, Slot] = field(default_factory=dict)
    booked: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    defined: set[str] = field(default_factory=set)

    def take(self, step: Step) -> Counter[str]:
        """The events that the step causes."""
        match step.act:
            case Define(route, code):
                assert f"{route} {code}" not in self.defined
                self.defined.add(f"{route} {code}")
                return Counter({"defined": 1})
            case Enrol(school_class, consents_from):
                assert consents_from <= step.at
                self.pupils.update({p.number: p for p in school_class.pupils})
                consents = sum(p.guardian is not None for p in school_class.pupils)
                return Counter({"participant.registered.v1": len(school_class.pupils), "consent.given.v1": consents})
            case Link(pupil):
                assert pupil.number in self.pupils
                assert pupil.guardian is not None
                assert step.actor.subject == f"guardian:{pupil.guardian.ref}"
                self.guardians.add(pupil.guardian.ref)
                return Counter({"guardian.linked.v1": 1})
            case Publish(venue, slots):
                assert len(slots) <= 200
                assert all(slot.venue == venue and slot.ref not in self.offered for slot in slots)
                self.offered.update({slot.ref: slot for slot in slots})
                return Counter({"slot.opened.v1": len(slots)})
        return self.take_part(step)

    def take_part(self, step: Step) -> Counter[str]:
        events: Counter[str] = Counter()
        assert isinstance(step.act, Sit | Book | Attend)
        for pupil in step.act.pupils:
            assert self.pupils[pupil.number].guardian is not None, "nobody takes part without consent"
            match step.act:
                case Sit(diagnostic):
                    assert diagnostic not in self.diagnostics[pupil.number]
                    self.diagnostics[pupil.number].add(diagnostic)
                    events["diagnostic.completed.v1"] += 1
                case Book(slot):
                    assert step.at < self.offered[slot.ref].starts_at
                    assert pupil.number not in self.booked[slot.ref]
                    self.booked[slot.ref].add(pupil.number)
                    assert len(self.booked[slot.ref]) <= slot.capacity
                    events["trial.booked.v1"] += 1
                case Attend(slot):
                    assert step.at >= slot.starts_at
                    self.booked[slot.ref].remove(pupil.number)
                    self.attend(slot, pupil)
                    events["trial.attended.v1"] += 1
            events["recommendation.issued.v1"] += self.opens_gate(pupil)
        return events

    def attend(self, slot: Slot, pupil: Pupil) -> None:
        if slot.kind in ("trial", "partner-trial"):
            self.trials[pupil.number] += 1
            self.competencies[slot.competency] += 1
        else:
            self.outings[pupil.number] += 1

    def opens_gate(self, pupil: Pupil) -> bool:
        tested = self.diagnostics[pupil.number] >= set(self.scenario.diagnostics)
        enough = self.trials[pupil.number] >= self.scenario.trials_required
        opens = tested and (enough or self.scenario.gate is Gate.AFTER_DIAGNOSTICS)
        if not opens or pupil.number in self.recommended:
            return False
        self.recommended.add(pupil.number)
        return True

    def columns(self, code: str) -> tuple[int, ...]:
        """The row of a municipality as `municipalities.csv` has it."""
        counts = Counter[str]()
        for number, pupil in self.pupils.items():
            if pupil.school.municipality.code == code:
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
