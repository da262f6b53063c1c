"""The facts of pupils as a recount keeps them: of each event the few fields that figures depend on. Pure."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from shared.contracts.event import Envelope, ParticipantEvent
from shared.programme.texts import class_form

PLACE = ("region", "municipality", "school", "school_class", "grade")
TO = tuple(f"to_{name}" for name in PLACE)
FIELDS: Mapping[str, tuple[str, ...]] = {
    "participant.registered.v1": ("season", *PLACE),
    "participant.moved.v1": TO,
    "participant.promoted.v1": TO,
    "participant.archived.v1": ("reason",),
    "participant.restored.v1": (),
    "participant.merged.v1": ("other", "role"),
    "participant.unmerged.v1": ("other",),
    "guardian.linked.v1": ("account", "guardian"),
    "guardian.unlinked.v1": ("account", "guardian", "reason"),
    "diagnostic.completed.v1": ("season", "diagnostic", "attempt", "round"),
    "diagnostic.revoked.v1": ("season", "attempt"),
    "trial.booked.v1": (
        *("season", "booking", "slot", "competency", "kind", "source"),
        *("venue", "region", "municipality", "school"),
    ),
    "trial.cancelled.v1": ("season", "booking"),
    "attendance.missed.v1": ("season", "booking"),
    "trial.attended.v1": ("season", "attendance", "booking", "slot", "competency", "kind"),
    "attendance.revoked.v1": ("season", "attendance"),
    "lesson.attended.v1": ("season", "attendance", "lesson"),
    "lesson.revoked.v1": ("season", "attendance"),
    "recommendation.issued.v1": ("season", "recommendation"),
    "recommendation.withdrawn.v1": ("season", "recommendation"),
    "path.erased.v1": (),
}
"""Event → the fields that are kept of it; of every other event of a pupil no figure is made."""
MERGINGS = ("participant.merged.v1", "participant.unmerged.v1")


class Place(NamedTuple):
    """The class to which a pupil belongs."""

    region: str
    municipality: str
    school: str
    school_class: str
    grade: str


class Fact(NamedTuple):
    """One event of one entry of a pupil."""

    participant: str
    type: str
    sequence: str
    """Compared within one subject alone."""
    day: str
    """The local day on which it happened."""
    time: str
    """The instant of that, in UTC to the microsecond: compares as text."""
    recorded: str
    """The instant at which it was recorded, likewise."""
    said: Mapping[str, Any]

    @property
    def season(self) -> str | None:
        """The season of which it is; None for what is said of the pupil."""
        return self.said.get("season")

    @property
    def place(self) -> Place:
        """The place that a registration or a move names."""
        names = PLACE if "region" in self.said else TO
        region, municipality, school, school_class, grade = (self.said[name] for name in names)
        return Place(region, municipality, school, class_form(school_class), str(grade))

    def text(self) -> str:
        """Returns its stored form."""
        return json.dumps([*self[:-1], *(self.said[name] for name in FIELDS[self.type])], ensure_ascii=False)

    @classmethod
    def of_text(cls, text: str) -> "Fact":
        """Returns the fact of a stored form."""
        participant, type_, sequence, day, time, recorded, *said = json.loads(text)
        of_type = dict(zip(FIELDS[type_], said, strict=True))
        return cls(participant, type_, sequence, day, time, recorded, of_type)


def fact_of(envelope: Envelope) -> Fact | None:
    """Returns the fact that an event tells; None where no figure depends on it."""
    event = envelope.event
    if not isinstance(event, ParticipantEvent) or event.type not in FIELDS:
        return None
    said = {name: getattr(event, name) for name in FIELDS[event.type]}
    day, time, recorded = envelope.day.isoformat(), instant(envelope.time), instant(envelope.recordedtime)
    return Fact(event.participant, event.type, envelope.sequence, day, time, recorded, said)


def instant(time: datetime) -> str:
    """Returns a time in UTC, in the one form in which texts compare."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")
