"""The pupils whom a line of a roster may enter: whom the sender reaches, who has not left, and is not there already."""

from collections.abc import Mapping

from services.registration.domain.identities import Identities
from services.registration.domain.moves import must_be_active
from services.registration.domain.participants import Participant
from services.registration.domain.placements import local_day
from services.registration.domain.roster_entries import PupilEntry
from services.registration.domain.rosters import Intake
from services.registration.domain.school_keys import Pupils
from shared.base.errors import Conflict, Forbidden
from shared.base.wording import phrase, worded

CHILD_KNOWN, TRANSFER_NEEDED = "child-known", "transfer-needed"
FOREIGN = (
    "another class's roster knows {whom}, and the token's grants do not cover that class: "
    "the school's navigator for the whole school or an operator enters such a pupil"
)
OR_SAY = "or say `namesake` where it is another child of the same name and birth date"


def must_be_reached(
    pupils: Pupils, pupil: Participant | None, guardians: Mapping[str, str | None], intake: Intake
) -> None:
    """Raises Forbidden where the school knows the pupil or a guardian from classes of others than the sender.

    The answer would hold their ids and codes, and a code of a made-up sibling would bind the guardian's account.
    `guardians` are ids by their places on the line.
    """
    if intake.classes is None:
        return
    if pupil is not None and not _classes_of(pupil, intake) <= intake.classes:
        raise foreign("external_ref", "this pupil")
    for word, guardian in guardians.items():
        if guardian is not None and not intake.reaches(pupils.classes_of(guardian, intake.place.school)):
            raise foreign(word, "this guardian")


def must_be_there(current: Participant, intake: Intake) -> None:
    """Raises Conflict for a pupil who is in the archive, has left the school, or came to it later.

    It is asked before anything is compared, so that a former school learns nothing of whom the key names by now.
    """
    must_be_active(current, "external_ref")
    if current.place.school != intake.place.school:
        detail = "the pupil with this key has left the school: give a new pupil a key of its own"
        raise Conflict.about("external_ref", detail, "pupil-left")
    there = current.place_on(local_day(intake.occurred_at))
    if there is not None and there.school != intake.place.school:
        raise Conflict.about(
            "external_ref", "the pupil came to the school after the time of the roster", "pupil-elsewhere"
        )


def must_be_new(pupils: Pupils, identities: Identities, entry: PupilEntry, intake: Intake) -> None:
    """Raises Conflict for a child whom the region knows already, by name and birth date.

    Of one in another school nothing more is said: whoever knows both could else find where a child learns. One who was
    entered by mistake was never there.
    """
    ids = [] if entry.namesake else identities.namesakes(entry.child)
    there = [pupil for id in ids if (pupil := pupils.get(id)) and pupil.erased_at is None and not pupil.is_mistake]
    places = [pupil.place for pupil in there if pupil.place.region == intake.place.region]
    if any(place.school == intake.place.school and intake.reaches([place.school_class]) for place in places):
        raise Conflict.about(
            "external_ref", f"the school knows this child by another key: send that one, {OR_SAY}", CHILD_KNOWN
        )
    if places:
        detail = f"another class or school knows this child: ask for a transfer, {OR_SAY}"
        raise Conflict.about("external_ref", detail, TRANSFER_NEEDED)


def _classes_of(pupil: Participant, intake: Intake) -> set[str]:
    """The classes in which the pupil is by now, and was at the time of a roster; nameless where in another school."""
    then = pupil.place_on(local_day(intake.occurred_at))
    school = intake.place.school
    return {place.school_class if place.school == school else "" for place in (pupil.place, then) if place}


def foreign(word: str, whom: str) -> Forbidden:
    """Returns the refusal of a person whom the sender does not reach, at a word of the request."""
    return Forbidden.about(word, worded(FOREIGN, whom=phrase(whom)), "another-class")
