"""What stands by what two services told, in plain sets: it knows the fields of events, and nothing of their code."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

PRACTICAL = ("trial", "partner-trial")


class Told(NamedTuple):
    """An event as anybody can read it."""

    type: str
    time: datetime
    said: Mapping[str, Any]


@dataclass
class Seat:
    """A booking."""

    pupil: str
    season: str
    slot: str
    pair: tuple[str, str]
    """School and venue."""
    time: datetime
    starts: datetime
    minutes: int
    grade: int
    """Of the pupil by then."""

    @property
    def ends(self) -> datetime:
        """The time from which the pupil is free again."""
        return self.starts + timedelta(minutes=self.minutes)


class Step(NamedTuple):
    """An attendance, a lesson or an attempt."""

    pupil: str
    season: str
    time: datetime
    what: str
    """The competency, theme or diagnostic."""
    kind: str
    """The kind of the slot, or what it is that is no attendance."""
    of: str = ""
    """The booking, where there is one."""
    slot: str = ""
    round: int = 1
    """Of a diagnostic."""


class Issued(NamedTuple):
    """A recommendation."""

    pupil: str
    season: str
    competencies: tuple[str, ...]
    revision: int
    revised_at: datetime | None


@dataclass
class Steps:
    """What was said of steps, in any order but that of one pupil's own."""

    seats: dict[str, Seat] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    missed: set[str] = field(default_factory=set)
    taken: dict[str, Step] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    marks: dict[str, list[int]] = field(default_factory=dict)
    """The mentor's last marks by attendance."""
    issued: dict[str, Issued] = field(default_factory=dict)
    withdrawn: dict[str, bool] = field(default_factory=dict)
    """By recommendation, whether another revision took its place."""
    erased: set[str] = field(default_factory=set)
    """Entries that are nobody's any more: they hold what they attended."""

    def hear(self, told: Told) -> None:
        """Takes in one more event."""
        said = told.said
        match told.type.removesuffix(".v1"):
            case "trial.booked":
                starts = datetime.fromisoformat(said["starts_at"])
                pair = said["school"], said["venue"]
                where = said["participant"], said["season"], said["slot"], pair
                self.seats[said["booking"]] = Seat(*where, told.time, starts, said["minutes"], said["grade"])
            case "trial.moved":
                seat = self.seats[said["booking"]]
                seat.starts, seat.minutes = datetime.fromisoformat(said["starts_at"]), said["minutes"]
            case "trial.cancelled":
                self.cancelled.add(said["booking"])
            case "attendance.missed":
                self.missed.add(said["booking"])
            case "trial.attended":
                self._take(told, said["attendance"], said["competency"], said["kind"])
            case "lesson.attended":
                self._take(told, said["attendance"], said["theme"], "hearing")
            case "diagnostic.completed":
                self._take(told, said["attempt"], said["diagnostic"], "test")
            case "attendance.revoked" | "lesson.revoked":
                self.revoked.add(said["attendance"])
            case "diagnostic.revoked":
                self.revoked.add(said["attempt"])
            case "feedback.given":
                self.marks[said["attendance"]] = [*(said["marks"] or {}).values()]
            case "recommendation.issued":
                revised = said["revised_at"] and datetime.fromisoformat(said["revised_at"])
                told_of = said["participant"], said["season"], tuple(said["competencies"]), said["revision"], revised
                self.issued[said["recommendation"]] = Issued(*told_of)
            case "recommendation.withdrawn":
                self.withdrawn[said["recommendation"]] = said["replaced"]
            case "path.erased":
                self.erased.add(said["participant"])

    def _take(self, told: Told, id: str, what: str, kind: str) -> None:
        said = told.said
        of = said.get("booking", ""), said.get("slot", ""), said.get("round", 1)
        self.taken[id] = Step(said["participant"], said["season"], told.time, what, kind, *of)

    @property
    def held(self) -> dict[str, Seat]:
        """The seats that are somebody's."""
        return {id: seat for id, seat in self.seats.items() if id not in self.cancelled}

    @property
    def standing(self) -> dict[str, Step]:
        """The steps that were not taken back."""
        return {id: step for id, step in self.taken.items() if id not in self.revoked}

    @property
    def in_force(self) -> dict[str, Issued]:
        """The recommendations that were not taken back."""
        return {id: said for id, said in self.issued.items() if id not in self.withdrawn}

    def claims(self, season: str) -> Counter[tuple[tuple[str, str], str]]:
        """Returns what bookings of a season hold of quotas, where each holds a unit: by pair and part of the ledger."""
        came = {step.of for step in self.standing.values()}
        claimed = self._claimed(season)
        return Counter((seat.pair, "completed" if id in came else "reserved") for id, seat in claimed.items())

    def claimants(self, season: str) -> set[str]:
        """Returns the entries of which something is booked in a season, or was attended."""
        return {seat.pupil for seat in self._claimed(season).values()}

    def _claimed(self, season: str) -> dict[str, Seat]:
        """Returns the bookings that were attended, or may still be."""
        came = {step.of for step in self.standing.values()}
        ended = self.cancelled | self.missed | {self.taken[id].of for id in self.revoked if id in self.taken}
        ended |= {id for id, seat in self.seats.items() if seat.pupil in self.erased}
        return {
            id: seat for id, seat in self.seats.items() if seat.season == season and (id in came or id not in ended)
        }


def overlaps(one: Seat, other: Seat) -> bool:
    """Tells whether two seats take some of the same time."""
    return one.starts < other.ends and other.starts < one.ends
