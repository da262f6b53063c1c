"""The regions of ISO 3166-2:RU as they come with the package: code, Russian name, and the clock of today.

Codes are those of the standard, names those of the country's constitution, clocks those of the capitals in the tz
database. A region that the standard does not list is entered like any other organisation.
"""

import csv
from importlib.resources import files
from typing import NamedTuple


class StandardRegion(NamedTuple):
    """A region as the standard has it."""

    code: str
    """`RU-ROS`."""
    name: str
    """Official name, in Russian."""
    utc_offset: str
    """`+03:00`."""


def _read() -> tuple[StandardRegion, ...]:
    text = files(__package__).joinpath("regions.csv").read_text(encoding="utf-8")
    return tuple(StandardRegion(**row) for row in csv.DictReader(text.splitlines()))


REGIONS = _read()
"""By code."""
