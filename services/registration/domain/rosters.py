"""A school's class for one season, as its roster says it: each line is judged by itself."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.registration.copies.seasons import Season
from services.registration.domain.following import place_of
from services.registration.domain.identities import GuardianKind, child_of
from services.registration.domain.majority import is_of_age
from services.registration.domain.organisations import Organisation, must_be_open
from services.registration.domain.participants import SELF, Consent, Key
from services.registration.domain.placements import Place, local_day
from services.registration.domain.templates import NO_TEMPLATES, ConsentWords, Templates
from services.registration.name_index import Child
from shared.base.errors import BadInput, FieldError
from shared.base.models import Count, Input
from shared.contracts.codes import OrganisationCode, SeasonCode
from shared.contracts.registration import ConsentChannel
from shared.identity.acting import Actor
from shared.programme.legal_entities import Inn, Ogrn
from shared.programme.moments import Day, Moment, happened_at, zone
from shared.programme.texts import ClassName, Name, Ref, ref_key

GRADES = range(1, 12)
LATEST = "9999-12-31"
"""A day after all others."""
AGES = range(6, 21)
"""From a first grade's youngest to an eleventh grade's oldest."""
DOUBLED = "is the key of a guardian who is named otherwise before"
OF_AGE = f"must give an age from {AGES[0]} to {AGES[-1]}"


CODE_LIFE = timedelta(days=30)
"""The least time that a family has for a code."""
LONGEST_CODE_LIFE = timedelta(days=400)
MOST_GUARDIANS = 6
"""Of a pupil, as schools' records have them: parents, their new spouses, a grandparent or an organisation."""


class GuardianEntry(Input):
    """A legal representative, by the school's own key."""

    ref: Ref
    """The school's own key of the guardian: children with the same one have the same guardian."""
    name: Name
    """Full name of a person, or the name of an organisation; it stays in the vault and is in no event."""
    kind: GuardianKind | None = None
    """`organisation` for an orphanage or a guardianship body, with `inn` or `ogrn`; left out, a new one is a person."""
    inn: Inn | None = None
    """ИНН of an organisation, ten digits; it stays in the vault and is in no event."""
    ogrn: Ogrn | None = None
    """ОГРН of an organisation, thirteen digits; it stays in the vault and is in no event."""

    @model_validator(mode="after")
    def _is_numbered_if_an_organisation(self) -> Self:
        numbered = self.inn is not None or self.ogrn is not None
        if numbered != (self.kind == "organisation"):
            raise PydanticCustomError("numbers", "an organisation, and nobody else, has `inn` or `ogrn`")
        return self

    @property
    def identity(self) -> dict[str, str]:
        """The parts that are sealed."""
        said = {"name": self.name, "kind": self.kind, "inn": self.inn, "ogrn": self.ogrn}
        return {field: text for field, text in said.items() if text is not None}


def once(guardians: Iterable[GuardianEntry]) -> list[GuardianEntry]:
    """The guardians, of several with one key the first."""
    found: dict[str, GuardianEntry] = {}
    for entry in guardians:
        found.setdefault(ref_key(entry.ref), entry)
    return list(found.values())


def doubled(guardians: Iterable[GuardianEntry]) -> Iterator[GuardianEntry]:
    """Yields those whose key stands before under another name: nobody could say which of them is meant."""
    names: dict[str, dict[str, str]] = {}
    return (entry for entry in guardians if names.setdefault(ref_key(entry.ref), entry.identity) != entry.identity)


class ConsentEntry(ConsentWords):
    """A consent that the school holds."""

    guardian: Ref | None = None
    """The school's own key of the guardian who gave it; the first on the line where it is left out."""
    by_pupil: bool = False
    """True where the pupil, who was of age then, gave it."""
    given_at: Moment
    """The time when it was given, RFC 3339 with an offset, not in the future."""
    channel: ConsentChannel
    """The way in which it was given: by Госуслуги, on paper, or in the guardian's cabinet."""


class PupilEntry(Input):
    """One line of a class list."""

    external_ref: Ref
    """The school's own key of the pupil, unique within the school: sent again, it is the same pupil."""
    name: Name
    """Full name; it stays in the vault and is in no event."""
    birth_date: Day
    """Date of birth as `2007-05-17`, for an age from 6 to 20; it stays in the vault and is in no event."""
    grade: Annotated[int, Field(ge=1, le=11)]
    """Year of school, the one that the class begins with and one of the season's."""
    disability: bool = False
    """Limited health or disability: told to the family and in suppressed sums alone."""
    guardian: GuardianEntry | None = None
    """The guardian who consents for the pupil; a cabinet is opened with the link code of the answer."""
    guardians: Annotated[tuple[GuardianEntry, ...], Count(0, MOST_GUARDIANS)] = ()
    """Further guardians, each with a link code of their own; those whom an earlier roster named stay."""
    namesake: bool = False
    """True for another child than the one whom the region knows by this name and birth date."""
    consent: ConsentEntry | None = None
    """A consent that the school holds; without one the pupil is registered, but cannot take part."""

    @cached_property
    def identity(self) -> dict[str, str]:
        """The parts of the line that are sealed."""
        return {"name": self.name, "birth_date": self.birth_date.isoformat()}

    @cached_property
    def child(self) -> Child:
        """The name and the birth date by which a region knows the pupil."""
        return child_of(self.identity)

    @cached_property
    def named(self) -> list[GuardianEntry]:
        """The guardians of the line, each once."""
        return once((*([self.guardian] if self.guardian else []), *self.guardians))

    def word_of(self, guardian: GuardianEntry) -> str:
        """The place of a guardian's key on the line."""
        return "guardian/ref" if guardian is self.guardian else f"guardians/{self.guardians.index(guardian)}/ref"

    @property
    def giver(self) -> GuardianEntry | None:
        """The guardian who gave the consent; None where nobody of the line did."""
        if self.consent is None or self.consent.guardian is None:
            return None if self.consent is not None and self.consent.by_pupil else next(iter(self.named), None)
        key = ref_key(self.consent.guardian)
        return next((entry for entry in self.named if ref_key(entry.ref) == key), None)


class RosterHeader(Input):
    """The class that a roster enters into a season."""

    season: SeasonCode
    school: OrganisationCode
    """Code of the school in the register."""
    school_class: Annotated[ClassName, Field(alias="class")]
    """The class as the school writes it, for instance «7А»."""
    occurred_at: Moment | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """A class as it enters a season: what holds for every line of its roster. Times have the region's offset."""

    season: Season
    place: Place
    occurred_at: datetime
    now: datetime
    classes: frozenset[str] | None
    """Classes of the school that the sender's grants are narrowed to; None for all."""
    by: Actor | None = None
    """The sender, as states keep who changed them."""
    entries: Sequence[PupilEntry] = ()
    """The lines that can be read."""
    number: int = 0
    """Its place among the rosters that are decided together."""
    school: Organisation | None = None
    """The school as it was when the roster was read: pupils follow where it went since."""
    templates: Templates = NO_TEMPLATES
    """Of consents, of the season."""

    @classmethod
    def of(
        cls, header: RosterHeader, season: Season, school: Organisation, now: datetime, classes: frozenset[str] | None
    ) -> "Intake":
        """Raises BadInput where the organisation is no school or the time is to come, Conflict outside the season."""
        happened = happened_at(header.occurred_at, now, zone(school.utc_offset))
        place = class_of(school, header.school_class, local_day(happened))
        season.must_contain(happened)
        return cls(season, place, happened, now, classes, school=school)

    @property
    def pupils(self) -> list[Key]:
        """The keys of the pupils on the lines."""
        return [(self.place.school, entry.external_ref) for entry in self.entries]

    @property
    def guardians(self) -> list[Key]:
        """The keys of the guardians who are named with them."""
        return [(self.place.school, guardian.ref) for entry in self.entries for guardian in entry.named]

    @property
    def codes_until(self) -> datetime:
        """The time until which codes open cabinets: the season's end, or later for codes that are issued late."""
        end = datetime.combine(self.season.closes, time.max, self.occurred_at.tzinfo)
        return min(max(end, self.now + CODE_LIFE), self.now + LONGEST_CODE_LIFE)

    def reaches(self, classes: Iterable[str]) -> bool:
        """True where the sender's grants cover one of these classes of the school."""
        return self.classes is None or not self.classes.isdisjoint(classes)

    def faults(self, entry: PupilEntry, listed: str | None) -> Iterator[FieldError]:
        """The rules of class and season that a line breaks; `listed` is the place of an earlier line of the pupil."""
        low, high = self.season.grades
        if listed is not None:
            yield FieldError("external_ref", f"is listed already, in {listed}")
        if entry.grade != self.place.grade:
            yield FieldError("grade", f"must be {self.place.grade}, as class {self.place.school_class} says")
        elif not low <= entry.grade <= high:
            yield FieldError("grade", f"must be from {low} to {high} in season {self.season.code}")
        if _age(entry.birth_date, self.occurred_at.date()) not in AGES:
            yield FieldError("birth_date", OF_AGE)
        for guardian in doubled((*([entry.guardian] if entry.guardian else []), *entry.guardians)):
            yield FieldError(entry.word_of(guardian), DOUBLED)
        if entry.consent is not None:
            yield from self._faults_of(entry, entry.consent)

    def _faults_of(self, entry: PupilEntry, consent: ConsentEntry) -> Iterator[FieldError]:
        if entry.giver is None and not consent.by_pupil:
            word = "consent/guardian" if consent.guardian else "consent"
            yield FieldError(word, "names no giver: the guardian is missing")
        is_pupil_s_age = _age(entry.birth_date, self.occurred_at.date()) in AGES
        local = consent.given_at.astimezone(zone(self.place.utc_offset))
        of_age = is_pupil_s_age and is_of_age(entry.identity, local)
        if of_age and not consent.by_pupil:
            yield FieldError("consent/by_pupil", "must be true: the pupil was of age then and gives the consent alone")
        if consent.by_pupil and (consent.guardian is not None or not of_age):
            why = "names a guardian too" if consent.guardian is not None else "is true of one who was not of age then"
            yield FieldError("consent/by_pupil", why)
        if consent.given_at > self.now:
            yield FieldError("consent/given_at", "is in the future")
            return
        try:
            self.consent_of(entry, "")
        except BadInput as refused:
            yield from refused.errors

    def consent_of(self, entry: PupilEntry, guardian: str) -> Consent | None:
        """The consent of a line that a guardian gave, or the pupil; None where the line has none.

        Raises BadInput where it does not fit the region's templates.
        """
        said = entry.consent
        if said is None:
            return None
        given = said.given_at.astimezone(zone(self.place.utc_offset))
        try:
            agreed = self.templates.agreed(said, said.channel, self.place.region, [self.season.code], given)
        except BadInput as refused:
            raise refused.moved(lambda word: f"consent/{word}") from refused
        return Consent(
            version=agreed.version,
            channel=said.channel,
            given_at=given,
            guardian=SELF if said.by_pupil else guardian,
            template=agreed.template,
            register_number=said.register_number,
            until=agreed.until,
        )


def class_of(school: Organisation, name: str, day: str | None = None) -> Place:
    """A class of a school as it lay on a day, or lies by now, in the grade that its name begins with.

    Raises BadInput for what is no school, Conflict for one that is closed: nobody is entered there any more.
    """
    if school.kind != "school" or school.municipality is None:
        raise BadInput.field("school", "is not a school")
    grade = int(re.split(r"[^0-9]", name)[0])
    if grade not in GRADES:
        raise BadInput.field("class", f"must begin with a grade from {GRADES[0]} to {GRADES[-1]}")
    must_be_open(school, "school")
    return place_of(school, name, grade, LATEST if day is None else day)


def must_be_of_school_age(born: date, day: date) -> None:
    """Raises BadInput for a birth date that no pupil has on a day."""
    if _age(born, day) not in AGES:
        raise BadInput.field("birth_date", OF_AGE)


def _age(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
