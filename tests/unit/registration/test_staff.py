"""Who may put whom out of an organisation, how often, and what is told of it."""

from datetime import UTC, datetime

import pytest

from services.registration.domain.organisations import Organisation
from services.registration.domain.staff import (
    MOST_CHANGES,
    Exclusion,
    ExclusionRequest,
    exclude,
    must_stand_below,
    readmit,
    standing,
)
from shared.base.errors import Conflict, Forbidden
from shared.contracts.staff import StaffExcluded, StaffReadmitted
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from tests.builders.registration import SCHOOL

NOW = datetime(2020, 9, 14, 21, 30, tzinfo=UTC)
WHOLE, NATION = Grant("navigator", SCHOOL.id), Grant("national-operator", "RU")
REGION, TOWN = Grant("regional-operator", SCHOOL.region), Grant("municipal-operator", SCHOOL.municipality)
COLLEGE = SCHOOL.model_copy(update={"id": "RU-ROS-001-C01", "kind": "college"})
REQUEST = ExclusionRequest(org=SCHOOL.id, account="teacher", reason="Уволен")


def caller(*grants: Grant) -> Principal:
    return Principal("", "head", grants)


def put_out(height: int = 0, known: Exclusion | None = None) -> Exclusion:
    decision = exclude(known, REQUEST, SCHOOL, height, NOW)
    return decision.state.model_copy(update={"sequence": decision.state.sequence + len(decision.happened)})


@pytest.mark.parametrize(
    ("grants", "organisation", "height"),
    [
        ([WHOLE], SCHOOL, 0),
        ([TOWN, WHOLE], SCHOOL, 1),
        ([REGION], SCHOOL, 2),
        ([NATION], SCHOOL, 3),
        ([Grant("municipal-operator", "RU-ROS-002"), Grant("regional-operator", "RU-MOW")], SCHOOL, 0),
        ([Grant("mentor", COLLEGE.id)], COLLEGE, 0),
        ([Grant("navigator", SCHOOL.municipality)], SCHOOL, 0),
        ([Grant("service", SCHOOL.region)], SCHOOL, 2),
        ([], SCHOOL, 0),
    ],
)
def test_a_standing_is_that_of_the_highest_grant_that_reaches(
    grants: list[Grant], organisation: Organisation, height: int
) -> None:
    assert standing(grants, organisation) == height


def test_nobody_puts_out_the_own_account_or_one_above() -> None:
    with pytest.raises(Conflict) as own:
        must_stand_below(caller(NATION), "head", [], SCHOOL)
    assert (own.value.type, [error.pointer for error in own.value.errors]) == ("own-account", ["account"])
    must_stand_below(caller(WHOLE), "teacher", [WHOLE], SCHOOL)
    must_stand_below(caller(TOWN), "teacher", [TOWN], SCHOOL)
    with pytest.raises(Forbidden) as above:
        must_stand_below(caller(WHOLE), "teacher", [WHOLE, TOWN], SCHOOL)
    assert above.value.type == "stands-above"


def test_an_exclusion_is_told_once_and_undone_once() -> None:
    first = exclude(None, REQUEST, SCHOOL, 0, NOW)
    (told,) = first.happened
    assert told.event == StaffExcluded(account="teacher", organisation=SCHOOL.id, region=SCHOOL.region)
    assert told.time.isoformat() == "2020-09-15T00:30:00+03:00"
    assert (first.state.in_force, first.state.reason) == (True, "Уволен")
    out = put_out()
    assert not exclude(out, REQUEST, SCHOOL, 0, NOW).made
    back = readmit(out, SCHOOL, 0, NOW)
    assert isinstance(back.happened[0].event, StaffReadmitted)
    assert (back.state.in_force, back.state.reason) == (False, None), "what was said of somebody is forgotten"
    assert not readmit(back.state, SCHOOL, 0, NOW).made


def test_who_was_put_out_from_above_is_readmitted_from_there() -> None:
    out = put_out()
    higher = exclude(out, REQUEST, SCHOOL, 2, NOW)
    assert (higher.made, higher.happened, higher.state.standing) == (True, (), 2)
    with pytest.raises(Forbidden) as above:
        readmit(higher.state, SCHOOL, 0, NOW)
    assert above.value.type == "stands-above"
    assert readmit(higher.state, SCHOOL, 3, NOW).made


def test_changes_are_bounded_and_never_by_refusing_to_put_out() -> None:
    often = put_out().model_copy(update={"sequence": MOST_CHANGES})
    with pytest.raises(Conflict) as too_many:
        readmit(often, SCHOOL, 0, NOW)
    assert too_many.value.type == "too-many-exclusions"
    assert put_out(known=often.model_copy(update={"in_force": False})).in_force
