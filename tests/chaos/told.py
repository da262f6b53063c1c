"""What a feed tells of pupils, by the words of its contract alone; shares no code with the platform that it checks."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

TRIALS = ("trial", "partner-trial")
MOVES = ("participant.moved.v1", "participant.promoted.v1")


@dataclass(frozen=True, slots=True)
class Record:
    """One numbered event of a feed."""

    epoch: int
    seq: int
    id: str
    type: str
    data: Mapping[str, Any]
    day: str = ""
    """The local day on which it happened."""
    sequence: str = ""
    """Its place among the events of its subject."""


@dataclass
class Pupil:
    """What was told of one entry of a pupil, or of all entries together."""

    registered: bool = False
    places: list[tuple[str, str, str, str]] = field(default_factory=list)
    """Day and sequence from which on it is there, region, municipality."""
    archived: str = ""
    words: dict[str, str] = field(default_factory=dict)
    """Of another entry: the own role while both are one, else nothing."""
    diagnostics: dict[str, str] = field(default_factory=dict)
    """By attempt."""
    booked: dict[str, tuple[str, str]] = field(default_factory=dict)
    attended: dict[str, tuple[str, str]] = field(default_factory=dict)
    recommendations: set[str] = field(default_factory=set)
    cabinets: set[tuple[str, str]] = field(default_factory=set)
    """Account and guardian."""

    @property
    def guardians(self) -> set[str]:
        """Accounts of those who have a cabinet: two schools may know one by two ids."""
        return {account for account, _ in self.cabinets}

    def trials(self) -> int:
        """Attendances of practical trials."""
        return sum(kind in TRIALS for kind, _ in self.attended.values())

    def place(self, closes: str) -> tuple[str, str]:
        """Region and municipality at the end of a season: a later move takes nothing of it along."""
        return max(place for place in self.places if place[0] <= closes)[2:]

    def stages(self, rules: Mapping[str, Any]) -> Iterator[str]:
        """The stages of the funnel that the pupil has reached."""
        tested = set(rules["diagnostics"]) <= {*self.diagnostics.values()}
        recommended = tested and bool(self.recommendations)
        reached = {
            "registered": True,
            "participated": bool(self.diagnostics or self.attended),
            "tested": tested,
            "attended": self.trials() > 0,
            "completed": recommended and self.trials() >= rules["trials_required"],
            "recommended": recommended,
        }
        yield from (stage for stage, is_so in reached.items() if is_so)

    def hear(self, record: Record, season: str) -> None:
        """Takes an event of the entry; a subject's events come in their order. Of other seasons only places matter."""
        data, is_ours = record.data, record.data.get("season", season) == season
        match record.type:
            case "participant.registered.v1":
                self.registered |= is_ours
                self.places.append((record.day, record.sequence, data["region"], data["municipality"]))
            case type_ if type_ in MOVES:
                self.places.append((record.day, record.sequence, data["to_region"], data["to_municipality"]))
            case "participant.archived.v1":
                self.archived = data["reason"]
            case "participant.restored.v1":
                self.archived = ""
            case "participant.merged.v1":
                self.words[data["other"]] = data["role"]
            case "participant.unmerged.v1":
                self.words[data["other"]] = ""
            case "guardian.linked.v1":
                self.cabinets.add((data["account"], data["guardian"]))
            case "guardian.unlinked.v1":
                if data.get("reason") != "of-age":
                    self.cabinets.discard((data["account"], data["guardian"]))
            case _ if is_ours:
                self._step(record.type, data)

    def _step(self, type_: str, data: Mapping[str, Any]) -> None:
        match type_:
            case "diagnostic.completed.v1":
                self.diagnostics[data["attempt"]] = data["diagnostic"]
            case "diagnostic.revoked.v1":
                self.diagnostics.pop(data["attempt"], None)
            case "trial.booked.v1":
                self.booked[data["booking"]] = data["kind"], data["competency"]
            case "trial.cancelled.v1":
                del self.booked[data["booking"]]
            case "trial.attended.v1":
                self.attended[data["attendance"]] = data["kind"], data["competency"]
            case "attendance.revoked.v1":
                del self.attended[data["attendance"]]
            case "recommendation.issued.v1":
                self.recommendations.add(data["recommendation"])
            case "recommendation.withdrawn.v1":
                self.recommendations.remove(data["recommendation"])

    def join(self, other: "Pupil", closes: str) -> None:
        """Adds what was told of a second entry; where the own places begin, they alone count."""
        self.registered |= other.registered
        if not any(place[0] <= closes for place in self.places):
            self.places = other.places
        self.diagnostics |= other.diagnostics
        self.booked |= other.booked
        self.attended |= other.attended
        self.recommendations |= other.recommendations
        self.cabinets |= other.cabinets


def enrolled(records: Iterable[Record], season: str, region: str, closes: str) -> list[Pupil]:
    """The pupils of a season who are in the region at its end, each once, without those entered by mistake."""
    entries: dict[str, Pupil] = defaultdict(Pupil)
    for record in records:
        if "participant" in record.data:
            entries[record.data["participant"]].hear(record, season)
    joined = {
        other: id
        for id, entry in entries.items()
        for other, role in entry.words.items()
        if role == "survivor" and other in entries and entries[other].words.get(id) == "duplicate"
    }
    for duplicate, survivor in joined.items():
        entries[survivor].join(entries[duplicate], closes)
    pupils = [entry for id, entry in entries.items() if id not in joined]
    counted = [pupil for pupil in pupils if pupil.registered and pupil.archived != "mistake"]
    return [pupil for pupil in counted if pupil.place(closes)[0] == region]
