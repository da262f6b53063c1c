"""The acts that put a pupil's entry right or end it, and the HTTP command of each."""

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from deploy.simulator.command import Command
from deploy.simulator.ledger import Ledger
from deploy.simulator.population import Pupil

PARTICIPANT, TRANSFERS, MERGES = "/registration/participants/{id}", "/registration/transfers", "/registration/merges"
NEWER_CONSENT = frozenset({"bad-input"})
"""The refusal of a withdrawal where a consent is in force that was given after it."""
Kind = Literal["move", "ask", "confirm", "merge", "archive", "correct", "withdraw", "consent", "erase"]


@dataclass(frozen=True, slots=True)
class Amendment:
    """An act about one pupil.

    Who was entered elsewhere is moved by an operator, or asked for, and the other school confirms. A second entry is
    merged, a name put right, a consent taken back and given once more; a pupil leaves, was a mistake, or is erased.
    """

    kind: Kind
    pupil: Pupil
    words: str = ""
    """The class to which the pupil is moved or asked for, the reason of an archive, the version of a consent."""
    other: Pupil | None = None
    """A second entry that is merged, or the entry of the school that confirms."""


def amending(act: Amendment, ledger: Ledger, at: str) -> Command | None:
    """The command; none where the ledger lacks an entry, with which an earlier play of the season has been further."""
    pupil, id = act.pupil, ledger.participants.get(act.pupil.number)
    if id is None:
        return None
    place = {"school": pupil.school.code, "class": act.words, "external_ref": pupil.external_ref, "occurred_at": at}
    match act.kind:
        case "move":
            return _sent("POST", id, "/moves", place)
        case "ask":
            child = {"name": pupil.name, "birth_date": pupil.birth_date.isoformat()}
            return Command("POST", TRANSFERS, TRANSFERS, place | child)
        case "confirm":
            transfer, route = ledger.transfers[pupil.number], f"{TRANSFERS}/{{id}}/confirmation"
            return Command("POST", route, route.format(id=transfer))
        case "merge":
            duplicate = act.other and ledger.participants.get(act.other.number)
            return Command("POST", MERGES, MERGES, {"survivor": id, "duplicate": duplicate}) if duplicate else None
        case "archive":
            return _sent("POST", id, "/archive", {"reason": act.words, "occurred_at": at})
        case "correct":
            return _sent("PATCH", id, "", {"name": pupil.name, "occurred_at": at})
        case "withdraw":
            route = f"{PARTICIPANT}/consents/current"
            return Command("DELETE", route, f"{route.format(id=id)}?occurred_at={quote(at)}", done=NEWER_CONSENT)
        case "consent":
            said = {"version": act.words, "channel": "paper", "given_at": at}
            return _sent("POST", id, "/consents", said | {"guardian": ledger.guardians[pupil.number]})
        case "erase":
            return _sent("DELETE", id, "")


def _sent(method: str, id: str, what: str, body: Any = None) -> Command:
    return Command(method, PARTICIPANT + what, PARTICIPANT.format(id=id) + what, body)
