"""Moves of pupils between classes and schools: each says where the pupil belongs from a day on."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from pydantic import Field

from services.registration.domain.participants import Participant, former_key
from services.registration.domain.placements import Place, local_day
from shared.base.errors import BadInput, Conflict
from shared.base.models import Input
from shared.base.wording import worded
from shared.contracts.codes import OrganisationCode
from shared.contracts.registration import ParticipantMoved
from shared.programme.moments import Moment, zone
from shared.programme.texts import ClassName, PersonKey, ref_key
from shared.storage.decision import Decision, Happened

MOST_PLACEMENTS = 400
"""Of one pupil, one a day: all are kept."""


class MoveRequest(Input):
    """The class to which a pupil goes, of the same school or of another one."""

    school: OrganisationCode
    """Code of the school in the register."""
    school_class: Annotated[ClassName, Field(alias="class")]
    """The class as the school writes it, for instance «7А»."""
    grade: Annotated[int, Field(ge=1, le=11)] | None = None
    """Year of school, the one that the class begins with; it may be left out."""
    external_ref: PersonKey | None = None
    """The next school's own key of the pupil; the one of the school before where it is left out."""
    occurred_at: Moment | None = None
    """The time from whose local day on the pupil belongs there, RFC 3339 with an offset; now where it is left out."""


def move(
    pupil: Participant, place: Place, time: datetime, told: Callable[..., ParticipantMoved] = ParticipantMoved
) -> Decision[Participant]:
    """Takes the pupil to a place from the day of a time on; nothing happens where the pupil was there on that day.

    `told` makes the event of it. Raises BadInput for a day before the first registration, Conflict for an archived
    pupil and after too many moves.
    """
    must_be_active(pupil)
    time = not_overtaken(pupil, time)
    day = local_day(time)
    before = pupil.place_on(day)
    if before is None:
        raise BadInput.field("occurred_at", "lies before the pupil was registered")
    if before.plain == place.plain:
        return Decision(pupil)
    must_have_room(pupil)
    state = pupil.placed(time, place)
    event = told(**state.place.event_fields(pupil.id), **before.plain.fields_of("from"), **place.plain.fields_of("to"))
    return Decision(state, (Happened(event, time),))


def in_year(pupil: Participant, day: str, year: str) -> Participant:
    """The pupil whom a promotion has taken into a school year on a day."""
    placements = (one.model_copy(update={"year": year}) if one.day == day else one for one in pupil.history)
    return pupil.model_copy(update={"placements": tuple(placements)})


def not_overtaken(pupil: Participant, time: datetime) -> datetime:
    """A time of a move on a clock of the pupil's placements by which its day is not before the last placement.

    Who goes west in the morning comes there on the day before, and yet after all that was said.
    """
    last = max(placement.day for placement in pupil.history)
    clocks = {placement.clock or placement.place.utc_offset for placement in pupil.history}
    told = [time, *(time.astimezone(zone(offset)) for offset in sorted(clocks))]
    return time if local_day(time) >= last else next((t for t in told if local_day(t) == last), time)


def with_key(pupil: Participant, ref: str) -> Participant:
    """The pupil under another key of the same school."""
    return pupil.model_copy(update={"external_ref": ref, "ref_key": ref_key(ref)})


def gone(pupil: Participant, left: str) -> Participant:
    """The pupil who has left a school, by whose key nobody else is entered there.

    Codes that the school handed out and nobody has redeemed are useless from then on.
    """
    for owner in (None, *pupil.guardians):
        pupil = pupil if pupil.has_cabinet(owner) else pupil.outdated(owner)
    return remembered(pupil, left)


def remembered(pupil: Participant, left: str) -> Participant:
    """The pupil whose key of a school that was left finds the pupil there all the same."""
    known = former_key(left, pupil.ref_key or ref_key(pupil.external_ref))
    return pupil.model_copy(update={"former": tuple(dict.fromkeys((*pupil.former, known)))})


def must_have_room(pupil: Participant) -> None:
    """Raises Conflict where no further placement of a pupil is kept."""
    if len(pupil.placements) >= MOST_PLACEMENTS:
        raise Conflict(worded("the pupil has been placed {most} times", most=MOST_PLACEMENTS), slug="too-many-moves")


def must_be_active(pupil: Participant, word: str = "") -> None:
    """Raises Conflict for an archived pupil, whom a word of the request names."""
    if pupil.archived is not None:
        detail = "the pupil is in the archive: restore the pupil first"
        raise Conflict.about(word, detail, "participant-archived")
