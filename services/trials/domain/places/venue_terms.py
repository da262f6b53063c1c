"""The terms of a venue for a season: whom it takes in, how many, where it stands and who answers there."""

import re
from collections.abc import Collection
from typing import Annotated

from pydantic import Field
from pydantic_core import PydanticCustomError

from services.trials.domain.calendar.grades import Grades
from services.trials.domain.places.needs import Needs
from shared.base.errors import BadInput
from shared.base.models import Count, Input
from shared.contracts.codes import OrganisationCode
from shared.programme.texts import Text, Title, plain

PHONE = re.compile(r"[0-9](?:[ ().+-]{0,3}[0-9]){4,}")
"""Five digits and more: a room has fewer, and a phone without its city's code has them."""


def role_words(text: str) -> str:
    """The words of a role in their form; raises PydanticCustomError for no letter, a phone or an address."""
    form = plain(text)
    if not any(map(str.isalpha, form)):
        raise PydanticCustomError("no_role", "holds no letter, so that it is no role")
    if "@" in form or PHONE.search(form):
        raise PydanticCustomError("more_than_a_role", "holds a phone or an address: name the role alone")
    return form


ContactRole = Annotated[str, Text(100, role_words)]


class VenueAddress(Input):
    """The place where a venue stands."""

    municipality: OrganisationCode
    """Code of the municipality in which the site lies, of the region of the venue; it may differ from the owner's."""
    line: Title
    """Town, street and house, in Russian, as they are shown to families."""


class VenueTerms(Input):
    """All of it is optional; what a venue has not said binds no slot."""

    grades: Grades | None = None
    """Lowest and highest grade that the venue takes in, both included; every slot lies within."""
    accessibility: Needs | None = None
    """The needs that the venue serves; a slot offers none beyond. An empty list says that it serves none."""
    capacity: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Most pupils at a time; no slot has more seats."""
    expects: Annotated[tuple[OrganisationCode, ...], Count(0, 100)] | None = None
    """Codes of neighbouring municipalities whose pupils it expects besides those of its own; it refuses no others."""
    contact: ContactRole | None = None
    """The role of whoever answers at the venue, as «дежурный администратор»: never a person's name, phone or mail."""
    address: VenueAddress | None = None
    """Where the venue stands."""

    @property
    def is_stated(self) -> bool:
        """True where the venue has said any of it."""
        return self != UNSTATED

    def must_admit(self, grades: tuple[int, int], capacity: int, accessibility: Collection[str]) -> None:
        """Raises BadInput about the field of a slot that goes beyond what the venue has said."""
        if self.grades is not None and (grades[0] < self.grades[0] or grades[1] > self.grades[1]):
            low, high = self.grades
            raise BadInput.field("grades", f"outside the venue's grades {low} to {high}")
        if self.capacity is not None and capacity > self.capacity:
            raise BadInput.field("capacity", f"above the venue's capacity of {self.capacity}")
        lacking = sorted(set(accessibility) - set(accessibility if self.accessibility is None else self.accessibility))
        if lacking:
            raise BadInput.field("accessibility", f"the venue does not serve {', '.join(lacking)}")


UNSTATED = VenueTerms()


def stated(said: VenueTerms) -> VenueTerms:
    """Returns the terms alone, of an entry that has more fields."""
    return VenueTerms(**{name: getattr(said, name) for name in VenueTerms.model_fields})
