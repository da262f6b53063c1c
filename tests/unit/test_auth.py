"""What a token's claim grants: places to staff, nothing but the role to a family, and no error for what is no grant."""

import pytest

from shared.auth import Grant, Scope, grants_of

STAFF = {"role": "navigator", "org": "RU-ROS-001-S01"}


def test_staff_are_granted_a_place_and_perhaps_its_classes() -> None:
    assert grants_of([STAFF, {**STAFF, "classes": ["7А", "7А"]}]) == (
        Grant("navigator", "RU-ROS-001-S01"),
        Grant("navigator", "RU-ROS-001-S01", frozenset({"7А"})),
    )


@pytest.mark.parametrize("role", ["guardian", "pupil"])
def test_a_family_reaches_nothing_by_its_claim(role: str) -> None:
    grants = grants_of([{"role": role, "org": "RU", "classes": ["7А"]}, {"role": role, "org": ["RU"]}])
    assert grants == (Grant(role), Grant(role))  # type: ignore[arg-type]
    assert not Scope(grants).covers("RU-ROS", "RU-ROS-001")


@pytest.mark.parametrize("claim", [None, "navigator", {"role": "navigator"}, 7])
def test_a_claim_that_is_no_list_grants_nothing(claim: object) -> None:
    assert grants_of(claim) == ()


@pytest.mark.parametrize(
    "malformed",
    [
        None,
        "navigator",
        {},
        {"role": "headmaster", "org": "RU"},
        {"role": ["navigator"], "org": "RU"},
        {"role": {}, "org": "RU"},
        {**STAFF, "org": ["RU"]},
        {**STAFF, "org": {"code": "RU"}},
        {**STAFF, "org": 7},
        {**STAFF, "classes": "7А"},
        {**STAFF, "classes": [["7А"]]},
        {**STAFF, "classes": ["7А", {}]},
    ],
)
def test_a_malformed_entry_is_not_granted_and_its_neighbours_are(malformed: object) -> None:
    assert grants_of([malformed, STAFF]) == (Grant("navigator", "RU-ROS-001-S01"),)
