"""Notices: events become numbered ones, and a cursor tells how far each pupil's have been seen. Pure."""

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from shared.contracts import registration, timetables, trials
from shared.contracts.event import Envelope, Event
from shared.contracts.guardians import GuardianErased
from shared.identity.family import LinkChange
from shared.programme.merging import Word, survivor_of, with_word

TIMES = ("starts_at", "minutes", "from_starts_at", "from_minutes")
DATA: Mapping[type[Event], tuple[str, ...]] = {
    registration.ParticipantRegistered: ("school_class",),
    registration.ParticipantMoved: ("school_class",),
    registration.ParticipantPromoted: ("school_class",),
    registration.ParticipantMerged: ("role",),
    registration.ParticipantUnmerged: ("role",),
    registration.ParticipantArchived: (),
    registration.ParticipantRestored: (),
    registration.ConsentGiven: ("version", "channel"),
    registration.ConsentWithdrawn: (),
    registration.GuardianLinked: (),
    registration.GuardianUnlinked: ("reason",),
    trials.DiagnosticCompleted: ("diagnostic", "attempt"),
    trials.DiagnosticRevoked: ("diagnostic", "attempt", "reason"),
    trials.TrialBooked: ("booking", "slot", "venue", "competency", "kind", "starts_at", "confirm_by"),
    timetables.TrialMoved: ("booking", "slot", "venue", "competency", "kind", *TIMES),
    trials.TrialCancelled: ("booking", "slot", "competency", "kind", "reason"),
    trials.AttendanceMissed: ("booking", "slot", "venue", "competency", "kind"),
    trials.TrialAttended: ("attendance", "booking", "slot", "venue", "competency", "kind"),
    trials.AttendanceRevoked: ("attendance", "slot", "competency", "kind", "reason"),
    trials.RecommendationIssued: ("recommendation", "competencies", "revision"),
    trials.RecommendationWithdrawn: ("recommendation",),
}
"""The events that make a notice, and the fields that it keeps: named one by one, so that no sensitive one slips in."""


def is_news(event: Event) -> bool:
    """Tells whether a family is told of an event.

    Not where the pupil's own class went to another municipality, nor of a recommendation that another revision
    replaces: of that one it is told. Nor of a booking that was made at the door, or taken back with the attendance by
    which it was: of that the attendance tells.
    """
    if isinstance(event, trials.RecommendationWithdrawn):
        return not event.replaced
    if isinstance(event, trials.TrialBooked) and event.source == "door":
        return False
    if isinstance(event, trials.TrialCancelled) and event.reason == "mistake":
        return False
    if isinstance(event, registration.ParticipantMoved):
        return (event.from_school, event.from_school_class) != (event.to_school, event.to_school_class)
    return type(event) in DATA


@dataclass(frozen=True, slots=True)
class Notice:
    """One event as the family of one pupil is told of it, without words: they are chosen when it is read."""

    id: str
    """The event's."""
    participant: str
    number: int
    """Contiguous per participant from 1, in the order of commit."""
    type: str
    """The event's type without its version."""
    season: str | None
    time: str
    """RFC 3339 with the region's offset, which a database's own time would lose."""
    recordedtime: datetime
    data: Mapping[str, Any]


Account = Mapping[str, Any]
"""An account that may read a pupil's notices, or could before: `account`, `role`, `guardian`, and the `sequence` of the
event that said so, which an earlier release did not keep."""


@dataclass(frozen=True, slots=True)
class Readers:
    """The accounts that may read one pupil's notices, and those that could before."""

    accounts: Sequence[Account] = ()
    closed: Sequence[Account] = ()

    act: str = ""
    """The act by which the pupil was erased, for good: nobody reads, and nothing is told, whatever comes later."""
    erased: Mapping[str, str] = field(default_factory=dict)
    """The act by guardian who was erased, for good: a link of hers that is heard late opens nothing."""

    @property
    def is_erased(self) -> bool:
        """True once the pupil was erased."""
        return bool(self.act)

    def after(self, changes: Iterable[LinkChange]) -> "Readers":
        """Returns the readers after changes in whatever order they come: of one cabinet the latest sequence holds."""
        if self.is_erased:
            return self
        known = [*((account, True) for account in self.accounts), *((account, False) for account in self.closed)]
        known += [(change.model_dump(exclude={"opened"}), change.opened) for change in changes]
        latest: dict[tuple[str, str, str | None], tuple[Account, bool]] = {}
        for account, is_open in sorted(known, key=lambda pair: pair[0].get("sequence", "")):
            if account.get("guardian") not in self.erased:
                latest[account["account"], account["role"], account.get("guardian")] = account, is_open
        return replace(
            self,
            accounts=[account for account, is_open in latest.values() if is_open],
            closed=[account for account, is_open in latest.values() if not is_open],
        )

    def without(self, event: GuardianErased) -> "Readers":
        """Returns the readers without an erased guardian, also where an earlier release kept her account alone."""
        if self.is_erased:
            return self
        hers = {event.guardian: event.act}
        bare = event.account, "guardian", None

        def stay(accounts: Sequence[Account]) -> list[Account]:
            mine = [one for one in accounts if one.get("guardian") != event.guardian]
            return [one for one in mine if (one["account"], one["role"], one.get("guardian")) != bare]

        return replace(self, accounts=stay(self.accounts), closed=stay(self.closed), erased={**self.erased, **hers})

    def admit(self, reader: "Reader") -> bool:
        """Tells whether an account may read in one of its roles."""
        return _has(self.accounts, reader)

    def refuse(self, reader: "Reader") -> bool:
        """Tells whether an account could read before, and may not any more."""
        return _has(self.closed, reader) and not self.admit(reader)


class Reader(NamedTuple):
    """An account, and the roles in which it asks."""

    account: str
    roles: Collection[str]


def _has(accounts: Iterable[Account], reader: Reader) -> bool:
    return any(one["account"] == reader.account and one["role"] in reader.roles for one in accounts)


@dataclass(frozen=True, slots=True)
class Head:
    """One entry of a pupil, without its notices."""

    last: int = 0
    """The last number given."""
    readers: Readers = Readers()
    mergings: tuple[Word, ...] = ()
    """What it last said of other entries of the same pupil."""

    def after(self, links: Iterable[LinkChange], words: Iterable[Word]) -> "Head":
        """Returns the head after changes, in whatever order they come."""
        if self.readers.is_erased:
            return self
        mergings = self.mergings
        for word in words:
            mergings = with_word(mergings, word)
        return replace(self, readers=self.readers.after(links), mergings=mergings)


def visible(heads: Mapping[str, Head], reader: Reader) -> dict[str, str]:
    """Returns the entries whose notices an account reads, each with the one that stands for it: a survivor, or itself.

    As long as entries are joined, the survivor's family reads what was told of the duplicate before, too: each entry's
    list keeps its numbers, and stands beside the others as that of a child who was linked. So nothing that was seen
    changes its number, merging and parting write nothing, and an erasure finds what was told where it always was. Who
    may read is said by the survivor: a duplicate's own readers go on until the survivor's cabinet is closed for them.
    """
    words = {id: head.mergings for id, head in heads.items()}
    found = {}
    for id, head in heads.items():
        survivor = survivor_of(id, words)
        family = heads[survivor].readers
        own = head.readers.admit(reader) and not family.refuse(reader)
        if (own or family.admit(reader)) and not head.readers.is_erased:
            found[id] = survivor
    return found


def number(envelopes: Iterable[Envelope], stored: Collection[str], last: Mapping[str, int]) -> list[Notice]:
    """Returns notices of the events in `DATA` whose ids are not stored yet, numbered per participant after `last`.

    They are taken as recorded, so that a replay, which reads topics side by side, tells the story in its order.
    """
    heads, seen, notices = dict(last), set(stored), []
    for envelope in sorted(envelopes, key=lambda e: e.recordedtime):
        if envelope.id in seen:
            continue
        seen.add(envelope.id)
        event: Any = envelope.event
        heads[event.participant] = heads.get(event.participant, 0) + 1
        notices.append(
            Notice(
                id=envelope.id,
                participant=event.participant,
                number=heads[event.participant],
                type=event.type.rpartition(".")[0],
                season=getattr(event, "season", None),
                time=envelope.time.isoformat(),
                recordedtime=envelope.recordedtime,
                data={name: _stored(getattr(event, name)) for name in DATA[type(event)]},
            )
        )
    return notices


def _stored(value: Any) -> Any:
    """Returns a field of an event as data keep it: a time with the offset that the database would lose."""
    return value.isoformat() if isinstance(value, datetime) else value


Numbers = Mapping[str, int]
"""Participant → a number of theirs: the last one there is, or the one that a reader has come to."""
Ranges = Mapping[str, range]
"""Participant → the numbers wanted; numbers are contiguous, so a range holds as many notices as it is long."""


def newer(last: Numbers, after: Numbers, limit: int) -> dict[str, range]:
    """Returns what comes next behind `after`, at most `limit` a participant; one that it lacks is new from 1."""
    seen = {participant: after.get(participant, 0) for participant in last}
    return {p: range(seen[p] + 1, min(head, seen[p] + limit) + 1) for p, head in last.items() if head > seen[p]}


def older(last: Numbers, before: Numbers, limit: int) -> dict[str, range]:
    """Returns what comes next below `before`, at most `limit` a participant; one that it lacks begins at its last."""
    top = {p: min(before.get(p, head + 1), head + 1) for p, head in last.items()}
    return {p: range(max(1, stop - limit), stop) for p, stop in top.items()}


def oldest_first(notices: Iterable[Notice]) -> list[Notice]:
    """Returns several participants' notices in one line: by time of record, each participant's by number."""
    return list(heapq.merge(*_by_participant(notices), key=lambda n: n.recordedtime))


def newest_first(notices: Iterable[Notice], limit: int) -> list[Notice]:
    """Returns the reverse, at most `limit`."""
    backwards = [mine[::-1] for mine in _by_participant(notices)]
    return list(islice(heapq.merge(*backwards, key=lambda n: n.recordedtime, reverse=True), limit))


def _by_participant(notices: Iterable[Notice]) -> list[list[Notice]]:
    found: dict[str, list[Notice]] = {}
    for notice in sorted(notices, key=lambda n: n.number):
        found.setdefault(notice.participant, []).append(notice)
    return list(found.values())


def below(wanted: Ranges, taken: Sequence[Notice]) -> dict[str, int] | None:
    """Returns the cursor under a page of `older`; None when nothing lies under it."""
    cursor = {participant: numbers.stop for participant, numbers in wanted.items()}
    for notice in taken:
        cursor[notice.participant] = min(cursor[notice.participant], notice.number)
    return cursor if any(number > 1 for number in cursor.values()) else None


def ahead(cursor: Numbers, last: Numbers) -> list[str]:
    """Returns the participants of whom a cursor names a number that was not given."""
    return [participant for participant, number in last.items() if cursor.get(participant, 0) > number]
