"""The acts that put a pupil's entry right or end it, and the HTTP command of each."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from deploy.simulator.command import Command
from deploy.simulator.ledger import Ledger
from deploy.simulator.population import Pupil

PARTICIPANT, TRANSFERS, MERGES = "/registration/participants/{id}", "/registration/transfers", "/registration/merges"
NEWER_CONSENT = frozenset({"bad-input"})
"""The refusal of a withdrawal where a consent is in force that was given after it."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """An act about one pupil."""

    pupil: Pupil


@dataclass(frozen=True, slots=True)
class Move(Amendment):
    """A pupil whom another class or school has entered is taken to the own class."""

    school_class: str


@dataclass(frozen=True, slots=True)
class Ask(Amendment):
    """The own school asks for a pupil whom another one has entered."""

    school_class: str


class Confirm(Amendment):
    """The other school lets the pupil go."""


@dataclass(frozen=True, slots=True)
class Merge(Amendment):
    """A second entry of a pupil is taken into the own one."""

    duplicate: Pupil


@dataclass(frozen=True, slots=True)
class Archive(Amendment):
    """A pupil leaves the programme, or an entry turns out to be a mistake."""

    reason: str


class Correct(Amendment):
    """A name or birth date that was mistyped is put right."""


class Withdraw(Amendment):
    """A consent is taken back, on paper."""


@dataclass(frozen=True, slots=True)
class Consent(Amendment):
    """A consent is given once more, on paper."""

    version: str


class Erase(Amendment):
    """A pupil's name and contacts are destroyed."""


def amending(act: Amendment, ledger: Ledger, at: str) -> Command | None:
    """The command; none where the ledger lacks an entry, with which an earlier play of the season has been further."""
    pupil, id = act.pupil, ledger.participants.get(act.pupil.number)
    if id is None:
        return None
    child = {"name": pupil.name, "birth_date": pupil.birth_date.isoformat()}
    match act:
        case Move(_, school_class):
            place = {"school": pupil.school.code, "class": school_class, "external_ref": pupil.external_ref}
            return _sent("POST", id, "/moves", place | {"occurred_at": at})
        case Ask(_, school_class):
            place = {"school": pupil.school.code, "class": school_class, "external_ref": pupil.external_ref}
            return Command("POST", TRANSFERS, TRANSFERS, place | child | {"occurred_at": at})
        case Confirm():
            transfer, route = ledger.transfers[pupil.number], f"{TRANSFERS}/{{id}}/confirmation"
            return Command("POST", route, route.format(id=transfer))
        case Merge(_, duplicate):
            other = ledger.participants.get(duplicate.number)
            return Command("POST", MERGES, MERGES, {"survivor": id, "duplicate": other}) if other else None
        case Archive(_, reason):
            return _sent("POST", id, "/archive", {"reason": reason, "occurred_at": at})
        case Correct():
            return _sent("PATCH", id, "", child | {"occurred_at": at})
        case Withdraw():
            route = f"{PARTICIPANT}/consents/current"
            return Command("DELETE", route, f"{route.format(id=id)}?occurred_at={quote(at)}", done=NEWER_CONSENT)
        case Consent(_, version):
            said = {"version": version, "channel": "paper", "given_at": at}
            return _sent("POST", id, "/consents", said | {"guardian": ledger.guardians[pupil.number]})
    return _sent("DELETE", id, "")  # erased, by an operator and now


def _sent(method: str, id: str, what: str, body: Any = None) -> Command:
    return Command(method, PARTICIPANT + what, PARTICIPANT.format(id=id) + what, body)
