"""Use case: codes that were scanned without a network come later, those of a day or of many slots in one sheet."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import TypeAlias

from services.trials.domain.path.caller import Taken
from services.trials.domain.path.path_parts import Attendance
from services.trials.domain.path.steps import Presence
from services.trials.domain.presence.passes import OwnCode, Pass, Scan
from services.trials.domain.timetable.slots import NO_SLOT
from services.trials.handlers.attendance import AttendanceRequest, confirm
from services.trials.handlers.passes import Scanned
from services.trials.passes import Passes
from services.trials.repository import Repository
from shared.base.errors import BadInput, NotFound, ServiceError
from shared.base.side_thread import aside, paced
from shared.http.batch import Item, Outcome
from shared.identity.principal import Principal
from shared.storage.decision import NewId

Shown: TypeAlias = Mapping[str, Pass | OwnCode | None]
"""By token."""


async def check_in(
    repository: Repository, passes: Passes, items: Sequence[Item[Scan]], who: Principal, now: datetime, new_id: NewId
) -> list[Outcome[Taken[Attendance]]]:
    """Returns the outcome of each scan in the order sent, in one transaction.

    Of two scans of one pupil the earlier counts, however they are sent. A slot that is unknown and another venue's are
    one answer.
    """
    tokens = {item.value.token for item in items if isinstance(item.value, Scan)}
    read = await aside(lambda: {token: passes.read(token) for token in paced(tokens)}, len(tokens))
    bookings = [shown.booking for shown in read.values() if isinstance(shown, Pass)]
    holders = await repository.holders(bookings) if bookings else {}
    outcomes: dict[int, Outcome[Taken[Attendance]]] = {}
    in_turn: list[tuple[str, int, Item[Presence]]] = []
    for n, item in sorted(enumerate(items), key=_scanned_at):
        try:
            slot, presence = _presence(item, read, holders)
            in_turn.append((slot, n, Scanned(item.at, presence)))
        except BadInput as refusal:
            outcomes[n] = refusal if refusal is item.value else refusal.moved(item.pointer)
    runs = [(slot, list(run)) for slot, run in groupby(in_turn, key=itemgetter(0))]
    requests = [
        AttendanceRequest(items=[said for _, _, said in run], who=who, now=now, slot=slot) for slot, run in runs
    ]
    for (_, run), found in zip(runs, await confirm(repository, requests, new_id), strict=True):
        for place, (_, n, said) in enumerate(run):
            outcomes[n] = _unknown(said.at, items[n]) if isinstance(found, ServiceError) else found[place]
    return [outcomes[n] for n in range(len(items))]


def _unknown(at: str, item: Item[Scan]) -> NotFound:
    """The refusal of a slot, about the word that says it."""
    names_it = isinstance(item.value, Scan) and item.value.slot is not None
    return NotFound.about(f"{at}/{'slot' if names_it else 'token'}", NO_SLOT)


def _scanned_at(numbered: tuple[int, Item[Scan]]) -> float:
    scan = numbered[1].value
    return scan.occurred_at.timestamp() if isinstance(scan, Scan) else 0.0


def _presence(item: Item[Scan], read: Shown, holders: Mapping[str, str]) -> tuple[str, Presence]:
    """Returns the slot and the presence of a scan."""
    scan = item.value
    if isinstance(scan, BadInput):
        raise scan
    shown = read[scan.token]
    holder = holders.get(shown.booking) if isinstance(shown, Pass) else None
    return scan.slot_of(shown), scan.presence(holder, shown)
