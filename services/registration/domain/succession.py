"""Pupils of a school that closed come to the one that goes on in its place, each under a key that nobody has there."""

from collections.abc import Sequence
from dataclasses import replace

from services.registration.domain.following import followed
from services.registration.domain.moves import remembered, with_key
from services.registration.domain.organisations import Organisation
from services.registration.domain.participants import NO_KEY, Participant
from services.registration.domain.school_keys import Pupils
from shared.programme.texts import REF
from shared.storage.decision import Decision


def taken_along(pupils: Pupils, pupil: Participant, chain: Sequence[Organisation]) -> Decision[Participant]:
    """Takes a pupil along with a school, and with those that went on in its place.

    `pupils` are all who may have the pupil's key there. Codes that families hold stay good: it is the same classes that
    go on. The decision is kept among `pupils`, so that the next one does not get the same key.
    """
    decision, left = followed(pupil, chain), pupil.place.school
    state = decision.state
    if state.place.school != left and not state.external_ref.startswith(NO_KEY):
        state = with_key(remembered(state, left), _free_key(pupils, state, left))
    decision = replace(decision, state=state)
    if decision.made:
        pupils.take(decision, None)
    return decision


def _free_key(pupils: Pupils, pupil: Participant, left: str) -> str:
    """The pupil's key of before, where the next school has nobody under it; else it begins with the code of before.

    Where that is too long or taken too, it is the pupil's id.
    """
    for key in (pupil.external_ref, f"{left}/{pupil.external_ref}"):
        holder = pupils.of_school(pupil.place.school, key)
        if len(key) <= REF.longest and (holder is None or holder.id == pupil.id):
            return key
    return pupil.id
