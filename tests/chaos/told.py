"""What a feed tells of pupils, by the words of its contract alone; shares no code with the platform that it checks."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

BEGINNING = datetime.min.replace(tzinfo=UTC)
TRIALS = ("trial", "partner-trial")
MOVES = ("participant.moved.v1", "participant.promoted.v1")
STEPS = {
    "diagnostic.completed.v1": "attempt",
    "trial.booked.v1": "booking",
    "trial.attended.v1": "attendance",
    "lesson.attended.v1": "attendance",
    "recommendation.issued.v1": "recommendation",
}
"""Event → the field that names the step."""
TAKE_BACK = {
    "diagnostic.revoked.v1": "attempt",
    "trial.cancelled.v1": "booking",
    "attendance.revoked.v1": "attendance",
    "lesson.revoked.v1": "attendance",
    "recommendation.withdrawn.v1": "recommendation",
}
"""Event → the field that names the step that it takes back."""
LIFE = {"participant.registered.v1", *MOVES, "guardian.linked.v1", "guardian.unlinked.v1"}
"""Events that say nothing of a season that is closed."""
CORRECTIONS = {
    *TAKE_BACK,
    "recommendation.issued.v1",
    *("participant.merged.v1", "participant.unmerged.v1"),
    *("participant.archived.v1", "participant.restored.v1"),
}
"""Events that count in a closed season from the next revision on."""


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
    time: datetime = BEGINNING
    recorded: str = ""
    """The instant at which it was recorded."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a pupil did, or got."""

    what: str
    """The attempt, booking, attendance or recommendation."""
    of: str
    """Code of the diagnostic or competency."""
    kind: str
    """Of the slot."""
    slot: str
    round: int = 1
    """Of a diagnostic."""


@dataclass
class Pupil:
    """What was told of one entry of a pupil, or of all entries together."""

    registered: bool = False
    places: list[tuple[str, str, str, str]] = field(default_factory=list)
    """Day and sequence from which on it is there, region, municipality."""
    archived: str = ""
    words: dict[str, str] = field(default_factory=dict)
    """Of another entry: the own role while both are one, else nothing."""
    steps: dict[str, Step] = field(default_factory=dict)
    """By the id of the attempt, booking, attendance or recommendation."""
    taken_back: set[str] = field(default_factory=set)
    """Ids of steps: while two entries are one, what is told under one may take back a step of the other."""
    cabinets: set[tuple[str, str]] = field(default_factory=set)
    """Account and guardian."""
    closed_since: dict[str, set[str]] = field(default_factory=dict)
    """Of another entry with whom this one is merged: the accounts whose cabinets were closed here since."""

    @property
    def guardians(self) -> set[str]:
        """Accounts of those who have a cabinet: two schools may know one by two ids."""
        return {account for account, _ in self.cabinets}

    def standing(self, what: str) -> list[Step]:
        """The steps of a kind that were not taken back; of two in one slot, which two entries took, one."""
        left = {id: step for id, step in self.steps.items() if step.what == what and id not in self.taken_back}
        return list({step.slot or id: step for id, step in left.items()}.values())

    def trials(self, what: str) -> list[str]:
        """The competencies of what was booked or attended, as far as it is a practical trial."""
        return [step.of for step in self.standing(what) if step.kind in TRIALS]

    def place(self, closes: str) -> tuple[str, str]:
        """Region and municipality at the end of a season: a later move takes nothing of it along."""
        return max(place for place in self.places if place[0] <= closes)[2:]

    def stages(self, rules: Mapping[str, Any]) -> Iterator[str]:
        """The stages of the funnel that the pupil has reached."""
        diagnostics, attended = self.standing("attempt"), self.trials("attendance")
        counted = [step for step in diagnostics if step.round == 1 or rules.get("tested_by") == "any-round"]
        tested = {step.of for step in counted}.issuperset(rules["diagnostics"])
        recommended = tested and bool(self.standing("recommendation"))
        reached = {
            "registered": True,
            "participated": bool(diagnostics or self.standing("attendance")),
            "tested": tested,
            "attended": bool(attended),
            "completed": recommended and len(attended) >= rules["trials_required"],
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
                self.closed_since[data["other"]] = set()
            case "participant.unmerged.v1":
                self.words[data["other"]] = ""
            case "guardian.linked.v1":
                self.cabinets.add((data["account"], data["guardian"]))
            case "guardian.unlinked.v1":
                if data.get("reason") != "of-age":
                    self.cabinets.discard((data["account"], data["guardian"]))
                    for closed in self.closed_since.values():
                        closed.add(data["account"])
            case type_ if is_ours and type_ in STEPS:
                what = STEPS[type_]
                names = ("diagnostic", "competency", "kind", "slot")
                of, competency, kind, slot = (data.get(name, "") for name in names)
                kind = "door" if data.get("source") == "door" else kind  # a booking at the door is no demand
                self.steps[data[what]] = Step(what, of or competency, kind, slot, data.get("round", 1))
            case type_ if is_ours and type_ in TAKE_BACK:
                self.taken_back.add(data[TAKE_BACK[type_]])

    def join(self, id: str, other: "Pupil", closes: str) -> None:
        """Adds what was told of a duplicate; where the own places begin, they alone count.

        Cabinets of a duplicate are told again under the survivor, and closed there; in a closed season that may have
        been too late to count.
        """
        self.registered |= other.registered
        if not any(place[0] <= closes for place in self.places):
            self.places = other.places
        self.cabinets |= {cabinet for cabinet in other.cabinets if cabinet[0] not in self.closed_since[id]}
        self.steps |= other.steps
        self.taken_back |= other.taken_back


def joined(records: Iterable[Record]) -> dict[str, str]:
    """The entries that are one with another by now, and that one."""
    entries: dict[str, Pupil] = defaultdict(Pupil)
    for record in records:
        if record.type in ("participant.merged.v1", "participant.unmerged.v1"):
            entries[record.data["participant"]].hear(record, "")
    return _joined(entries)


def _joined(entries: Mapping[str, Pupil]) -> dict[str, str]:
    return {
        other: id
        for id, entry in entries.items()
        for other, role in entry.words.items()
        if role == "survivor" and other in entries and entries[other].words.get(id) == "duplicate"
    }


def in_revision(records: Iterable[Record], season: str) -> list[Record]:
    """The records that count in a season: all while it is open, then by when each was recorded."""
    records = list(records)
    closed, revised = (
        [datetime.fromisoformat(r.recorded) for r in records if r.type == type_ and r.data["season"] == season]
        for type_ in ("season.closed.v1", "season.corrected.v1")
    )
    if not closed:
        return records
    until = dict.fromkeys(LIFE, closed[0]) | dict.fromkeys(CORRECTIONS, max([*closed, *revised]))
    return [r for r in records if r.type not in until or datetime.fromisoformat(r.recorded) <= until[r.type]]


def enrolled(records: Iterable[Record], season: str, region: str, closes: str) -> list[Pupil]:
    """The pupils of a season who are in the region at its end, each once, without those entered by mistake."""
    entries: dict[str, Pupil] = defaultdict(Pupil)
    for record in records:
        if "participant" in record.data:
            entries[record.data["participant"]].hear(record, season)
    of_survivors = _joined(entries)
    for duplicate, survivor in of_survivors.items():
        entries[survivor].join(duplicate, entries[duplicate], closes)
    told = {id for entry in entries.values() for id in entry.steps}
    unknown = sorted(id for entry in entries.values() for id in entry.taken_back - told)
    assert not unknown, f"taken back, but never told: {unknown}"
    pupils = [entry for id, entry in entries.items() if id not in of_survivors]
    counted = [pupil for pupil in pupils if pupil.registered and pupil.archived != "mistake"]
    return [pupil for pupil in counted if pupil.place(closes)[0] == region]
