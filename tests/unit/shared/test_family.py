"""Who is family: by an account and a role at once, and never by one of them."""

import pytest

from shared.contracts.registration import AccountLinked, GuardianLinked
from shared.contracts.samples import envelopes
from shared.identity.family import FamilyLink, is_family, link_of, roles_of
from shared.identity.grants import FamilyRole, Grant
from shared.identity.principal import Principal

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
    told = {type_: link.role for type_, sample in SAMPLES.items() if (link := link_of(sample.event))}
    assert told == {GuardianLinked.type: "guardian", AccountLinked.type: "pupil"}
