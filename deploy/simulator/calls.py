"""The HTTP command of each act: bodies are built when a step's turn comes, with the ids that the platform has given."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import Any
from urllib.parse import quote

from deploy.simulator.acts import AT_SLOT, Amendment, AtSlot, Define, Enrol, Publish, Sit, Slot, Step
from deploy.simulator.command import Batch, Command, PlayError
from deploy.simulator.instruments import EARLIER, Instrument, instruments
from deploy.simulator.population import Guardian, Pupil
from deploy.simulator.scenario import Scenario

LINKS, ROSTERS = "/registration/links", "/registration/rosters"
ATTEMPTS, TIMETABLES = "/trials/attempts/batch", "/trials/slots/batch"
PARTICIPANT, TRANSFERS, MERGES = "/registration/participants/{id}", "/registration/transfers", "/registration/merges"
SLOT, REVOCATION, MISTAKE = "/trials/slots/{id}", "/trials/attendance/{id}/revocation", "Отмечен по ошибке"
CHANNELS = ("gosuslugi", "paper", "cabinet")
FURTHER = frozenset({"pupil-left", "participant-archived", "consent-withdrawn"})
"""Refusals of a roster's line by which an earlier play has done more with the pupil than enter one."""
IN_USE = frozenset({"instrument-in-use"})
"""The refusal of a diagnostic that a play of an earlier release has used."""
NEWER_CONSENT = frozenset({"bad-input"})
"""The refusal of a withdrawal where a consent is in force that was given after it."""
CLOSED = frozenset({"slot-closed"})
"""The refusal of a booking where an earlier play has called the slot off."""
UNDER_WAY = frozenset({"consent-missing"})
"""The refusal of trials until a consent has arrived there that was given late, or once more."""


@dataclass(slots=True)
class Ledger:
    """Ids that the platform gave out: participants, guardians, transfers and codes by a pupil's number, slots by `ref`.

    A guardian's code is none once it has been redeemed, in an earlier play of the same season.
    """

    participants: dict[int, str] = field(default_factory=dict)
    guardians: dict[int, str] = field(default_factory=dict)
    link_codes: dict[int, str | None] = field(default_factory=dict)
    transfers: dict[int, str] = field(default_factory=dict)
    slots: dict[str, str] = field(default_factory=dict)
    gone: frozenset[int] = frozenset()
    """Pupils whom an earlier play has erased: nobody finds them any more, and a roster would enter them anew."""
    attendances: dict[int, str] = field(default_factory=dict)
    """Those that are revoked, by the pupil's number."""
    revoked: frozenset[int] = frozenset()
    """Pupils whose mistaken attendance an earlier play has revoked: recorded again it would stand."""
    lapsing: frozenset[int] = frozenset()
    """Pupils whose first consent an earlier play may have withdrawn: a roster that says it again would be refused."""


@dataclass(frozen=True, slots=True)
class Commands:
    """Builds a step's command. Answers to diagnostics and other details depend on the seed and the step alone.

    Whom the ledger does not know is left out: an earlier play has been further with the pupil.
    """

    scenario: Scenario
    instruments: dict[str, Instrument]
    seed: int
    ledger: Ledger

    def of(self, step: Step) -> Command | None:
        """The command of a step; none where an earlier play of the season has left nothing to do."""
        rng, at = Random(f"{self.seed}/{step.number}"), step.at.isoformat()
        match step.act:
            case Define(route, code, body, method):
                return Command.to(method, route, body, of=code, done=IN_USE)
            case Enrol():
                return self._roster(step.act, step.at, rng)
            case Sit():
                return self._attempts(step.act, at, rng)
            case Publish(venue, slots):
                return timetable(self.scenario, self.scenario.season, venue.code, slots, at)
            case AtSlot("revoke", _, (pupil,)):
                attendance, said = self.ledger.attendances.get(pupil.number), {"reason": MISTAKE, "occurred_at": at}
                return Command.to("POST", REVOCATION, said, of=attendance) if attendance else None
            case AtSlot():
                return self._at_slot(step.act, at, rng)
            case amendment:
                return _amending(amendment, self.ledger, at)

    def learn(self, step: Step, answers: Collection[Mapping[str, Any]]) -> None:
        """Keeps what later steps need from the answers; raises `PlayError` where it is missing."""
        try:
            match step.act:
                case Enrol(school_class):
                    items = {answer["external_ref"]: answer for answer in answers}
                    for pupil in school_class.pupils:
                        if pupil.number not in self.ledger.gone:
                            self._enter(pupil, items[pupil.external_ref])
                case Define(_, code) if any("problem" in answer for answer in answers):
                    self.instruments.update(instruments([code], EARLIER))
                case Amendment("ask", pupil):
                    (answer,) = answers
                    self.ledger.transfers[pupil.number] = answer["transfer"]
                case AtSlot("mistake", _, pupils):
                    ids = {answer["participant"]: answer["attendance"] for answer in answers}
                    known = self._known(pupils)
                    self.ledger.attendances.update({n: ids[id] for n, id in known.items() if id in ids})
                case Publish():
                    self.ledger.slots.update((answer["ref"], answer["slot"]) for answer in answers)
        except KeyError as missing:
            raise PlayError(f"{step}: the answer lacks {missing}") from None

    def _enter(self, pupil: Pupil, item: Mapping[str, Any]) -> None:
        if (item.get("problem") or {}).get("type") in FURTHER:
            return
        self.ledger.participants[pupil.number] = item["participant"]
        if pupil.guardian is not None:
            self.ledger.guardians[pupil.number] = item["guardian"]
        if pupil.cabinet:
            code = item.get("link_code") if item["status"] == "known" else item["link_code"]
            self.ledger.link_codes[pupil.number] = code

    def _known(self, pupils: Iterable[Pupil]) -> dict[int, str]:
        """The ids of those whom the ledger knows, by number."""
        ids = self.ledger.participants
        return {pupil.number: ids[pupil.number] for pupil in pupils if pupil.number in ids}

    def _roster(self, act: Enrol, at: datetime, rng: Random) -> Command | None:
        lines = [(pupil.number, self._pupil(pupil, act.consents_from, at, rng)) for pupil in act.school_class.pupils]
        left = [line for number, line in lines if number not in self.ledger.gone]
        place = {"school": act.school_class.school.code, "class": act.school_class.name}
        body = {"season": self.scenario.season, **place, "occurred_at": at.isoformat(), "pupils": left}
        return Command.to("POST", ROSTERS, body, batch=Batch("pupils", "external_ref"), done=FURTHER) if left else None

    def _pupil(self, pupil: Pupil, consents_from: datetime, at: datetime, rng: Random) -> dict[str, Any]:
        entry: dict[str, Any] = {name: getattr(pupil, name) for name in ("external_ref", "name", "grade")}
        entry["birth_date"] = pupil.birth_date.isoformat()
        if pupil.guardian is not None:
            given_at = consents_from + (at - consents_from) * rng.random()
            entry["guardian"] = _named(pupil.guardian)
        if pupil.guardian is not None and pupil.number not in self.ledger.lapsing:
            version, given = f"{self.scenario.season}-1", given_at.isoformat(timespec="seconds")
            entry["consent"] = {"version": version, "given_at": given, "channel": rng.choice(CHANNELS)}
        if pupil.second is not None:
            entry["guardians"] = [_named(pupil.second)]
        return entry | {"namesake": True} if pupil.namesake else entry

    def _attempts(self, act: Sit, at: str, rng: Random) -> Command | None:
        season, instrument, known = self.scenario.season, self.instruments[act.diagnostic], self._known(act.pupils)
        answers = {pupil.number: instrument.answers(rng) for pupil in act.pupils}
        repeated = "" if act.round == 1 else f"/{act.round}"
        said = {"season": season, "diagnostic": act.diagnostic, "occurred_at": at}
        attempts = [
            {
                "ref": f"{season}/{act.diagnostic}/{number}{repeated}",
                "participant": id,
                "answers": answers[number],
                **said,
            }
            for number, id in known.items()
        ]
        body, batch = {"attempts": attempts}, Batch("attempts", "ref")
        return Command.to("POST", ATTEMPTS, body, batch=batch, awaited=UNDER_WAY) if attempts else None

    def _at_slot(self, act: AtSlot, at: str, rng: Random) -> Command | None:
        known = self._known(p for p in act.pupils if act.kind != "mistake" or p.number not in self.ledger.revoked)
        route, said, to = f"{SLOT}/{AT_SLOT[act.kind][0]}", {"occurred_at": at}, {"of": self.ledger.slots[act.slot.ref]}
        if act.kind in ("shift", "close"):
            so = {"reason": "frost"} if act.kind == "close" else {"starts_at": act.slot.starts_at.isoformat()}
            return Command.to("POST", route, so | said, **to)
        said |= {"source": rng.choice(("qr", "list"))} if act.kind in ("attend", "mistake") else {}
        body: Any = [{"participant": id, **said} for id in known.values()]
        if act.kind == "book":
            body = {"participants": [*known.values()], **said}
        batch = Batch("participants" if act.kind == "book" else "", "participant")
        return Command.to("POST", route, body, batch=batch, awaited=UNDER_WAY, done=CLOSED, **to) if known else None


def _amending(act: Amendment, ledger: Ledger, at: str) -> Command | None:
    """None where the ledger lacks an entry, with which an earlier play of the season has been further."""
    pupil, id = act.pupil, ledger.participants.get(act.pupil.number)
    if id is None:
        return None
    place = {"school": pupil.school.code, "class": act.words, "external_ref": pupil.external_ref, "occurred_at": at}
    match act.kind:
        case "link":
            code = ledger.link_codes.get(pupil.number)
            return Command.to("POST", LINKS, {"code": code}) if code else None
        case "move":
            return _about(id, "POST", "/moves", place)
        case "ask":
            place |= {"name": pupil.name, "birth_date": pupil.birth_date.isoformat()}
            return Command.to("POST", TRANSFERS, place)
        case "confirm":
            return Command.to("POST", f"{TRANSFERS}/{{id}}/confirmation", of=ledger.transfers[pupil.number])
        case "merge":
            duplicate = act.other and ledger.participants.get(act.other.number)
            return Command.to("POST", MERGES, {"survivor": id, "duplicate": duplicate}) if duplicate else None
        case "archive":
            return _about(id, "POST", "/archive", {"reason": act.words, "occurred_at": at})
        case "correct":
            return _about(id, "PATCH", "", {"name": pupil.name, "occurred_at": at})
        case "withdraw":
            withdrawal = _about(id, "DELETE", "/consents/current")
            return replace(withdrawal, path=f"{withdrawal.path}?occurred_at={quote(at)}", done=NEWER_CONSENT)
        case "consent":
            said = {"version": act.words, "channel": "paper", "given_at": at}
            return _about(id, "POST", "/consents", said | {"guardian": ledger.guardians[pupil.number]})
        case "erase":
            return _about(id, "DELETE", "")


def _about(id: str, method: str, what: str, body: Any = None) -> Command:
    return Command.to(method, PARTICIPANT + what, body, of=id)


def _named(guardian: Guardian) -> dict[str, str]:
    return {"ref": guardian.ref, "name": guardian.name}


def timetable(scenario: Scenario, season: str, venue: str, slots: Iterable[Slot], at: str | None) -> Command:
    """A venue's slots in one command, published at that moment, or now."""
    listed = [
        {name: getattr(slot, name) for name in ("ref", "competency", "kind", "minutes", "capacity")}
        | {"starts_at": slot.starts_at.isoformat(), "grades": list(scenario.grades)}
        for slot in slots
    ]
    body = {"venue": venue, "season": season, "slots": listed} | ({"occurred_at": at} if at else {})
    return Command.to("POST", TIMETABLES, body, batch=Batch("slots", "ref"))
