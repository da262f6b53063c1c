"""Pupils out of the entries that schools made: who is one with whom, and what is known of a pupil at a day's end. Pure.

Sequences are compared within one entry alone.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from services.analytics.verification.seasons import Season
from services.analytics.verification.told import MERGINGS, Fact, Place

Entries = Mapping[str, Sequence[Fact]]
"""Facts by the entry under which they were published."""
PLACEMENTS = ("participant.registered.v1", "participant.moved.v1", "participant.promoted.v1")
ARCHIVE = ("participant.archived.v1", "participant.restored.v1")
FOR_EVER = "9999-12-31"


def by_entry(facts: Iterable[Fact]) -> dict[str, list[Fact]]:
    """Returns the facts of each entry."""
    found: dict[str, list[Fact]] = {}
    for fact in facts:
        found.setdefault(fact.participant, []).append(fact)
    return found


def of_type(facts: Iterable[Fact], *types: str) -> list[Fact]:
    """Returns the facts of some types, in order of their sequences."""
    return sorted((fact for fact in facts if fact.type in types), key=lambda fact: fact.sequence)


def joined(entries: Entries) -> Iterator[tuple[str, list[str]]]:
    """Yields each pupil's survivor and duplicates: two entries are one while both last said so, in opposite roles.

    Survivor is who is nobody's duplicate.
    """
    words = {id: _words(facts) for id, facts in entries.items()}
    pairs = {
        (id, other): role
        for id, said in words.items()
        for other, role in said.items()
        if other in words and {role, words[other].get(id)} == {"survivor", "duplicate"}
    }
    duplicates = {id for (id, _), role in pairs.items() if role == "duplicate"}
    for group in connected(entries, pairs):
        survivor = min(group, key=lambda id: (id in duplicates, id))
        yield survivor, [id for id in group if id != survivor]


def connected(ids: Iterable[str], pairs: Collection[tuple[str, str]]) -> list[list[str]]:
    """Returns the ids in groups, in order: whoever is in one pair is in one group."""
    group_of = {id: [id] for id in sorted(ids)}
    for one, other in pairs:
        if group_of[one] is not group_of[other]:
            both = sorted(group_of[one] + group_of[other])
            group_of |= dict.fromkeys(both, both)
    return [group for id, group in group_of.items() if id == group[0]]


def _words(facts: Iterable[Fact]) -> dict[str, str]:
    """Returns the last that an entry said of each other one: its own role, or nothing once they are parted."""
    return {fact.said["other"]: fact.said.get("role", "") for fact in of_type(facts, *MERGINGS)}


@dataclass(frozen=True, slots=True, order=True)
class Placement:
    """The place to which a pupil belongs from a day on; of one day the greatest sequence holds."""

    day: str
    sequence: str
    place: Place


@dataclass
class Pupil:
    """One pupil in one season, with the facts that count in it."""

    season: Season
    id: str
    """The survivor's."""
    entries: Entries

    @cached_property
    def facts(self) -> list[Fact]:
        """The facts of all entries."""
        return [fact for facts in self.entries.values() for fact in facts]

    @property
    def own(self) -> Sequence[Fact]:
        """The facts of the survivor."""
        return self.entries[self.id]

    @property
    def others(self) -> Entries:
        """The facts of each duplicate."""
        return {id: facts for id, facts in self.entries.items() if id != self.id}

    @cached_property
    def registered(self) -> str | None:
        """The day on which the first of the entries was entered into the season; None where none was."""
        return min((fact.day for fact in self._registrations), default=None)

    @property
    def is_mistake(self) -> bool:
        """True where the survivor was entered by mistake, and never counts."""
        return any(fact.said.get("reason") == "mistake" for fact in of_type(self.own, *ARCHIVE)[-1:])

    def place(self, day: str) -> Place:
        """Returns the place at the end of a day from the registration on; no move behind the season's end counts."""
        until = min(day, self.season.closes)
        later = [placement for placement in self._placements if placement.day <= until]
        return max([self._entered, *later], key=_order).place

    def standing(self, taken: str, back: str, id: str) -> list[Fact]:
        """Returns the steps of a kind that stand; `id` is the field that names a step.

        Ids are nobody else's, so one entry may take back a step of another. Two entries' steps in one slot are one. Who
        was let in at the door has booked nothing before.
        """
        gone = {fact.said[id] for fact in self._steps(back)}
        taken_before = (fact for fact in self._steps(taken) if fact.said.get("source") != "door")
        left = {fact.said[id]: fact for fact in taken_before if fact.said[id] not in gone}
        if len(self.entries) == 1 or not left:
            return list(left.values())
        first: dict[str, Fact] = {}
        for name, fact in sorted(left.items(), key=lambda named: (named[1].day, named[0])):
            first.setdefault(fact.said.get("slot") or fact.said.get("lesson") or name, fact)
        return list(first.values())

    def _steps(self, type_: str) -> list[Fact]:
        return [fact for fact in self.facts if fact.type == type_ and fact.season == self.season.code]

    @cached_property
    def _registrations(self) -> list[Fact]:
        return self._steps("participant.registered.v1")

    @cached_property
    def _own_placements(self) -> list[Placement]:
        return [Placement(fact.day, fact.sequence, fact.place) for fact in of_type(self.own, *PLACEMENTS)]

    @cached_property
    def _since(self) -> str:
        """The day from which on the survivor alone says where the pupil is."""
        return min((placement.day for placement in self._own_placements), default=FOR_EVER)

    @cached_property
    def _placements(self) -> list[Placement]:
        others = [fact for facts in self.others.values() for fact in of_type(facts, *PLACEMENTS)]
        return self._own_placements + [_of_other(fact) for fact in others if fact.day < self._since]

    @cached_property
    def _entered(self) -> Placement:
        """The placement with which the season begins: that of the first registration.

        Where a duplicate's comes first, although the survivor was somewhere by then, it is there that the pupil was.
        """
        first = min(self._registrations, key=lambda fact: (fact.day, fact.participant != self.id, fact.participant))
        if first.participant == self.id:
            return Placement(first.day, first.sequence, first.place)
        if first.day < self._since:
            return _of_other(first)
        return Placement(first.day, "", max((p for p in self._placements if p.day <= first.day), key=_order).place)


def _of_other(fact: Fact) -> Placement:
    """Returns what a duplicate said; of one day each of several keeps to its own order."""
    return Placement(fact.day, f"{fact.participant}/{fact.sequence}", fact.place)


def _order(placement: Placement) -> tuple[str, str]:
    return placement.day, placement.sequence
