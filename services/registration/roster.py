"""A school's class for one season: each pupil is checked on its own, and what is right goes through."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
)

from services.registration.domain import Place, Season
from services.registration.organisations import Organisation
from services.registration.pupils import Key
from shared.bodies import Body, Count, Item, parsed
from shared.contracts.codes import OrganisationCode, SeasonCode
from shared.contracts.registration import ConsentChannel
from shared.errors import BadInput, FieldError, ServiceError
from shared.moments import Day, Moment, happened_at, zone
from shared.problem import Answer, Problem
from shared.texts import REF, ClassName, Name, Ref, Version, ref_key

MAX_PUPILS = 1_000
AGES = range(6, 21)
"""From a first grade's youngest to an eleventh grade's oldest."""


class GuardianEntry(Body):
    """A legal representative, by the school's own key."""

    ref: Ref
    name: Name


class ConsentEntry(Body):
    """A consent that the school holds."""

    version: Version
    given_at: Moment
    channel: ConsentChannel


class PupilEntry(Body):
    """One line of a class list."""

    external_ref: Ref
    name: Name
    birth_date: Day
    grade: Annotated[int, Field(ge=1, le=11)]
    disability: bool = False
    guardian: GuardianEntry | None = None
    consent: ConsentEntry | None = None


class Roster(Body):
    """A class list as it is sent; a line that is wrong in shape does not refuse the others."""

    season: SeasonCode
    school: OrganisationCode
    school_class: Annotated[ClassName, Field(alias="class")]
    occurred_at: Moment | None = None
    pupils: Annotated[list[Annotated[Any, Item(PupilEntry)]], Count(1, MAX_PUPILS)]


class RosterItem(Answer):
    """What became of one line."""

    external_ref: str | None = None
    """The school's own key of the pupil, as it was sent; null where it cannot be read."""
    status: Literal["created", "known", "rejected"]
    """`created` where the pupil or the season is new for the school, `known` where nothing changed, `rejected` where
    the line was refused."""
    participant: str | None = None
    """The pupil's random id, the same in every service."""
    guardian: str | None = None
    """Random id of the guardian who was named."""
    link_code: str | None = None
    """The guardian's one-time code, until it is redeemed."""
    account_code: str | None = None
    """The pupil's own one-time code, until it is redeemed."""
    problem: Problem | None = None
    """Why the line was rejected; its pointers lead into the request's body."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What holds for every line of one roster; times have the region's offset."""

    season: Season
    place: Place
    occurred_at: datetime
    now: datetime
    classes: frozenset[str] | None
    """Those of the school that the sender's grants are narrowed to; None for all."""

    @classmethod
    def of(
        cls, roster: Roster, season: Season, school: Organisation, now: datetime, classes: frozenset[str] | None
    ) -> "Setting":
        """Raises BadInput where the organisation is no school or the time is to come, Conflict outside the season."""
        if school.kind != "school" or school.municipality is None:
            raise BadInput.field("school", "is not a school")
        place = Place(
            region=school.region,
            municipality=school.municipality,
            school=school.id,
            school_class=roster.school_class,
            grade=int(re.split(r"[^0-9]", roster.school_class)[0]),
            utc_offset=school.utc_offset,
        )
        time = happened_at(roster.occurred_at, now, zone(school.utc_offset))
        season.must_contain(time)
        return cls(season, place, time, now, classes)

    def reaches(self, classes: Iterable[str]) -> bool:
        """Whether the sender's grants cover one of these classes of the school."""
        return self.classes is None or not self.classes.isdisjoint(classes)


@dataclass(frozen=True, slots=True)
class Lines:
    """A roster's lines by index: those that can be entered, and what became of the others."""

    setting: Setting
    entries: Mapping[int, PupilEntry]
    refused: Mapping[int, RosterItem]

    @property
    def pupils(self) -> list[Key]:
        """Of those that can be entered."""
        return [(self.setting.place.school, entry.external_ref) for entry in self.entries.values()]

    @property
    def guardians(self) -> list[Key]:
        """Of the guardians named with them."""
        return [(self.setting.place.school, e.guardian.ref) for e in self.entries.values() if e.guardian]


def check(pupils: Sequence[Any], setting: Setting) -> Lines:
    """Each line on its own: its shape, the season's rules, and that no pupil is listed twice."""
    entries, refused = dict[int, PupilEntry](), dict[int, RosterItem]()
    first: dict[str, int] = {}
    for index, line in enumerate(pupils):
        ref = REF.read(line.get("external_ref")) if isinstance(line, dict) else None
        same = ref_key(ref) if ref else None
        try:
            entries[index] = _entry(line, index, first.get(same) if same else None, setting)
        except BadInput as error:
            refused[index] = refusal(ref, error)
        if same:
            first.setdefault(same, index)
    return Lines(setting, entries, refused)


def _entry(line: Any, index: int, first: int | None, setting: Setting) -> PupilEntry:
    entry = parsed(PupilEntry, line, f"/pupils/{index}")
    if isinstance(entry, BadInput):
        raise entry
    complaints = [FieldError(f"/pupils/{index}/{where}", why) for where, why in _complaints(entry, first, setting)]
    if complaints:
        raise BadInput("; ".join(f"{c.pointer}: {c.detail}" for c in complaints), errors=complaints)
    return entry


def refusal(external_ref: str | None, error: ServiceError) -> RosterItem:
    """A line that changes nothing."""
    return RosterItem(external_ref=external_ref, status="rejected", problem=Problem.of(error))


def _complaints(entry: PupilEntry, first: int | None, setting: Setting) -> Iterator[tuple[str, str]]:
    """What is wrong with a line of the right shape: the field, and why."""
    low, high = setting.season.grades
    if first is not None:
        yield "external_ref", f"is listed already, in /pupils/{first}"
    if entry.grade != setting.place.grade:
        yield "grade", f"must be {setting.place.grade}, as class {setting.place.school_class} says"
    elif not low <= entry.grade <= high:
        yield "grade", f"must be from {low} to {high} in season {setting.season.code}"
    if _age(entry.birth_date, setting.occurred_at.date()) not in AGES:
        yield "birth_date", f"must give an age from {AGES[0]} to {AGES[-1]}"
    if entry.consent is not None and entry.guardian is None:
        yield "consent", "names no giver: the guardian is missing"
    if entry.consent is not None and entry.consent.given_at > setting.now:
        yield "consent/given_at", "is in the future"


def _age(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
