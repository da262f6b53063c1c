"""Pupils as trials knows them, folded from events in any order. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.trials.copies.participants import Archiving, ConsentChange, Crossing, Entry, Participant
from shared.contracts.event import Envelope, ParticipantEvent
from shared.contracts.guardians import GuardianErased
from shared.contracts.registration import (
    ConsentGiven,
    ConsentWithdrawn,
    ParticipantArchived,
    ParticipantErased,
    ParticipantMoved,
    ParticipantRegistered,
    ParticipantRestored,
)
from shared.identity.family import FamilyLink, change_of, in_force
from shared.programme.merging import with_word, word_of
from shared.programme.place import Place, place_said


def learn(known: Participant | None, envelope: Envelope) -> Participant:
    """Returns the pupil after one more event, which may be older than others that are known, or known itself."""
    event, sequence = envelope.event, envelope.sequence
    assert isinstance(event, ParticipantEvent)
    pupil = known or Participant(id=event.participant, **Place.of(event)._asdict())
    changes: dict[str, Any] = _place(pupil, envelope) | _crossing(pupil, envelope)
    if isinstance(event, ConsentGiven | ConsentWithdrawn):
        given = isinstance(event, ConsentGiven)
        until = event.until if isinstance(event, ConsentGiven) else None
        change = ConsentChange(sequence=sequence, time=envelope.time, given=given, until=until)
        changes |= _consent(pupil, change)
    if isinstance(event, ParticipantArchived | ParticipantRestored | ParticipantErased):
        archived = not isinstance(event, ParticipantRestored)
        stay = Archiving(sequence=sequence, time=envelope.time, archived=archived)
        if stay not in pupil.archivings:
            changes["archivings"] = tuple(sorted((*pupil.archivings, stay), key=lambda one: one.sequence))
    if isinstance(event, ParticipantRegistered) and event.season not in pupil.seasons:
        entry = Entry(time=envelope.time, recorded=envelope.recordedtime, sequence=sequence)
        changes["seasons"] = {**pupil.seasons, event.season: entry}
    if isinstance(event, ParticipantErased):
        changes |= {"erased": True, "act": event.act, "accounts": (), "link_changes": ()} | {"guardians_erased": {}}
    if isinstance(event, GuardianErased) and not pupil.erased:
        changes |= _without(pupil, event)
    link = None if pupil.erased else change_of(envelope)
    if link is not None and link not in pupil.link_changes and link.guardian not in pupil.guardians_erased:
        links = sorted((*pupil.link_changes, link), key=lambda one: one.sequence)
        changes |= {"link_changes": tuple(links), "accounts": in_force(pupil.accounts, links)}
    word = word_of(envelope)
    if word is not None and (mergings := with_word(pupil.mergings, word)) != pupil.mergings:
        changes["mergings"] = mergings
    return pupil.model_copy(update=changes) if changes else pupil


def learnt(known: Mapping[str, Participant], facts: Iterable[Envelope]) -> dict[str, Participant]:
    """Returns the pupils of some events after all of them."""
    pupils: dict[str, Participant] = {}
    for fact in facts:
        id = fact.event.key
        pupils[id] = learn(pupils.get(id) or known.get(id), fact)
    return pupils


def _without(pupil: Participant, event: GuardianErased) -> dict[str, Any]:
    """Returns the fields that the erasure of a guardian sets: her account stays where another one has it."""
    links = tuple(change for change in pupil.link_changes if change.guardian != event.guardian)
    hers = FamilyLink(account=event.account or "", role="guardian")
    known = tuple(link for link in pupil.accounts if link != hers)
    erased = {**pupil.guardians_erased, event.guardian: event.act}
    return {"link_changes": links, "accounts": in_force(known, links), "guardians_erased": erased}


def _place(pupil: Participant, envelope: Envelope) -> dict[str, Any]:
    """Returns the fields that an event sets of the place where the pupil is.

    Registrations and moves say it from a day on: the latest day holds, of one day the latest sequence, so that a roster
    which is entered late says where the pupil was. Until one of them is here, the newest event says it.
    """
    event, sequence = envelope.event, envelope.sequence
    assert isinstance(event, ParticipantEvent)
    known = _placed(pupil)
    said = place_said(envelope)
    if said is None:
        is_all = known is None and sequence > pupil.place_set_by
        return Place.of(event)._asdict() | {"place_set_by": sequence} if is_all else {}
    day, place = said
    if known is not None and (day, sequence) <= known:
        return {}
    return place._asdict() | {"placed_on": day, "place_set_by": sequence}


def _crossing(pupil: Participant, envelope: Envelope) -> dict[str, Any]:
    """Returns the moves between municipalities after one more event: of several on a day the latest sequence holds."""
    event, day = envelope.event, envelope.day.isoformat()
    if not isinstance(event, ParticipantMoved):
        return {}
    left, joined = (event.from_region, event.from_municipality), (event.to_region, event.to_municipality)
    known = {move.day: move for move in pupil.crossings}
    is_first = day not in known
    if (left == joined and is_first) or (not is_first and known[day].sequence >= envelope.sequence):
        return {}
    first = left if is_first else known[day].left
    known[day] = Crossing(day=day, sequence=envelope.sequence, left=first, joined=joined)
    return {"crossings": tuple(sorted(known.values(), key=lambda move: move.day))}


def _placed(pupil: Participant) -> tuple[str, str] | None:
    """Returns the day and the sequence of what set the place, None where it was neither a registration nor a move.

    An earlier release kept no day: it followed the latest of the registrations.
    """
    if pupil.placed_on:
        return pupil.placed_on, pupil.place_set_by
    return max(((entry.time.date().isoformat(), entry.sequence) for entry in pupil.seasons.values()), default=None)


def _consent(pupil: Participant, change: ConsentChange) -> dict[str, Any]:
    """Returns the fields that a change of consent sets."""
    fields: dict[str, Any] = {}
    if change.sequence > pupil.consent_set_by:
        fields |= {"consent": change.given, "consent_set_by": change.sequence}
    if change.sequence not in {known.sequence for known in pupil.consent_changes}:
        in_order = sorted((*pupil.consent_changes, change), key=lambda one: one.sequence)
        fields["consent_changes"] = tuple(in_order)
    return fields
