"""The words of a figure for whoever reads it: the thing that it counts, of how many, and from which events."""

from collections.abc import Mapping
from typing import NamedTuple

from shared.base.languages import Language


class Words(NamedTuple):
    """A figure in one language."""

    title: str
    definition: str
    """The thing that is counted."""
    numerator: str
    denominator: str | None
    """None where the figure is a number, and no share."""
    source: str
    """The events that it follows from."""


InWords = Mapping[Language, Words]
