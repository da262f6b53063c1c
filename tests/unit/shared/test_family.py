"""Who is family: by an account and a role at once, and never by one of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.registration import AccountLinked, AccountUnlinked, GuardianLinked, GuardianUnlinked
from shared.contracts.samples import envelopes
from shared.identity.family import FamilyLink, LinkChange, change_of, in_force, is_family, roles_of
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


def test_links_are_told_by_four_events_alone() -> None:
    told = {type_: (it.role, it.opened) for type_, sample in SAMPLES.items() if (it := change_of(sample)) is not None}
    assert told == {
        GuardianLinked.type: ("guardian", True),
        GuardianUnlinked.type: ("guardian", False),
        AccountLinked.type: ("pupil", True),
        AccountUnlinked.type: ("pupil", False),
    }


def change(sequence: int, opened: bool, guardian: str = "g1") -> LinkChange:
    number = f"{sequence:010d}"
    return LinkChange(sequence=number, account="mother", role="guardian", guardian=guardian, opened=opened)


@given(st.permutations([change(1, True), change(2, False), change(3, True, "g2"), change(4, True), change(5, False)]))
def test_the_latest_change_of_a_cabinet_holds_in_whatever_order_they_come(changes: list[LinkChange]) -> None:
    assert in_force([CHILD], changes) == (CHILD, MOTHER)
    assert in_force([CHILD], [*changes, change(6, False, "g2")]) == (CHILD,)


def test_a_link_of_which_no_change_was_kept_stays_until_it_is_closed() -> None:
    assert in_force([MOTHER, CHILD], []) == (MOTHER, CHILD)
    assert in_force([MOTHER, CHILD], [change(7, False)]) == (CHILD,)
