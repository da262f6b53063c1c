"""The archive: who left takes no further steps, who was entered by mistake was never there; both can be restored."""

from datetime import datetime

from services.registration.domain.participants import Archiving, Participant
from shared.base.errors import BadInput, Conflict
from shared.base.models import Input
from shared.contracts.registration import ArchiveReason, ParticipantArchived, ParticipantRestored
from shared.programme.moments import Moment
from shared.storage.decision import Decision, Happened

MOST_ARCHIVINGS = 50
"""Of one pupil: other services remember each."""


class ArchiveRequest(Input):
    """The reason why a pupil is put into the archive."""

    reason: ArchiveReason
    """`left` for one who left the programme and stays in all figures, `mistake` for one who is no pupil of it and goes
    out of them."""
    occurred_at: Moment | None = None
    """The time from which it holds, RFC 3339 with an offset; now where it is left out."""


def archive(pupil: Participant, reason: ArchiveReason, time: datetime) -> Decision[Participant]:
    """Puts the pupil into the archive, or corrects the reason; nothing happens where that is so already.

    Raises BadInput for a time before the registration, Conflict after too many times.
    """
    if pupil.archived is not None and pupil.archived.reason == reason:
        return Decision(pupil)
    if time < min(pupil.seasons.values()):
        raise BadInput.field("occurred_at", "lies before the pupil was registered")
    if pupil.archivings >= MOST_ARCHIVINGS:
        raise Conflict(f"the pupil has been archived {MOST_ARCHIVINGS} times", slug="too-many-archivings")
    archived = Archiving(reason=reason, at=time)
    state = pupil.model_copy(update={"archived": archived, "archivings": pupil.archivings + 1})
    event = ParticipantArchived(**pupil.place.event_fields(pupil.id), reason=reason)
    return Decision(state, (Happened(event, time),))


def restore(pupil: Participant, time: datetime) -> Decision[Participant]:
    """Takes the pupil out of the archive; nothing happens where the pupil is not in it."""
    if pupil.archived is None:
        return Decision(pupil)
    if time < pupil.archived.at:
        raise BadInput.field("occurred_at", "lies before the pupil was archived")
    state = pupil.model_copy(update={"archived": None})
    return Decision(state, (Happened(ParticipantRestored(**pupil.place.event_fields(pupil.id)), time),))
