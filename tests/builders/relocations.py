"""Schools that go to other municipalities or into each other, and one of their pupils."""

from services.registration.domain.organisations import Closing, Organisation
from services.registration.domain.participants import Participant
from services.registration.domain.relocations import (
    RelocationRequest,
    relocate,
)
from tests.builders.events import at
from tests.builders.organisations import MUNICIPALITY
from tests.builders.registration import SCHOOL, enter, pupil, roster

FIRST = MUNICIPALITY
SECOND, THIRD, FOURTH = (
    FIRST.model_copy(update={"id": f"RU-ROS-00{n}", "municipality": f"RU-ROS-00{n}"}) for n in (2, 3, 4)
)
NEIGHBOUR = SCHOOL.model_copy(update={"id": "RU-ROS-001-S02"})
NOW = at("2020-11-01")
DAYS = [f"2020-09-{day}" for day in range(12, 26)]


def request(day: str | None = None, parent: str = SECOND.id) -> RelocationRequest:
    """A school goes to another municipality on a day, or now."""
    return RelocationRequest(parent=parent, occurred_at=at(day) if day else None)


def gone(school: Organisation, *steps: tuple[str, Organisation]) -> Organisation:
    """The school after it went to municipalities on days, in the order in which it was said."""
    for day, parent in steps:
        school = relocate(school, parent, request(day, parent.id), NOW).state
    return school


def participant() -> Participant:
    """One who is in 7А from the 14th of September on."""
    return enter(roster([pupil()])).decisions[0].state


def municipalities(state: Participant) -> dict[str, str | None]:
    """Where the pupil is on each of the days."""
    places = {day: state.place_on(day) for day in DAYS}
    return {day: place.municipality if place else None for day, place in places.items()}


def closed(organisation: Organisation, into: str | None = None) -> Organisation:
    """The organisation after it closed, perhaps into another one."""
    return organisation.model_copy(update={"closed": Closing(at=at("2020-09-20"), into=into)})
