"""Pupils of a school that closed come to the one that goes on in its place, each under a key that nobody has there."""

from collections.abc import Iterable, Sequence
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
        own = state.external_ref
        key = free_key(pupils, state, state.place.school, (own, f"{left}/{own}"))
        state = with_key(remembered(state, left), key)
    decision = replace(decision, state=state)
    if decision.made:
        pupils.take(decision, None)
    return decision


def free_key(pupils: Pupils, pupil: Participant, school: str, keys: Iterable[str]) -> str:
    """The first of some keys under which a school has nobody but the pupil; the pupil's id where there is none."""
    for key in keys:
        holder = pupils.of_school(school, key)
        if len(key) <= REF.longest and (holder is None or holder.id == pupil.id):
            return key
    return pupil.id
