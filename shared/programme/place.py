"""The place where a pupil belongs, as every event of a pupil says it."""

from typing import Any, NamedTuple

from shared.contracts.event import ParticipantEvent
from shared.programme.texts import class_form


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

    def event_fields(self, participant: str) -> dict[str, Any]:
        """Returns the fields that every event carries of a pupil who belongs here."""
        return {"participant": participant, **self._asdict()}
