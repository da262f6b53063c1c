"""Pupils follow their school: where it went to another municipality, or into another school, they are from that day on.

What it comes to depends on the school and the pupil alone, not on how often or in which order it is asked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from services.registration.domain.organisations import ALWAYS, Organisation
from services.registration.domain.participants import Participant
from services.registration.domain.placements import Place, Placement
from shared.contracts.registration import ParticipantMoved
from shared.programme.clocks import midnight
from shared.storage.decision import Decision, Happened


def place_of(school: Organisation, school_class: str, grade: int, day: str) -> Place:
    """A class of a school as it lay on a day."""
    return Place(
        region=school.region,
        municipality=school.parent_on(day),
        school=school.id,
        school_class=school_class,
        grade=grade,
        utc_offset=school.utc_offset,
    )


def followed(pupil: Participant, chain: Sequence[Organisation]) -> Decision[Participant]:
    """Takes the pupil along with a school, and with those that went on in its place, one after the other.

    Each placement in the school is where the school was on that day, and from each day on which it went somewhere the
    pupil who was in it until then is there. An event a day that changes; nothing happens where all is so already.
    """
    state, told = pupil, list[tuple[Place, Place, datetime]]()
    for number in range(len(chain)):
        rest = chain[number:]
        for day in _days(state, rest):
            before, wanted = state.place_on(day), _wanted(state, rest, day)
            if before is not None and wanted is not None and wanted.place.plain != before.plain:
                at = midnight(day, wanted.clock or wanted.place.utc_offset)
                state = state.placed(at, wanted.place, wanted.follows)
                told.append((before, wanted.place, at))
    return Decision(state, tuple(_events(state, told)))


def then_followed(decision: Decision[Participant], chain: Sequence[Organisation]) -> Decision[Participant]:
    """A decision that placed the pupil, for a day that may be before a school went somewhere, with what follows."""
    state = decision.state
    if not any(school.parents or school.closed for school in chain) and not any(p.follows for p in state.placements):
        return decision
    after = followed(state, chain)
    return replace(decision, state=after.state, happened=(*decision.happened, *after.happened))


def _days(pupil: Participant, chain: Sequence[Organisation]) -> list[str]:
    """The days on which the pupil's place may be another than was said, as far as the first school has a say in it."""
    school = chain[0]
    went = {told.day for told in school.parents} - {ALWAYS}
    if len(chain) > 1 and school.closed is not None:
        went.add(school.closed.day)
    return sorted(went.union(placement.day for placement in pupil.history))


def _wanted(pupil: Participant, chain: Sequence[Organisation], day: str) -> Placement | None:
    """The placement of a day as it should be; None where the first school has no say in it."""
    school = chain[0]
    told = next((placement for placement in pupil.history if placement.day == day), None)
    said = None if told is None or told.follows else told
    base = said.place if said is not None else _until(pupil, day)
    if base is None:
        return None
    follows = "" if said is not None else base.school
    if base.school == school.id:
        place = _belongs(base, chain, day)
        return Placement(day=day, place=place, clock=said.clock if said is not None else "", follows=follows)
    if told is None or told.follows == "":
        return None
    if told.follows != base.school:
        is_known = told.place.school == base.school  # that school has placed the pupil on the day
        return None if is_known else Placement(day=day, place=base, follows=follows)
    came_here = told.place.school == school.id  # from another school, on a day on which this one may be elsewhere
    return Placement(day=day, place=_belongs(told.place, chain, day), follows=told.follows) if came_here else None


def _until(pupil: Participant, day: str) -> Place | None:
    """The place until the day before a day."""
    earlier = [placement for placement in pupil.history if placement.day < day]
    return max(earlier, key=lambda placement: placement.day).place if earlier else None


def _belongs(said: Place, chain: Sequence[Organisation], day: str) -> Place:
    """The place where a pupil is on a day who is said to be in a class of the first school."""
    where = chain[0]
    for successor in chain[1:]:
        if where.closed is None or where.closed.day > day:
            break
        where = successor
    return place_of(where, said.school_class, said.grade, day)


def _events(pupil: Participant, told: Sequence[tuple[Place, Place, datetime]]) -> Iterator[Happened]:
    """A move for each, with where the pupil is after all of them."""
    now = pupil.place.event_fields(pupil.id)
    for before, place, at in told:
        event = ParticipantMoved(**now, **before.plain.fields_of("from"), **place.plain.fields_of("to"))
        yield Happened(event, at)
