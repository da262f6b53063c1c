"""Classes of a school: the grade is what the name begins with, and the next class has the same letter."""

import re

from services.registration.domain.following import place_of
from services.registration.domain.organisations import Organisation, must_be_open
from services.registration.domain.placements import Place
from shared.base.errors import BadInput
from shared.base.wording import worded

GRADES = range(1, 12)
LATEST = "9999-12-31"
"""A day after all others."""


def class_of(school: Organisation, name: str, day: str | None = None) -> Place:
    """A class of a school as it lay on a day, or lies by now, in the grade that its name begins with.

    Raises BadInput for what is no school, Conflict for one that is closed: nobody is entered there any more.
    """
    if school.kind != "school" or school.municipality is None:
        raise BadInput.field("school", "is not a school")
    grade = grade_of(name)
    if grade not in GRADES:
        raise BadInput.field(
            "class", worded("must begin with a grade from {least} to {most}", least=GRADES[0], most=GRADES[-1])
        )
    must_be_open(school, "school")
    return place_of(school, name, grade, LATEST if day is None else day)


def grade_of(name: str) -> int:
    """Returns the grade that a class's name begins with."""
    return int(re.split(r"[^0-9]", name)[0])


def next_class(name: str) -> str:
    """Returns the class of the next grade with the same letter."""
    return re.sub(r"^[0-9]+", lambda grade: str(int(grade[0]) + 1), name)
