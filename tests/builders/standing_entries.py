"""What registration told of entries of pupils, in plain sets: consents, archives, places, and who is one with whom."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from tests.builders.standing import Told

OLDEST = 8
"""Everybody is entered in the grade below it, and one school year begins."""


class Placed(NamedTuple):
    """A word of where a pupil was."""

    type: str
    time: datetime
    school: str
    grade: int
    season: str
    """That into which the pupil was entered; empty for any other word."""


@dataclass
class Times:
    """When something was allowed: begun and ended, in the order in which that was said."""

    spans: list[tuple[datetime, datetime | None]] = field(default_factory=list)

    def begin(self, time: datetime) -> None:
        """From a time on."""
        self.spans.append((time, None))

    def end(self, time: datetime) -> None:
        """Until a time, whatever was said before."""
        self.spans = [(begins, time if ends is None or ends > time else ends) for begins, ends in self.spans]
        self.spans = [(begins, ends) for begins, ends in self.spans if ends is None or begins < ends]

    def has(self, time: datetime) -> bool:
        """Tells whether it was so at a time."""
        return any(begins <= time and (ends is None or time < ends) for begins, ends in self.spans)

    def all_of(self, begins: datetime, until: datetime) -> bool:
        """Tells whether it was so in all of a time: wherever it ended within it, it had begun anew."""
        turns = [ends for _, ends in self.spans if ends is not None and begins <= ends <= until]
        return all(map(self.has, (begins, until, *turns)))

    def some_of(self, begins: datetime, until: datetime) -> bool:
        """Tells whether it was so in some of a time."""
        return any(start <= until and (ends is None or begins < ends) for start, ends in self.spans)


@dataclass
class Entries:
    """What was said of entries of pupils."""

    consents: defaultdict[str, Times] = field(default_factory=lambda: defaultdict(Times))
    absences: defaultdict[str, Times] = field(default_factory=lambda: defaultdict(Times))
    words: dict[frozenset[str], tuple[datetime, bool, str]] = field(default_factory=dict)
    """Of two entries the last: when, whether they are one, and which of them goes on."""
    own: dict[tuple[str, str], bool] = field(default_factory=dict)
    """What each of two said last: whether they are one."""
    ever: set[frozenset[str]] = field(default_factory=set)
    """Two that were one at some time."""
    erased: set[str] = field(default_factory=set)
    consenting: dict[str, bool] = field(default_factory=dict)
    """By the last word."""
    placed: dict[str, list[Placed]] = field(default_factory=lambda: defaultdict(list))
    """Where each entry was, word for word."""

    def hear(self, told: Told) -> None:
        """Takes in one more event."""
        said, id = told.said, told.said.get("participant", "")
        if "grade" in said:
            self.placed[id].append(Placed(told.type, told.time, said["school"], said["grade"], said.get("season", "")))
        match told.type.removesuffix(".v1"):
            case "consent.given":
                self.consents[id].begin(told.time)
                self.consenting[id] = True
            case "consent.withdrawn":
                self.consents[id].end(told.time)
                self.consenting[id] = False
            case "participant.promoted":
                assert said["to_grade"] == said["from_grade"] + 1 <= OLDEST, "a year takes a pupil up by two grades"
            case "participant.archived":
                self.absences[id].begin(told.time)
            case "participant.erased":
                self.absences[id].begin(told.time)
                self.erased.add(id)
            case "participant.restored":
                self.absences[id].end(told.time)
            case "participant.merged" | "participant.unmerged" as name:
                merged = name == "participant.merged"
                survivor = id if said["role"] == "survivor" else said["other"]
                both = frozenset((id, said["other"]))
                self.own[id, said["other"]] = merged
                if both not in self.words or told.time >= self.words[both][0]:
                    self.words[both] = told.time, merged, survivor
                self.ever |= {both} if merged else set()

    def survivor(self, id: str) -> str:
        """Returns the entry under which the pupil of an entry goes on."""
        for both, (_, merged, survivor) in self.words.items():
            if merged and id in both and id != survivor:
                return self.survivor(survivor)
        return id

    def named(self, id: str) -> set[str]:
        """Returns an entry and those of which it has said itself that they are one with it."""
        return {id, *(other for (one, other), merged in self.own.items() if merged and one == id)}

    @property
    def is_half_told(self) -> bool:
        """True while one of two has not said what the other one has: each is known by its own word alone."""
        return any(self.own.get((other, one), False) is not merged for (one, other), merged in self.own.items())

    def akin(self, id: str) -> set[str]:
        """Returns all entries that were one with an entry at some time, directly or by others."""
        found, known = {id}, set[str]()
        while found != known:
            known = found
            found = known.union(*(both for both in self.ever if both & known))
        return found

    def consented(self, id: str, time: datetime, until: datetime | None = None) -> bool:
        """Tells whether a consent was in force at a time, or in all of one.

        Of several entries that were one at some time, each may have had it for a part of that.
        """
        akin = [self.consents[one] for one in self.akin(id)]
        if len(akin) > 1:
            return all(any(of.has(one) for of in akin) for one in (time, until or time))
        return akin[0].all_of(time, until or time)

    def was_away(self, id: str, time: datetime, until: datetime) -> bool:
        """Tells whether an entry that was never another's was in the archive in some of a time."""
        return len(self.akin(id)) == 1 and self.absences[id].some_of(time, until)
