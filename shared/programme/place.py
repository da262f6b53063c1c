"""The place where a pupil belongs, as every event of a pupil says it."""

from typing import Any, Literal, NamedTuple

from shared.contracts.event import Envelope, ParticipantEvent
from shared.contracts.registration import ParticipantMoved, ParticipantRegistered
from shared.programme.texts import class_form


def place_said(envelope: Envelope) -> tuple[str, "Place"] | None:
    """Returns the local day from which on an event says where its pupil is, and the place; None for all others.

    Of several the latest day holds, of one day the latest sequence (ADR 19).
    """
    event = envelope.event
    if isinstance(event, ParticipantMoved):
        return envelope.day.isoformat(), Place.of_move(event)
    return (envelope.day.isoformat(), Place.of(event)) if isinstance(event, ParticipantRegistered) else None


class Place(NamedTuple):
    """A class of a school by the codes of all that it lies in; the class is written in its one form."""

    region: str
    municipality: str
    school: str
    school_class: str
    grade: int

    @classmethod
    def of(cls, event: ParticipantEvent) -> "Place":
        """Returns the place that an event says."""
        return cls(event.region, event.municipality, event.school, class_form(event.school_class), event.grade)

    @classmethod
    def of_move(cls, event: ParticipantMoved) -> "Place":
        """Returns the place where a move leads."""
        school_class = class_form(event.to_school_class)
        return cls(event.to_region, event.to_municipality, event.to_school, school_class, event.to_grade)

    def event_fields(self, participant: str) -> dict[str, Any]:
        """Returns the fields that every event carries of a pupil who belongs here."""
        return {"participant": participant, **self._asdict()}

    def fields_of(self, side: Literal["from", "to"]) -> dict[str, Any]:
        """Returns the fields in which a move says the place that it leads from or to."""
        return {f"{side}_{name}": value for name, value in self._asdict().items()}
