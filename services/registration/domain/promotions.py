"""Promotions: with the school year pupils go to the next class, repeat, or leave."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import Annotated, Literal

from pydantic import Field

from services.registration.domain.archive import archive
from services.registration.domain.classes import GRADES, class_of, grade_of, next_class
from services.registration.domain.following import then_followed
from services.registration.domain.moves import in_year, move, must_have_room
from services.registration.domain.organisations import Organisation
from services.registration.domain.participants import Participant
from services.registration.domain.placements import local_day
from services.registration.domain.standing import Standing, first_day
from shared.base.errors import BadInput, Conflict, FieldError
from shared.base.models import Count, Input
from shared.contracts.registration import ParticipantPromoted
from shared.programme.moments import Moment
from shared.programme.texts import ClassName, Id
from shared.storage.decision import Decision

MOST_EXCEPTIONS, MOST_CLASSES = 2_000, 100
OF_THE_SAME, FURTHER = 0, 1
"""How many grades a pupil goes on: who repeats, and all others."""


class ClassChange(Input):
    """A class whose pupils go to another one than the next of its name."""

    from_class: Annotated[ClassName, Field(alias="from")]
    """The class until now, for instance «7А»."""
    to_class: Annotated[ClassName, Field(alias="to")]
    """The class from now on, of the next grade, for instance «8Б»."""


class Exceptional(Input):
    """A pupil who does not go where the class goes: `becomes` or `class` says what happens instead."""

    participant: Id
    """Id of the pupil."""
    becomes: Literal["left", "repeats"] | None = None
    """`left` for one who leaves the school and the programme, `repeats` for one who stays in the class."""
    school_class: Annotated[ClassName | None, Field(alias="class")] = None
    """Another class, of the next grade, or of the same one for a pupil who repeats it there."""


class PromotionRequest(Input):
    """A school's new school year."""

    year: Annotated[str, Field(pattern=r"^20[0-9]{2}$")]
    """The school year that begins, by the calendar year of its first day: `2021`."""
    occurred_at: Moment | None = None
    """The time from whose local day on the classes are the new ones, RFC 3339 with an offset, from 1 June to the end of
    the year; where it is left out, the day on which the school was promoted before, or now."""
    classes: Annotated[tuple[ClassChange, ...], Count(0, MOST_CLASSES)] = ()
    """Classes formed anew; all others keep their letter: «7А» becomes «8А»."""
    exceptions: Annotated[tuple[Exceptional, ...], Count(0, MOST_EXCEPTIONS)] = ()
    """Pupils who leave, repeat, or go to another class."""


Fate = Literal["promoted", "repeats", "left", "settled"]
"""The fate of a pupil; `settled` is one whom something later than the day of the promotion has placed, or who came into
the year otherwise: by another school's promotion, by a roster or a move to the next class, or by a first roster of a
season of that year."""


@dataclass(slots=True)
class Promoted:
    """The fates of a school's pupils, and those for whom nothing could be decided, with the reason."""

    fates: Counter[Fate] = field(default_factory=Counter)
    refused: dict[str, Conflict] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Promotion:
    """A school's new school year, as it holds for each of its pupils. The time has the school's offset."""

    school: Organisation
    year: str
    time: datetime
    classes: Mapping[str, str]
    exceptions: Mapping[str, Exceptional]
    seasons: frozenset[str]
    """The seasons that open in the new year or later."""

    @classmethod
    def of(
        cls, request: PromotionRequest, school: Organisation, time: datetime, seasons: frozenset[str] = frozenset()
    ) -> "Promotion":
        """Raises BadInput where a class or a pupil is named twice, leads nowhere, or the day is not of the year."""
        faults = [*_faults_of_day(request, time), *_faults_of_classes(request), *_faults_of_pupils(request)]
        if faults:
            raise BadInput.of(faults)
        classes = {change.from_class: change.to_class for change in request.classes}
        exceptions = {one.participant: one for one in request.exceptions}
        return cls(school, request.year, time, classes, exceptions, seasons)

    def fitted(self, pupils: Mapping[str, Participant]) -> "Promotion":
        """The promotion whose exceptions are by the ids under which the pupils go on; `pupils` are by the named ids.

        Raises BadInput where an exception names nobody of the school, one pupil by two ids, or a class that is no next
        one.
        """
        faults, exceptions = [], dict[str, Exceptional]()
        for index, (id, said) in enumerate(self.exceptions.items()):
            pupil = pupils.get(id)
            if pupil is None or pupil.erased_at is not None or pupil.place.school != self.school.id:
                faults.append(FieldError(f"exceptions/{index}/participant", "is no pupil of the school"))
                continue
            if exceptions.setdefault(pupil.id, said) is not said:
                faults.append(FieldError(f"exceptions/{index}/participant", "is named already, by another id"))
            if said.school_class is not None and not self._standing(pupil).is_settled:
                at, steps = f"exceptions/{index}/class", (OF_THE_SAME, FURTHER)
                faults += _faults_of(pupil.place.school_class, said.school_class, steps, at)
        if faults:
            raise BadInput.of(faults)
        return replace(self, exceptions=exceptions)

    def decide(self, pupil: Participant) -> tuple[Fate, Decision[Participant]]:
        """Returns what becomes of one of the school's pupils; the same promotion again changes nothing.

        Raises Conflict where no further placement is kept, or no further stay in the archive, and for an exception that
        comes too late.
        """
        said, name = self.exceptions.get(pupil.id), pupil.place.school_class
        standing = self._standing(pupil)
        if standing.is_settled:
            if said is not None and _is_otherwise(standing, said):
                detail = "the pupil is in the school year already: move or archive this one alone"
                raise Conflict(detail, slug="promoted-already")
            return "settled", Decision(pupil)
        if said is not None and said.becomes == "repeats":
            return "repeats", self._repeats(pupil)
        if said is not None and said.school_class is not None:
            fate: Fate = "promoted" if grade_of(said.school_class) > pupil.place.grade else "repeats"
            return fate, self._goes(pupil, said.school_class)
        if (said is not None and said.becomes == "left") or pupil.place.grade == GRADES[-1]:
            return "left", archive(self._noted(pupil), "left", self.time)
        return "promoted", self._goes(pupil, self.classes.get(name) or next_class(name))

    def _standing(self, pupil: Participant) -> Standing:
        return Standing(pupil, self.year, local_day(self.time), self.seasons)

    def _goes(self, pupil: Participant, name: str) -> Decision[Participant]:
        event = partial(ParticipantPromoted, year=self.year)
        decision = move(pupil, class_of(self.school, name, local_day(self.time)), self.time, event)
        if not decision.happened:
            return self._repeats(pupil)
        decision = replace(decision, state=in_year(decision.state, local_day(self.time), self.year))
        return then_followed(decision, [self.school])

    def _repeats(self, pupil: Participant) -> Decision[Participant]:
        return Decision(self._noted(pupil), quiet=True)

    def _noted(self, pupil: Participant) -> Participant:
        """The pupil of whom the day is noted, so that no promotion of the year takes this one further."""
        must_have_room(pupil)
        there = pupil.place_on(local_day(self.time)) or pupil.place
        return in_year(pupil.placed(self.time, there), local_day(self.time), self.year)


def _is_otherwise(standing: Standing, said: Exceptional) -> bool:
    """True where an exception says what is not so of one who is in the year already."""
    if said.school_class is not None:
        return grade_of(said.school_class) != standing.pupil.place.grade
    return said.becomes == "left" or standing.has_gone_up


def _faults_of(before: str, after: str, steps: Sequence[int], word: str) -> list[FieldError]:
    """Returns the fault of a class that is not so many grades above another one, or beyond the last."""
    grades = [grade for step in steps if (grade := grade_of(before) + step) in GRADES]
    if grade_of(after) in grades:
        return []
    which = " or ".join(map(str, grades)) or "none: the last grade leaves or repeats"
    return [FieldError(word, f"must be of grade {which}, after {before}")]


def _faults_of_day(request: PromotionRequest, time: datetime) -> list[FieldError]:
    year, first = request.year, first_day(request.year)
    if first <= time.date() <= date(int(year), 12, 31):
        return []
    return [FieldError("occurred_at", f"must lie between {first} and {year}-12-31, as year {year} says")]


def _faults_of_classes(request: PromotionRequest) -> list[FieldError]:
    faults, seen = [], set[str]()
    for index, change in enumerate(request.classes):
        if change.from_class in seen:
            faults.append(FieldError(f"classes/{index}/from", "is named already"))
        seen.add(change.from_class)
        faults += _faults_of(change.from_class, change.to_class, (FURTHER,), f"classes/{index}/to")
    return faults


def _faults_of_pupils(request: PromotionRequest) -> list[FieldError]:
    faults, seen = [], set[str]()
    for index, one in enumerate(request.exceptions):
        at = f"exceptions/{index}"
        if one.participant in seen:
            faults.append(FieldError(f"{at}/participant", "is named already"))
        seen.add(one.participant)
        if (one.becomes is None) == (one.school_class is None):
            faults.append(FieldError(f"{at}/becomes", "either this or `class` says what becomes of the pupil"))
    return faults
