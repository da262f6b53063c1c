"""Moves of pupils between classes and schools: each says where the pupil belongs from a day on."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from services.registration.domain.participants import Participant, Place, former_key, local_day
from shared.base.errors import BadInput, Conflict
from shared.base.models import Input
from shared.contracts.codes import OrganisationCode
from shared.contracts.registration import ParticipantMoved
from shared.programme.moments import Moment
from shared.programme.texts import ClassName, Ref, ref_key
from shared.storage.decision import Decision, Happened

MOST_PLACEMENTS = 100
"""Of one pupil: all are kept, and a pupil who is moved to and fro for ever would fill the database."""


class MoveRequest(Input):
    """The class to which a pupil goes, of the same school or of another one."""

    school: OrganisationCode
    """Code of the school in the register."""
    school_class: Annotated[ClassName, Field(alias="class")]
    """The class as the school writes it, for instance «7А»."""
    grade: Annotated[int, Field(ge=1, le=11)] | None = None
    """Year of school, the one that the class begins with; it may be left out."""
    external_ref: Ref | None = None
    """The next school's own key of the pupil; the one of the school before where it is left out."""
    occurred_at: Moment | None = None
    """The time from whose local day on the pupil belongs there, RFC 3339 with an offset; now where it is left out."""


def move(pupil: Participant, place: Place, time: datetime) -> Decision[Participant]:
    """Takes the pupil to a place from the day of a time on; nothing happens where the pupil was there on that day.

    Raises BadInput for a day before the first registration, Conflict for an archived pupil and after too many moves.
    """
    must_be_active(pupil)
    day = local_day(time)
    before = pupil.place_on(day)
    if before is None:
        raise BadInput.field("occurred_at", "lies before the pupil was registered")
    if before.plain == place.plain:
        return Decision(pupil)
    must_have_room(pupil)
    state = pupil.placed(day, place)
    event = ParticipantMoved(
        **state.place.event_fields(pupil.id), **before.plain.fields_of("from"), **place.plain.fields_of("to")
    )
    return Decision(state, (Happened(event, time),))


def with_key(pupil: Participant, left: str, ref: str) -> Participant:
    """The pupil who has left a school, under the own key of the next one."""
    known = former_key(left, pupil.ref_key or ref_key(pupil.external_ref))
    former = tuple(dict.fromkeys((*pupil.former, known)))
    return pupil.model_copy(update={"external_ref": ref, "ref_key": ref_key(ref), "former": former})


def must_have_room(pupil: Participant) -> None:
    """Raises Conflict where no further placement of a pupil is kept."""
    if len(pupil.placements) >= MOST_PLACEMENTS:
        raise Conflict(f"the pupil has been placed {MOST_PLACEMENTS} times", slug="too-many-moves")


def must_be_active(pupil: Participant, word: str = "") -> None:
    """Raises Conflict for an archived pupil, whom a word of the request names."""
    if pupil.archived is not None:
        detail = "the pupil is in the archive: restore the pupil first"
        raise Conflict.about(word, detail, "participant-archived")
