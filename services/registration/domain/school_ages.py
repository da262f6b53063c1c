"""The ages of pupils, from a first grade's youngest to an eleventh grade's oldest."""

from datetime import date

from shared.base.errors import BadInput
from shared.base.wording import worded

AGES = range(6, 21)
NO_PUPIL_S_AGE = worded("must give an age from {least} to {most}", least=AGES[0], most=AGES[-1])


def is_of_school_age(born: date, day: date) -> bool:
    """Tells whether a pupil may have been born on one day and be at school on another."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day)) in AGES


def must_be_of_school_age(born: date, day: date) -> None:
    """Raises BadInput for a birth date that no pupil has on a day."""
    if not is_of_school_age(born, day):
        raise BadInput.field("birth_date", NO_PUPIL_S_AGE)
