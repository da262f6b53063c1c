"""Trips as they are shown: nobody's name."""

from datetime import date
from typing import Literal

from pydantic import Field

from shared.base.models import Answer


class TripView(Answer):
    """A trip of a class, for which an adult was named."""

    school: str
    """Code of the school."""
    school_class: str = Field(alias="class")
    """The class in its one form."""
    venue: str
    """Code of the venue to which it travels."""
    day: date
    """The day, by the venue's calendar."""
    accompanied_by: Literal["name", "account"]
    """The way in which the adult was named."""
