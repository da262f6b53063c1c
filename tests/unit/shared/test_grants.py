"""What a token's claims grant: places of a kind that fits the role to staff, a mere role to a family."""

from typing import get_args

import pytest

from shared.base.errors import Forbidden
from shared.identity.grants import FITS, Grant, Role, Scope, grant_of, grants_of, refusals_of

STAFF = {"role": "navigator", "org": "RU-ROS-001-S01"}
PLACE = {"nation": "RU", "region": "RU-ROS", "municipality": "ROS-001", "school": "ROS-001-S01", "host": "ROS-001-V01"}


def test_staff_are_granted_a_place_and_perhaps_its_classes() -> None:
    assert grants_of([STAFF, {**STAFF, "classes": ["7А", "7А"]}]) == (
        Grant("navigator", "RU-ROS-001-S01"),
        Grant("navigator", "RU-ROS-001-S01", frozenset({"7А"})),
    )


@pytest.mark.parametrize("role", get_args(Role))
def test_a_grant_reaches_only_what_fits_its_role(role: Role) -> None:
    """Whatever the code of a place: one that cannot be told by its form reaches nothing."""
    for kind, org in PLACE.items():
        scope = Scope((Grant(role, org),))
        covered = scope.covers("RU-ROS", "ROS-001", "ROS-001-S01", hosts=("ROS-001-V01",), school_class="7А")
        assert covered == (kind in FITS[role])
        assert not Scope((Grant(role, None),)).covers("RU-ROS")


def test_a_navigator_reaches_no_region_and_not_the_nation() -> None:
    for org in ("RU", "RU-ROS", "ROS-001"):
        assert not Scope((Grant("navigator", org),)).covers("RU-ROS", "ROS-001", "ROS-001-S01")
    assert Scope((Grant("navigator", "ROS-001-S01"),)).covers("RU-ROS", "ROS-001", "ROS-001-S01")


@pytest.mark.parametrize(
    ("role", "org"),
    [
        ("national-operator", "RU-ROS"),
        ("national-operator", "NATION"),
        ("regional-operator", "RU"),
        ("municipal-operator", "RU"),
        ("municipal-operator", "RU-ROS"),
        ("navigator", "RU"),
        ("navigator", "RU-ROS"),
        ("venue", "RU"),
        ("venue", "RU-ROS"),
        ("mentor", "RU-MOW"),
    ],
)
def test_a_grant_that_does_not_fit_by_its_form_is_refused_with_the_reason(role: Role, org: str) -> None:
    claim = [{"role": role, "org": org}, STAFF]
    assert grants_of(claim) == (Grant("navigator", "RU-ROS-001-S01"),)
    (reason,) = refusals_of(claim)
    held = "the nation" if role == "national-operator" else f"a {FITS[role][0]}"
    assert reason.startswith(f"{role}:{org} is not granted: the role is held in {held}, and {org} is")


@pytest.mark.parametrize("org", ["RU", "RU-ROS"])
def test_a_service_reads_a_region_or_the_nation(org: str) -> None:
    assert grants_of([{"role": "service", "org": org}]) == (Grant("service", org),)
    assert Scope((Grant("service", org),)).covers("RU-ROS")


def test_a_grant_for_the_place_that_does_not_fit_is_named_in_the_refusal() -> None:
    scope = Scope((Grant("navigator", "ROS-001"), Grant("navigator", "ELSEWHERE")))
    with pytest.raises(Forbidden) as refused:
        scope.must_cover("RU-ROS", "ROS-001", "ROS-001-S01")
    assert "navigator:ROS-001 is not granted: the role is held in a school" in refused.value.detail
    assert "ELSEWHERE" not in refused.value.detail


@pytest.mark.parametrize("claimed", ["7A", "7 «а»", "07-А"])
@pytest.mark.parametrize("stored", ["7А", "7a", "7 А"])
def test_a_class_is_reached_however_the_token_and_the_row_spell_it(claimed: str, stored: str) -> None:
    scope = Scope(grants_of([{**STAFF, "classes": [claimed]}]))
    place = ("RU-ROS", "RU-ROS-001", STAFF["org"])
    assert scope.covers(*place, school_class=stored)
    assert not scope.covers(*place, school_class="7Б")


def test_classes_narrow_a_navigator_alone() -> None:
    narrowed = {"role": "regional-operator", "org": "RU-ROS", "classes": ["7А"]}
    assert grants_of([narrowed]) == ()
    assert "only a navigator has it" in refusals_of([narrowed])[0]


def test_a_scope_is_narrowed_to_classes_unless_a_grant_reaches_the_whole_school() -> None:
    own, place = Grant("navigator", "S1", frozenset({"7А"})), ("RU-ROS", "ROS-001", "S1")
    assert Scope((own, Grant("navigator", "S2"), Grant("navigator", "RU"))).classes(*place) == frozenset({"7А"})
    assert Scope((own, Grant("municipal-operator", "ROS-001"))).classes(*place) is None


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
        {**STAFF, "org": None},
        {**STAFF, "org": ""},
        {**STAFF, "org": "a code\nof two lines"},
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
    assert len(refusals_of([malformed, STAFF])) == 1


def test_a_role_alone_is_a_grant_for_a_family_only() -> None:
    assert grant_of("guardian", None) == Grant("guardian")
    assert isinstance(grant_of("navigator", None), str)
