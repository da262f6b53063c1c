"""Steps as HTTP commands: bodies built when a step's turn comes, and what later steps need from the answers."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, assert_never

from deploy.simulator.command import Batch, Command, PlayError
from deploy.simulator.instruments import Instrument
from deploy.simulator.population import Pupil
from deploy.simulator.scenario import Scenario
from deploy.simulator.steps import Attend, Book, Define, Enrol, Link, Publish, Sit, Slot, Step

CHANNELS = ("gosuslugi", "paper", "cabinet")


@dataclass(slots=True)
class Ledger:
    """Ids that the platform gave out: participants and one-time codes by a pupil's number, slots by `ref`.

    A guardian's code is none once it has been redeemed, in an earlier play of the same season.
    """

    participants: dict[int, str] = field(default_factory=dict)
    link_codes: dict[int, str | None] = field(default_factory=dict)
    slots: dict[str, str] = field(default_factory=dict)

    def learn(self, step: Step, answers: Collection[Mapping[str, Any]]) -> None:
        """Keep what later steps need from the answers; raises `PlayError` where it is missing."""
        try:
            match step.act:
                case Enrol(school_class):
                    items = {answer["external_ref"]: answer for answer in answers}
                    for pupil in school_class.pupils:
                        self._enrolled(pupil, items[pupil.external_ref])
                case Publish():
                    self.slots.update((answer["ref"], answer["slot"]) for answer in answers)
        except KeyError as missing:
            raise PlayError(f"{step}: the answer lacks {missing}") from None

    def _enrolled(self, pupil: Pupil, item: Mapping[str, Any]) -> None:
        self.participants[pupil.number] = item["participant"]
        if pupil.cabinet:
            self.link_codes[pupil.number] = item.get("link_code") if item["status"] == "known" else item["link_code"]


@dataclass(frozen=True, slots=True)
class Commands:
    """Builds a step's command. Answers to diagnostics and other details depend on the seed and the step alone."""

    scenario: Scenario
    instruments: Mapping[str, Instrument]
    seed: int
    ledger: Ledger

    def of(self, step: Step) -> Command | None:
        """The command of a step; none where an earlier play of the season has left nothing to do."""
        match step.act:
            case Define(route, code, body):
                return Command("PUT", route, route.format(code=code), body)
            case Enrol():
                return self._roster(step.act, step)
            case Link(pupil):
                link_code = self.ledger.link_codes[pupil.number]
                return _post("/registration/links", {"code": link_code}) if link_code else None
            case Sit():
                return self._attempts(step.act, step)
            case Publish():
                return self._timetable(step.act, step)
            case Book():
                return self._bookings(step.act, step)
            case Attend():
                return self._attendance(step.act, step)
            case other:
                assert_never(other)

    def _rng(self, step: Step) -> Random:
        return Random(f"{self.seed}/{step.number}")

    def _roster(self, act: Enrol, step: Step) -> Command:
        rng = self._rng(step)
        body = {
            "season": self.scenario.season,
            "school": act.school_class.school.code,
            "class": act.school_class.name,
            "occurred_at": step.at.isoformat(),
            "pupils": [self._pupil(pupil, act, step, rng) for pupil in act.school_class.pupils],
        }
        return _post("/registration/rosters", body, Batch("pupils", "external_ref"))

    def _pupil(self, pupil: Pupil, act: Enrol, step: Step, rng: Random) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "external_ref": pupil.external_ref,
            "name": pupil.name,
            "birth_date": pupil.birth_date.isoformat(),
            "grade": pupil.grade,
        }
        if pupil.guardian is not None:
            given_at = act.consents_from + (step.at - act.consents_from) * rng.random()
            entry["guardian"] = {"ref": pupil.guardian.ref, "name": pupil.guardian.name}
            entry["consent"] = {
                "version": f"{self.scenario.season}-1",
                "given_at": given_at.isoformat(timespec="seconds"),
                "channel": rng.choice(CHANNELS),
            }
        return entry

    def _attempts(self, act: Sit, step: Step) -> Command:
        rng = self._rng(step)
        instrument = self.instruments[act.diagnostic]
        attempts = [
            {
                "ref": f"{self.scenario.season}/{act.diagnostic}/{pupil.number}",
                "participant": self.ledger.participants[pupil.number],
                "season": self.scenario.season,
                "diagnostic": act.diagnostic,
                "answers": instrument.answers(rng),
                "occurred_at": step.at.isoformat(),
            }
            for pupil in act.pupils
        ]
        return _post("/trials/attempts/batch", {"attempts": attempts}, Batch("attempts", "ref"))

    def _timetable(self, act: Publish, step: Step) -> Command:
        body = {
            "venue": act.venue.code,
            "season": self.scenario.season,
            "occurred_at": step.at.isoformat(),
            "slots": [self._slot(slot) for slot in act.slots],
        }
        return _post("/trials/slots/batch", body, Batch("slots", "ref"))

    def _slot(self, slot: Slot) -> dict[str, Any]:
        return {
            "ref": slot.ref,
            "competency": slot.competency,
            "kind": slot.kind,
            "starts_at": slot.starts_at.isoformat(),
            "minutes": slot.minutes,
            "capacity": slot.capacity,
            "grades": list(self.scenario.grades),
        }

    def _bookings(self, act: Book, step: Step) -> Command:
        participants = [self.ledger.participants[pupil.number] for pupil in act.pupils]
        body = {"participants": participants, "occurred_at": step.at.isoformat()}
        return self._at_slot(act.slot, "bookings/batch", body, Batch("participants", "participant"))

    def _attendance(self, act: Attend, step: Step) -> Command:
        source, at = self._rng(step).choice(("qr", "list")), step.at.isoformat()
        body = [
            {"participant": self.ledger.participants[pupil.number], "source": source, "occurred_at": at}
            for pupil in act.pupils
        ]
        return self._at_slot(act.slot, "attendance", body, Batch("", "participant"))

    def _at_slot(self, slot: Slot, what: str, body: Any, batch: Batch) -> Command:
        path = f"/trials/slots/{self.ledger.slots[slot.ref]}/{what}"
        return Command("POST", f"/trials/slots/{{id}}/{what}", path, body, batch)


def _post(path: str, body: Any, batch: Batch | None = None) -> Command:
    return Command("POST", path, path, body, batch)
