"""The acts of a season, and the HTTP command of each: bodies are built when a step's turn comes."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, assert_never

from deploy.simulator.command import Actor, Batch, Command, PlayError
from deploy.simulator.instruments import Instrument
from deploy.simulator.population import Pupil, SchoolClass
from deploy.simulator.scenario import Scenario

CHANNELS = ("gosuslugi", "paper", "cabinet")
NATIONAL_OPERATOR = Actor("national-operator", "RU", "national-operator:RU")


def staff(role: str, org: str) -> Actor:
    """Somebody who acts for an organisation."""
    return Actor(role, org, f"{role}:{org}")


def guardian(ref: str) -> Actor:
    """A guardian by the school's number of the person."""
    return Actor("guardian", "", f"guardian:{ref}")


@dataclass(frozen=True, slots=True)
class Venue:
    """A site of a municipality where slots are held."""

    code: str
    name: str
    kind: str
    municipality: str


@dataclass(frozen=True, slots=True)
class Slot:
    """Seats at a venue at a time; `ref` is the venue's own number of it."""

    ref: str
    venue: Venue
    competency: str
    kind: str
    starts_at: datetime
    minutes: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Define:
    """An entry of the catalogue is put at its address; `route` is the address with its code left open."""

    route: str
    code: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Enrol:
    """A class roster is sent with the consents, the earliest given at `consents_from`."""

    school_class: SchoolClass
    consents_from: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """A guardian opens the cabinet for a child."""

    pupil: Pupil


@dataclass(frozen=True, slots=True)
class Sit:
    """Pupils of a class complete a diagnostic."""

    diagnostic: str
    pupils: tuple[Pupil, ...]


@dataclass(frozen=True, slots=True)
class Publish:
    """A venue publishes a timetable."""

    venue: Venue
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """A navigator books pupils of the school into a slot."""

    slot: Slot
    pupils: tuple[Pupil, ...]


@dataclass(frozen=True, slots=True)
class Attend:
    """A venue records who took part."""

    slot: Slot
    pupils: tuple[Pupil, ...]


Act = Define | Enrol | Link | Sit | Publish | Book | Attend


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the season. `needs` are numbers of earlier steps; `events` says how many it causes, by type."""

    number: int
    actor: Actor
    at: datetime
    act: Act
    needs: tuple[int, ...]
    events: Mapping[str, int]

    def __str__(self) -> str:
        return f"step {self.number} ({type(self.act).__name__} by {self.actor.subject}, {self.at.isoformat()})"


@dataclass(slots=True)
class Ledger:
    """Ids that the platform gave out: participants and one-time codes by a pupil's number, slots by `ref`.

    A guardian's code is none once it has been redeemed, in an earlier play of the same season.
    """

    participants: dict[int, str] = field(default_factory=dict)
    link_codes: dict[int, str | None] = field(default_factory=dict)
    slots: dict[str, str] = field(default_factory=dict)

    def learn(self, step: Step, answers: Collection[Mapping[str, Any]]) -> None:
        """Keeps what later steps need from the answers; raises `PlayError` where it is missing."""
        try:
            match step.act:
                case Enrol(school_class):
                    items = {answer["external_ref"]: answer for answer in answers}
                    for pupil in school_class.pupils:
                        item = items[pupil.external_ref]
                        self.participants[pupil.number] = item["participant"]
                        if pupil.cabinet:
                            code = item.get("link_code") if item["status"] == "known" else item["link_code"]
                            self.link_codes[pupil.number] = code
                case Publish():
                    self.slots.update((answer["ref"], answer["slot"]) for answer in answers)
        except KeyError as missing:
            raise PlayError(f"{step}: the answer lacks {missing}") from None


@dataclass(frozen=True, slots=True)
class Commands:
    """Builds a step's command. Answers to diagnostics and other details depend on the seed and the step alone."""

    scenario: Scenario
    instruments: Mapping[str, Instrument]
    seed: int
    ledger: Ledger

    def of(self, step: Step) -> Command | None:
        """The command of a step; none where an earlier play of the season has left nothing to do."""
        rng, at = Random(f"{self.seed}/{step.number}"), step.at.isoformat()
        match step.act:
            case Define(route, code, body):
                return Command("PUT", route, route.format(code=code), body)
            case Enrol():
                return self._roster(step.act, step.at, rng)
            case Link(pupil):
                link_code = self.ledger.link_codes[pupil.number]
                return posted("/registration/links", {"code": link_code}) if link_code else None
            case Sit():
                return self._attempts(step.act, at, rng)
            case Publish(venue, slots):
                return timetable(self.scenario, self.scenario.season, venue.code, slots, at)
            case Book(slot, pupils):
                booked = {"participants": [self.ledger.participants[p.number] for p in pupils], "occurred_at": at}
                return self._at_slot(slot, "bookings/batch", booked, Batch("participants", "participant"))
            case Attend(slot, pupils):
                said = {"source": rng.choice(("qr", "list")), "occurred_at": at}
                present = [{"participant": self.ledger.participants[p.number], **said} for p in pupils]
                return self._at_slot(slot, "attendance", present, Batch("", "participant"))
            case other:
                assert_never(other)

    def _roster(self, act: Enrol, at: datetime, rng: Random) -> Command:
        body = {
            "season": self.scenario.season,
            "school": act.school_class.school.code,
            "class": act.school_class.name,
            "occurred_at": at.isoformat(),
            "pupils": [self._pupil(pupil, act.consents_from, at, rng) for pupil in act.school_class.pupils],
        }
        return posted("/registration/rosters", body, Batch("pupils", "external_ref"))

    def _pupil(self, pupil: Pupil, consents_from: datetime, at: datetime, rng: Random) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "external_ref": pupil.external_ref,
            "name": pupil.name,
            "birth_date": pupil.birth_date.isoformat(),
            "grade": pupil.grade,
        }
        if pupil.guardian is not None:
            given_at = consents_from + (at - consents_from) * rng.random()
            entry["guardian"] = {"ref": pupil.guardian.ref, "name": pupil.guardian.name}
            entry["consent"] = {
                "version": f"{self.scenario.season}-1",
                "given_at": given_at.isoformat(timespec="seconds"),
                "channel": rng.choice(CHANNELS),
            }
        return entry

    def _attempts(self, act: Sit, at: str, rng: Random) -> Command:
        season, instrument = self.scenario.season, self.instruments[act.diagnostic]
        attempts = [
            {
                "ref": f"{season}/{act.diagnostic}/{pupil.number}",
                "participant": self.ledger.participants[pupil.number],
                "season": season,
                "diagnostic": act.diagnostic,
                "answers": instrument.answers(rng),
                "occurred_at": at,
            }
            for pupil in act.pupils
        ]
        return posted("/trials/attempts/batch", {"attempts": attempts}, Batch("attempts", "ref"))

    def _at_slot(self, slot: Slot, what: str, body: Any, batch: Batch) -> Command:
        route = f"/trials/slots/{{id}}/{what}"
        return Command("POST", route, route.format(id=self.ledger.slots[slot.ref]), body, batch)


def posted(path: str, body: Any, batch: Batch | None = None) -> Command:
    """A POST to a path without ids."""
    return Command("POST", path, path, body, batch)


def timetable(scenario: Scenario, season: str, venue: str, slots: Iterable[Slot], at: str | None) -> Command:
    """A venue's slots in one command, published at that moment, or now."""
    listed = [
        {
            "ref": slot.ref,
            "competency": slot.competency,
            "kind": slot.kind,
            "starts_at": slot.starts_at.isoformat(),
            "minutes": slot.minutes,
            "capacity": slot.capacity,
            "grades": list(scenario.grades),
        }
        for slot in slots
    ]
    body = {"venue": venue, "season": season, "slots": listed} | ({"occurred_at": at} if at else {})
    return posted("/trials/slots/batch", body, Batch("slots", "ref"))
