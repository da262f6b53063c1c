"""Entries that turned out to be one pupil: which of them are joined, and the one pupil that they make. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from services.analytics.enrolments import cabinets, placements
from services.analytics.facts import Day, Entry, Pupil, SeasonFacts, Step
from shared.programme.merging import are_joined
from shared.programme.place import Place

Entries = Mapping[str, Pupil]
"""Pupils' facts by the participant under whose id they were published."""
Cabinet = tuple[str, str, bool, Day]


def counted(entries: Entries) -> Iterator[tuple[str, Pupil]]:
    """Yields the pupils that entries make, each once, under the survivor's id; who is joined to nobody as it is.

    They depend on the words and facts of the entries alone, whichever of them was heard first.
    """
    for group in groups(entries):
        # A duplicate has one survivor and is none itself; where words are missing yet, one leads all the same.
        survivor = min(group, key=lambda id: (_is_duplicate(id, entries), id))
        others = {id: entries[id] for id in group if id != survivor}
        yield survivor, union(survivor, entries[survivor], others) if others else entries[survivor]


def groups(entries: Mapping[str, Entry]) -> Iterator[list[str]]:
    """Yields the entries that are one pupil, each once; who is joined to nobody alone."""
    left = dict.fromkeys(sorted(entries))
    while left:
        group = _group(next(iter(left)), entries)
        for id in group:
            del left[id]
        yield group


def _group(first: str, entries: Mapping[str, Entry]) -> list[str]:
    """Returns those who are joined to one, directly or by others, in order."""
    found, ahead = {first}, [first]
    while ahead:
        id = ahead.pop()
        fresh = [other for other in entries[id].others if other not in found and _are_joined(id, other, entries)]
        found.update(fresh)
        ahead += fresh
    return sorted(found)


def _are_joined(one: str, other: str, entries: Mapping[str, Entry]) -> bool:
    return other in entries and are_joined(entries[one].role_to(other), entries[other].role_to(one))


def _is_duplicate(id: str, entries: Entries) -> bool:
    words = entries[id].others.items()
    return any(role == "duplicate" and _are_joined(id, other, entries) for other, (_, role) in words)


def union(survivor: str, own: Pupil, duplicates: Entries) -> Pupil:
    """Returns the one pupil that a survivor and its duplicates are.

    Only the survivor says whether it was entered by mistake. Sequences are compared within one entry alone: where
    those of several entries meet in one set, a duplicate's stand under its id.
    """
    since = min((day for day, _, _ in placements(own)), default=None)
    places = _places(own, duplicates, since)
    entries = {survivor: own, **duplicates}
    whole = Pupil(moves=places, cabinets=own.cabinets | dict(_cabinets(own, duplicates)), archived=own.archived)
    for code in dict.fromkeys(code for pupil in entries.values() for code in pupil.seasons):
        of_season = {id: pupil.seasons[code] for id, pupil in entries.items() if code in pupil.seasons}
        facts = whole.seasons[code] = _steps(of_season.values())
        begun = [(f.registered, id != survivor, id) for id, f in of_season.items() if f.registered is not None]
        if begun:
            day, is_duplicate, id = min(begun)
            facts.registered, first = day, of_season[id]
            if not is_duplicate:
                facts.entered, facts.place = first.entered, first.place
            elif since is None or day < since:
                facts.entered, facts.place = _of(id, first.entered), first.place
            else:  # where the survivor was on that day
                facts.place = places[max(placed for placed in places if placed[0] <= day)]
    return whole


def _places(own: Pupil, duplicates: Entries, since: Day | None) -> dict[tuple[Day, str], Place]:
    """Returns where the pupil is from which day on: as the survivor says since its first placement, as others before.

    Of a day on which two duplicates were placed, each keeps to its own order.
    """
    said = list(placements(own))
    for id, duplicate in duplicates.items():
        earlier = (placement for placement in placements(duplicate) if since is None or placement[0] < since)
        said += [(day, _of(id, sequence), place) for day, sequence, place in earlier]
    return {(day, sequence): place for day, sequence, place in said}


def _steps(entries: Collection[SeasonFacts]) -> SeasonFacts:
    """Returns the steps of a season of all entries; those of one slot that several entries took are one.

    Ids of steps are nobody else's, so what one entry cancels or revokes may be another's.
    """
    cancelled = set[str]().union(*(facts.cancelled for facts in entries))
    revoked = set[str]().union(*(facts.revoked for facts in entries))
    return SeasonFacts(
        diagnostics={attempt: done for facts in entries for attempt, done in facts.diagnostics.items()},
        undone=set[str]().union(*(facts.undone for facts in entries)),
        second_round=set[str]().union(*(facts.second_round for facts in entries)),
        booked=_one_a_slot([s for facts in entries for s in facts.booked.items() if s[0] not in cancelled]),
        attended=_one_a_slot([s for facts in entries for s in facts.attended.items() if s[0] not in revoked]),
        recommended={id: day for facts in entries for id, day in facts.recommended.items()},
        withdrawn=set[str]().union(*(facts.withdrawn for facts in entries)),
    )


def _one_a_slot(steps: Iterable[tuple[str, Step]]) -> dict[str, Step]:
    """Returns the first step in each slot."""
    first: dict[str, tuple[Day, str, Step]] = {}
    for id, step in steps:
        _, _, day, slot = step
        first[slot] = min((day, id, step), first.get(slot, (day, id, step)))
    return {id: step for _, id, step in first.values()}


def _cabinets(own: Pupil, duplicates: Entries) -> Iterator[tuple[str, Cabinet]]:
    """Yields the duplicates' cabinets as if each were a guardian's of its own, until the survivor closed the account's.

    Registration opens for the survivor what a duplicate's guardians had and closes it there alone: what an account
    loses after the merging, it loses for all entries.
    """
    for id, duplicate in duplicates.items():
        merged = own.others[id][0] if id in own.others else None
        for n, (account, (begins, ends)) in enumerate(sorted(cabinets(duplicate))):
            closed = [
                day
                for sequence, (of, _, is_open, day) in own.cabinets.items()
                if of == account and not is_open and merged is not None and sequence > merged and day >= begins
            ]
            if ends is not None:
                closed.append(ends)
            guardian = _of(id, f"{n:04}")
            yield f"{guardian}/0", (account, guardian, True, begins)
            if closed:
                yield f"{guardian}/1", (account, guardian, False, min(closed))


def _of(id: str, own: str) -> str:
    return f"{id}/{own}"
