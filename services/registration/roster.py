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
from shared.base.errors import BadInput, FieldError, ServiceError
from shared.base.models import Answer, Count, Input
from shared.contracts.codes import OrganisationCode, SeasonCode
from shared.contracts.registration import ConsentChannel
from shared.http.batch import ReadAs, parsed
from shared.http.problems import Problem
from shared.identity.acting import Actor
from shared.programme.moments import Day, Moment, happened_at, zone
from shared.programme.texts import REF, ClassName, Name, Ref, Version, ref_key

MAX_PUPILS = 1_000
AGES = range(6, 21)
"""From a first grade's youngest to an eleventh grade's oldest."""


class GuardianEntry(Input):
    """A legal representative, by the school's own key."""

    ref: Ref
    """The school's own key of the guardian: children with the same one have the same guardian."""
    name: Name
    """Full name; it stays in the vault and is in no event."""


class ConsentEntry(Input):
    """A consent that the school holds."""

    version: Version
    """Version of the document that was consented to."""
    given_at: Moment
    """When it was given, RFC 3339 with an offset, not in the future."""
    channel: ConsentChannel
    """How it was given: by Госуслуги, on paper, or in the guardian's cabinet."""


class PupilEntry(Input):
    """One line of a class list."""

    external_ref: Ref
    """The school's own key of the pupil, unique within the school: sent again, it is the same pupil."""
    name: Name
    """Full name; it stays in the vault and is in no event."""
    birth_date: Day
    """As `2007-05-17`, for an age from 6 to 20; it stays in the vault and is in no event."""
    grade: Annotated[int, Field(ge=1, le=11)]
    """Year of school, the one that the class begins with and one of the season's."""
    disability: bool = False
    """Limited health or disability: told to the family and in suppressed sums alone."""
    guardian: GuardianEntry | None = None
    """Who consents for the pupil; a cabinet is opened with the link code of the answer."""
    consent: ConsentEntry | None = None
    """A consent that the school holds; without one the pupil is registered, but cannot take part."""


class Roster(Input):
    """A class list as it is sent; a line that is wrong in shape does not refuse the others."""

    season: SeasonCode
    school: OrganisationCode
    """Code of the school in the register."""
    school_class: Annotated[ClassName, Field(alias="class")]
    """The class as the school writes it, for instance «7А»."""
    occurred_at: Moment | None = None
    pupils: Annotated[list[Annotated[Any, ReadAs(PupilEntry)]], Count(1, MAX_PUPILS)]
    """Lines of the list; each is judged on its own."""


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
    by: Actor | None = None
    """The sender, as states keep who changed them."""

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
