"""The rules of class and season that a line of a roster keeps: each line is judged by itself. Pure."""

from collections.abc import Iterator

from services.registration.domain.roster_consents import consent_faults
from services.registration.domain.roster_entries import DOUBLED, PupilEntry, doubled
from services.registration.domain.rosters import Intake
from services.registration.domain.school_ages import NO_PUPIL_S_AGE, is_of_school_age
from shared.base.errors import FieldError
from shared.base.wording import worded


def faults(intake: Intake, entry: PupilEntry, listed: str | None) -> Iterator[FieldError]:
    """Yields the rules that a line breaks; `listed` is the place of an earlier line of the pupil."""
    season, place = intake.season, intake.place
    low, high = season.grades
    if listed is not None:
        yield FieldError("external_ref", worded("is listed already, in {listed}", listed=listed))
    if entry.grade != place.grade:
        rule = "must be {grade}, as class {school_class} says"
        yield FieldError("grade", worded(rule, grade=place.grade, school_class=place.school_class))
    elif not low <= entry.grade <= high:
        rule = "must be from {least} to {most} in season {season}"
        yield FieldError("grade", worded(rule, least=low, most=high, season=season.code))
    if not is_of_school_age(entry.birth_date, intake.occurred_at.date()):
        yield FieldError("birth_date", NO_PUPIL_S_AGE)
    for guardian in doubled((*([entry.guardian] if entry.guardian else []), *entry.guardians)):
        yield FieldError(entry.word_of(guardian), DOUBLED)
    if entry.consent is not None:
        yield from consent_faults(intake, entry, entry.consent)
