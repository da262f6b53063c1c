"""Entries of children in a season that is counted anew."""

from dataclasses import dataclass

from deploy.simulator.population import School


@dataclass
class Entry:
    """An entry of a child, as registration has it."""

    school: School
    school_class: str
    key: str
    child: tuple[str, str]
    guardians: set[str]
    consent: str = ""
    """Version of the one in force."""
    archived: str = ""
    erased: bool = False
    merged: bool = False
