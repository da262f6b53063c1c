"""Who is family: by an account and a role at once, and never by one of them."""

from typing import Any

import pytest

from shared.contracts.event import ParticipantEvent
from shared.contracts.registration import AccountLinked, ConsentGiven, GuardianLinked
from shared.contracts.samples import envelopes
from shared.identity.family import FamilyLink, FamilyRole, is_family, link_of, roles_of
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from shared.programme.place import Place

SAMPLES = envelopes()
MOTHER = FamilyLink(account="mother", role="guardian")
CHILD = FamilyLink(account="child", role="pupil")


def acting(account: str, *roles: FamilyRole) -> Principal:
    return Principal("someone", account, tuple(Grant(role) for role in roles))


@pytest.mark.parametrize(
    ("who", "family"),
    [
        (acting("mother", "guardian"), True),
        (acting("child", "pupil"), True),
        (acting("mother", "guardian", "pupil"), True),
        (acting("mother", "pupil"), False),
        (acting("child", "guardian"), False),
        (acting("mother"), False),
        (acting("stranger", "guardian", "pupil"), False),
    ],
)
def test_family_is_who_has_the_account_in_its_role(who: Principal, family: bool) -> None:
    assert is_family(who, [MOTHER, CHILD]) == family
    assert is_family(who, []) is False


def test_a_caller_reads_in_the_roles_of_the_token() -> None:
    assert roles_of(acting("a", "pupil", "guardian")) == ["guardian", "pupil"]
    assert roles_of(Principal("s", "a", (Grant("navigator", "RU-ROS-001-S01"),))) == []


def test_links_are_told_by_two_events_alone() -> None:
    links = [link_of(SAMPLES[event.type].event) for event in (GuardianLinked, AccountLinked, ConsentGiven)]
    assert [link and link.role for link in links] == ["guardian", "pupil", None]


def test_a_place_says_of_a_pupil_what_events_say() -> None:
    event: Any = SAMPLES[ConsentGiven.type].event
    assert isinstance(event, ParticipantEvent)
    said = Place.of(event).event_fields(event.participant)
    assert said.keys() == ParticipantEvent.model_fields.keys()
    assert all(getattr(event, name) == value for name, value in said.items())
