"""The list by which a venue checks in whom it expects."""

from shared.base.models import Answer
from shared.http.paging import Page


class Expected(Answer):
    """A pupil who has a seat in a slot: the name, and nothing else of the person."""

    participant: str
    """Random id, by which the attendance is confirmed."""
    name: str
    """Full name as the school entered it."""


class CheckInPage(Page[Expected]):
    """A page of a slot's pupils: pages in order of the ids, each sorted by name."""
