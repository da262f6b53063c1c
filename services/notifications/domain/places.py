"""The place where a pupil is by now, for the persons who are responsible there."""

from dataclasses import dataclass

from shared.contracts.event import Envelope
from shared.contracts.registration import ParticipantErased
from shared.programme.place import place_said


@dataclass(frozen=True, slots=True)
class Stay:
    """The class where a pupil is from a day on."""

    school: str = ""
    school_class: str = ""
    day: str = ""
    sequence: str = ""
    """The event's that said it."""
    is_erased: bool = False
    """True for good once the pupil was erased: nothing is known of the place any more."""

    def after(self, envelope: Envelope) -> "Stay":
        """Returns the stay after one more event, which may be older than others that are known."""
        if isinstance(envelope.event, ParticipantErased):
            return Stay(is_erased=True)
        said = place_said(envelope)
        if self.is_erased or said is None or (said[0], envelope.sequence) <= (self.day, self.sequence):
            return self
        day, place = said
        return Stay(place.school, place.school_class, day, envelope.sequence)
