"""Numbers of legal entities, a school's year and the targets of operators: what fits, and what is told."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from services.registration.domain.definitions import define, must_be_only
from services.registration.domain.organisations import Closing
from services.registration.domain.school_years import SchoolYearEntry, enter_year
from services.registration.domain.targets import TargetEntry, set_target
from shared.base.errors import BadInput, Conflict
from shared.contracts.organisations import OrganisationDefined
from shared.contracts.targets import TargetSet
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from shared.programme.legal_entities import Inn, Ogrn
from tests.builders.events import at
from tests.builders.organisations import INN, MUNICIPALITY, OGRN, REGION, definition
from tests.builders.registration import NOW, SCHOOL, number


@pytest.mark.parametrize(("kind", "number"), [(Inn, INN), (Ogrn, OGRN)])
def test_a_number_with_one_wrong_digit_is_refused(kind: Any, number: str) -> None:
    adapter = TypeAdapter[str](kind)
    assert adapter.validate_python(f" {number}\n") == number
    for at_digit in range(len(number)):
        for digit in set("0123456789") - {number[at_digit]}:
            wrong = number[:at_digit] + digit + number[at_digit + 1 :]
            if kind is Inn or at_digit == len(number) - 1:
                with pytest.raises(ValidationError):
                    adapter.validate_python(wrong)
    for other in (number[:-1], f"{number}0", "٣" * len(number), "500100732259", "304500116000157"):
        with pytest.raises(ValidationError):
            adapter.validate_python(other)


def test_numbers_are_told_and_change_with_a_definition() -> None:
    first = define(None, "S1", definition(inn=INN, ogrn=OGRN), MUNICIPALITY, NOW)
    (happened,) = first.happened
    assert isinstance(happened.event, OrganisationDefined)
    assert (happened.event.inn, happened.event.ogrn) == (INN, OGRN)
    assert not define(first.state, "S1", definition(inn=INN, ogrn=OGRN), MUNICIPALITY, NOW).made
    assert define(first.state, "S1", definition(), MUNICIPALITY, NOW).state.inn is None


def test_who_has_a_number_is_told_to_who_reaches_it_alone() -> None:
    other = SCHOOL.model_copy(update={"inn": INN, "ogrn": OGRN})
    for region, named in (("RU-ROS", SCHOOL.id), ("RU-MOW", "another organisation")):
        who = Principal("s", "a", (Grant("regional-operator", region),))
        with pytest.raises(Conflict, match=f"is {named}'s") as refused:
            must_be_only({"inn": None, "ogrn": OGRN}, [other], who)
        assert (refused.value.type, refused.value.errors[0].pointer) == ("ogrn-taken", "ogrn")


def entry(*pupils: Any, **said: Any) -> SchoolYearEntry:
    return SchoolYearEntry.model_validate({"pupils": list(pupils), **said})


def test_a_school_s_year_is_kept_in_the_order_of_its_classes_and_stored_once() -> None:
    classes = number(7, name="7Б"), number(7, disabled=3, name="7 «а»")
    said = entry(number(8), *classes, level="main")
    first = enter_year(None, SCHOOL, "2020", said)
    assert first.quiet
    assert [(n.grade, n.school_class, n.total, n.disabled) for n in first.state.pupils] == [
        (7, "7А", 25, 3),
        (7, "7Б", 25, None),
        (8, None, 25, None),
    ]
    assert not enter_year(first.state, SCHOOL, "2020", said).made
    assert enter_year(first.state, SCHOOL, "2020", entry(level="basic")).state.pupils == ()


@pytest.mark.parametrize(
    ("pupils", "pointers"),
    [
        ([number(7, name="8А")], ["pupils/0/class"]),
        ([number(7), number(7)], ["pupils/1/grade"]),
        ([number(7), number(7, name="7А")], ["pupils/1/class"]),
        ([number(7, name="7А"), number(7)], ["pupils/1/class"]),
        ([number(7, 3, disabled=4), number(8, 3, disabled=3)], ["pupils/0/disabled"]),
    ],
)
def test_numbers_that_do_not_fit_are_refused_by_field(pupils: list[Any], pointers: list[str]) -> None:
    with pytest.raises(BadInput) as refused:
        enter_year(None, SCHOOL, "2020", entry(*pupils))
    assert [error.pointer for error in refused.value.errors] == pointers


def test_a_year_that_says_nothing_or_is_no_school_s_is_refused() -> None:
    with pytest.raises(ValidationError, match="says neither"):
        entry()
    with pytest.raises(BadInput):
        enter_year(None, MUNICIPALITY, "2020", entry(level="main"))
    gone = SCHOOL.model_copy(update={"closed": Closing(at=NOW)})
    with pytest.raises(Conflict):
        enter_year(None, gone, "2020", entry(level="main"))


@given(st.lists(st.tuples(st.integers(0, 3), st.none() | st.integers(0, 3)), min_size=1, max_size=6))
def test_each_change_of_a_target_is_told_once(said: list[tuple[int, int | None]]) -> None:
    state, told = None, list[tuple[int | None, int | None]]()
    for pupils, parents in said:
        decision = set_target(state, MUNICIPALITY, "2020", TargetEntry(pupils=pupils, parents=parents), NOW)
        told += [(h.event.pupils, h.event.parents) for h in decision.happened if isinstance(h.event, TargetSet)]
        state = decision.state.model_copy(update={"sequence": len(told)})
    assert told == [one for one, before in zip(said, [None, *said], strict=False) if one != before]


def test_regions_and_municipalities_alone_have_targets() -> None:
    decision = set_target(None, REGION, "2020", TargetEntry(parents=5, occurred_at=at("2020-09-01")), NOW)
    ((event, time),) = [(h.event, h.time) for h in decision.happened]
    assert isinstance(event, TargetSet)
    assert (event.subject, event.municipality, time) == ("target/RU-ROS/2020", None, at("2020-09-01"))
    with pytest.raises(BadInput):
        set_target(None, SCHOOL, "2020", TargetEntry(pupils=1), NOW)
    with pytest.raises(ValidationError, match="says neither"):
        TargetEntry()
