"""Entries of pupils as they are meant: a plain model that shares nothing with the decisions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.builders.registration import SCHOOL

SCHOOLS = {"S1": SCHOOL, "S2": SCHOOL.model_copy(update={"id": "RU-ROS-002-S04", "municipality": "RU-ROS-002"})}
PLACES = [(school, name) for school in SCHOOLS for name in ("7А", "7Б")]
DAYS = [f"2020-09-{day}" for day in range(14, 24)]
PARENTS = ("mother", "father")
Where = tuple[str, str]


@dataclass
class Modelled:
    """One entry as it is meant."""

    placed: list[tuple[str, int, Where]] = field(default_factory=list)
    """Day, order of saying, place."""
    guardian: str = ""
    linked: dict[str, str] = field(default_factory=dict)
    consented: str = ""
    """The day of the consent in force; empty without one."""
    withdrawn: str = ""
    """The last day of a withdrawal."""
    archived: bool = False
    erased: bool = False
    into: str = ""
    given_back: Mapping[str, Any] = field(default_factory=dict)

    def on(self, day: str) -> Where | None:
        """The place on a day."""
        until = [(said, order, where) for said, order, where in self.placed if said <= day]
        return max(until)[2] if until else None

    @property
    def now(self) -> Where:
        """The place by now."""
        return max(self.placed)[2]


def told(where: Where | None) -> tuple[str, str] | None:
    """A place as states have it."""
    return where and (SCHOOLS[where[0]].id, where[1])
