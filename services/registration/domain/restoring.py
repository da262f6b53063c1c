"""A pupil as events of before tell of one whom a restored database knows as of an earlier time, or not at all. Pure.

Events name nobody: a name, a school's own key and the giver of a consent are in none of them, and are never made up.
"""

from collections.abc import Callable
from datetime import datetime

from services.registration.domain.links import unlink
from services.registration.domain.moves import gone, in_year, with_key
from services.registration.domain.participants import NO_KEY, Archiving, Consent, Participant
from services.registration.domain.placements import Place, Placement, local_day
from shared.contracts.event import Envelope, ParticipantEvent
from shared.contracts.registration import (
    AccountLinked,
    AccountUnlinked,
    ConsentGiven,
    ConsentWithdrawn,
    GuardianLinked,
    GuardianUnlinked,
    ParticipantArchived,
    ParticipantMoved,
    ParticipantPromoted,
    ParticipantRegistered,
    ParticipantRestored,
)
from shared.programme import place as programme

UNKNOWN = ""
"""The giver of a consent whom no event names."""
PlaceOf = Callable[[programme.Place, datetime], Place]
"""Gives a place its region's offset; the time is that of an event about it."""


def nameless(envelope: Envelope, place_of: PlaceOf) -> Participant:
    """Returns the entry of a pupil whom the database does not know any more: it holds nothing that leads to a person.

    It is there for its place and its sequence, and so that a new entry of the same pupil can be merged with it.
    """
    event = envelope.event
    assert isinstance(event, ParticipantEvent)
    place = place_of(programme.Place.of(event), envelope.time)
    return Participant(
        id=event.participant,
        place=place,
        placements=(Placement(day=local_day(envelope.time), place=place),),
        external_ref=f"{NO_KEY}{event.participant}",
        seasons={},
        erased_at=envelope.time,
        lost=True,
    )


def told(pupil: Participant, envelope: Envelope, place_of: PlaceOf) -> Participant:
    """Returns a pupil after one more event, with its sequence; a merging and an erasure are not told by one alone."""
    event = envelope.event
    state = pupil
    match event:
        case ParticipantRegistered():
            state = _registered(pupil, event, envelope.time, place_of)
        case ParticipantMoved():
            state = pupil.placed(envelope.time, place_of(programme.Place.of_move(event), envelope.time))
            if isinstance(event, ParticipantPromoted):
                state = in_year(state, local_day(envelope.time), event.year)
        case ParticipantArchived():
            archived = Archiving(reason=event.reason, at=envelope.time)
            state = pupil.model_copy(update={"archived": archived, "archivings": pupil.archivings + 1})
        case ParticipantRestored():
            state = pupil.model_copy(update={"archived": None})
        case ConsentGiven():
            said = event.model_dump(include={"version", "channel", "template", "until"})
            given = Consent(**said, given_at=envelope.time, guardian=UNKNOWN)
            state = pupil.model_copy(update={"consents": (*pupil.consents, given)})
        case ConsentWithdrawn() if pupil.consent is not None:
            ended = pupil.consent.model_copy(update={"withdrawn_at": envelope.time})
            state = pupil.model_copy(update={"consents": (*pupil.consents[:-1], ended)})
        case _:
            state = _linked(pupil, envelope)
    return state.model_copy(update={"sequence": int(envelope.sequence)})


def _registered(pupil: Participant, event: ParticipantRegistered, time: datetime, place_of: PlaceOf) -> Participant:
    change: dict[str, object] = {"seasons": pupil.seasons | {event.season: time}}
    if pupil.disability_at is None or time >= pupil.disability_at:
        change |= {"disability": event.disability, "disability_at": time}
    return pupil.placed(time, place_of(programme.Place.of(event), time)).model_copy(update=change)


def _linked(pupil: Participant, envelope: Envelope) -> Participant:
    """Returns the pupil after a cabinet was opened or closed; the code that opened it is useless then."""
    event = envelope.event
    match event:
        case AccountLinked():
            return pupil.model_copy(update={"account": event.account})
        case GuardianLinked():
            guardians = tuple(dict.fromkeys((*pupil.guardians, event.guardian)))
            linked = pupil.linked | {event.guardian: event.account}
            return pupil.model_copy(update={"guardians": guardians, "linked": linked})
        case AccountUnlinked():
            return unlink(pupil, None, event.by, envelope.time).state
        case GuardianUnlinked():
            return unlink(pupil, event.guardian, "staff", envelope.time).state  # whoever closed it: the state is one
    return pupil


def left_school(before: Participant, after: Participant) -> bool:
    """Tells whether an event took a pupil who has a key to another school."""
    return before.place.school != after.place.school and not after.external_ref.startswith(NO_KEY)


def with_kept_key(pupil: Participant, left: str, key: str) -> Participant:
    """Returns the pupil who has left a school, under a key that is free in the next one, whose own no event tells."""
    return with_key(gone(pupil, left), key)


def without_adopted(survivor: Participant, duplicate: Participant) -> Participant:
    """Returns a survivor without what its events say of the duplicate's, which the merging gives it, and notes."""
    shared = {g for g, account in duplicate.linked.items() if survivor.linked.get(g) == account}
    newest, given = survivor.consent, duplicate.consent
    is_taken_on = newest is not None and given is not None and newest == given.model_copy(update={"guardian": UNKNOWN})
    return survivor.model_copy(
        update={
            "guardians": tuple(guardian for guardian in survivor.guardians if guardian not in shared),
            "linked": {guardian: account for guardian, account in survivor.linked.items() if guardian not in shared},
            "account": None if survivor.account == duplicate.account else survivor.account,
            "consents": survivor.consents[:-1] if is_taken_on else survivor.consents,
        }
    )
