"""A school's new year: everybody goes where the class goes, but for those who are named, and once however often."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.registration.domain.archive import restore
from services.registration.domain.classes import class_of, next_class
from services.registration.domain.moves import MOST_PLACEMENTS, move
from services.registration.domain.participants import Participant
from services.registration.domain.promotions import Fate, Promotion, PromotionRequest
from shared.base.errors import BadInput, Conflict
from shared.contracts.registration import ParticipantArchived, ParticipantPromoted
from tests.builders.events import at
from tests.builders.registration import SCHOOL, entered, pupil

FIRST = at("2021-09-01", 9)
CLASSES = ("6А", "7А", "7Б", "9В", "11А")


def in_class(name: str, id: str = "id1") -> Participant:
    state = entered(pupil()).decisions[0].state
    place = class_of(SCHOOL, name)
    return state.model_copy(
        update={
            "id": id,
            "place": place,
            "placements": tuple(one.model_copy(update={"place": place}) for one in state.placements),
        }
    )


def promotion(time: datetime = FIRST, year: str = "2021", **said: Any) -> Promotion:
    return Promotion.of(PromotionRequest.model_validate({"year": year, **said}), SCHOOL, time)


def decided(how: Promotion, state: Participant) -> tuple[Fate, Participant, list[str]]:
    fate, decision = how.decide(state)
    return fate, decision.state, [happened.event.type for happened in decision.happened]


@pytest.mark.parametrize(("name", "after"), [("7А", "8А"), ("9В", "10В"), ("10", "11"), ("7Лицей-2", "8Лицей-2")])
def test_the_next_class_has_the_same_letter(name: str, after: str) -> None:
    assert next_class(name) == after


def test_a_pupil_goes_to_the_next_class_by_an_event_of_its_own() -> None:
    fate, decision = promotion().decide(in_class("7А"))
    (happened,) = decision.happened
    event = happened.event
    assert isinstance(event, ParticipantPromoted)
    assert (fate, happened.time, event.year) == ("promoted", FIRST, "2021")
    assert (event.from_school_class, event.to_school_class, event.to_grade, event.school_class) == ("7А", "8А", 8, "8А")
    assert decision.state.place_on("2021-08-31") == class_of(SCHOOL, "7А")
    assert decision.state.place == class_of(SCHOOL, "8А")


@given(
    st.sampled_from(CLASSES),
    st.sampled_from([{}, {"becomes": "left"}, {"becomes": "repeats"}, {"class": "same"}, {"class": "next"}]),
    st.booleans(),
)
def test_everybody_has_one_fate_and_the_same_again_changes_nothing(
    name: str, said: dict[str, str], formed_anew: bool
) -> None:
    state = in_class(name)
    grade = state.place.grade
    other = {"same": f"{grade}Я", "next": f"{min(grade + 1, 11)}Я"}
    exception = {key: other.get(value, value) for key, value in said.items()}
    how = promotion(
        classes=[{"from": "7А", "to": "8Ж"}] if formed_anew else [],
        exceptions=[{"participant": state.id, **exception}] if said else [],
    )
    how = how.fitted({state.id: state})
    fate, after, told = decided(how, state)
    wanted = exception.get("class") or ("8Ж" if formed_anew and name == "7А" else next_class(name))
    match exception.get("becomes"), exception.get("class"):
        case "left", _:
            assert (fate, told) == ("left", [ParticipantArchived.type])
        case None, None if grade == 11:
            assert (fate, told) == ("left", [ParticipantArchived.type])
        case "repeats", _:
            assert (fate, told, after.place) == ("repeats", [], state.place)
        case _:
            assert fate == ("promoted" if class_of(SCHOOL, wanted).grade > grade else "repeats")
            assert (told, after.place.school_class) == ([ParticipantPromoted.type], wanted)
    if fate == "left":
        assert after.archived is not None
        assert after.place == state.place
    else:
        assert decided(how, after) == ("settled", after, [])
        assert decided(promotion(), after) == ("settled", after, []), "nor does one without the exceptions"


def test_who_came_on_that_day_or_was_moved_since_stays() -> None:
    moved = move(in_class("7А"), class_of(SCHOOL, "7Б"), at("2021-09-01", 8)).state
    assert decided(promotion(), moved) == ("settled", moved, [])
    later = move(in_class("7А"), class_of(SCHOOL, "8Г"), at("2021-09-20")).state
    assert decided(promotion(), later) == ("settled", later, [])


OTHER = SCHOOL.model_copy(update={"id": "RU-ROS-001-S02"})
JUNE, AUGUST = at("2021-06-05"), at("2021-08-20")


def of_other(**said: Any) -> Promotion:
    return Promotion.of(PromotionRequest.model_validate({"year": "2021", **said}), OTHER, FIRST)


@pytest.mark.parametrize("said", [[], [{"participant": "id1", "becomes": "repeats"}]], ids=["promoted", "repeats"])
def test_who_changes_school_after_its_promotion_goes_on_once(said: list[Any]) -> None:
    first = promotion(JUNE, exceptions=said).decide(in_class("7А"))[1].state
    there = move(first, class_of(OTHER, f"{first.place.grade}В"), AUGUST).state
    assert decided(of_other(), there) == ("settled", there, [])
    later = promotion(at("2022-09-01"), "2022").decide(first)[1].state
    assert later.place.grade == first.place.grade + 1


def test_who_comes_into_a_class_of_the_former_year_goes_on_with_it() -> None:
    promoted = promotion(JUNE).decide(in_class("7А"))[1].state
    there = move(promoted, class_of(OTHER, "7В"), AUGUST).state
    fate, after, _ = decided(of_other(), there)
    assert (fate, after.place.school_class) == ("promoted", "8В")


def test_whom_a_roster_of_the_new_classes_named_before_goes_on_no_further() -> None:
    entered_early = move(in_class("7А"), class_of(SCHOOL, "8Б"), AUGUST).state
    assert decided(promotion(), entered_early) == ("settled", entered_early, [])


@pytest.mark.parametrize(
    ("seasons", "fate"),
    [
        ({"2021": AUGUST}, "settled"),
        ({"2020": JUNE}, "promoted"),
        ({"2020": JUNE, "2021": AUGUST}, "promoted"),
    ],
)
def test_who_is_new_in_a_season_of_the_new_year_came_into_its_class(seasons: dict[str, Any], fate: Fate) -> None:
    state = in_class("8А")
    new = state.model_copy(
        update={
            "seasons": seasons,
            "placements": tuple(one.model_copy(update={"day": "2021-08-20"}) for one in state.placements),
        }
    )
    request = PromotionRequest.model_validate({"year": "2021"})
    how = Promotion.of(request, SCHOOL, FIRST, frozenset({"2021"}))
    assert decided(how, new)[0] == fate
    assert decided(how, state)[0] == "promoted", "who was there before goes on, whatever the season's code"


@pytest.mark.parametrize("said", [{"becomes": "repeats"}, {"becomes": "left"}, {"class": "7Б"}])
def test_an_exception_that_comes_too_late_is_refused_and_one_that_is_so_is_not(said: dict[str, str]) -> None:
    after = promotion().decide(in_class("7А"))[1].state
    for exception in (said, {"class": "8Ж"}):
        how = promotion(exceptions=[{"participant": after.id, **exception}]).fitted({after.id: after})
        if exception is said:
            with pytest.raises(Conflict) as refused:
                how.decide(after)
            assert refused.value.type == "promoted-already"
        else:
            assert decided(how, after) == ("settled", after, [])


def test_who_left_and_was_taken_back_is_not_put_away_again() -> None:
    away = promotion().decide(in_class("11А"))[1].state
    back = restore(away, at("2021-09-10")).state
    assert decided(promotion(), back) == ("settled", back, [])
    assert decided(promotion(at("2021-09-20")), back) == ("settled", back, [])


def test_an_exception_by_the_id_of_a_merged_entry_is_about_the_pupil() -> None:
    state = in_class("7А")
    how = promotion(exceptions=[{"participant": "duplicate", "becomes": "repeats"}]).fitted({"duplicate": state})
    assert decided(how, state)[0] == "repeats"
    both = [{"participant": id, "becomes": "repeats"} for id in ("duplicate", "id1")]
    with pytest.raises(BadInput) as refused:
        promotion(exceptions=both).fitted({"duplicate": state, "id1": state})
    assert [error.pointer for error in refused.value.errors] == ["exceptions/1/participant"]


def test_two_years_are_two_grades() -> None:
    state = promotion().decide(in_class("7А"))[1].state
    assert promotion(at("2022-09-01"), "2022").decide(state)[1].state.place.school_class == "9А"


def test_a_pupil_who_was_placed_too_often_is_refused_alone() -> None:
    state = in_class("7А")
    for n in range(MOST_PLACEMENTS - 1):
        there = class_of(SCHOOL, "7Б" if n % 2 == 0 else "7А")
        state = move(state, there, at("2020-09-15") + timedelta(days=n)).state
    with pytest.raises(Conflict) as refused:
        promotion(at("2022-09-01"), "2022").decide(state)
    assert refused.value.type == "too-many-moves"


@pytest.mark.parametrize(
    ("said", "pointers"),
    [
        ({"time": at("2021-05-31")}, ["occurred_at"]),
        ({"time": at("2022-01-01")}, ["occurred_at"]),
        ({"classes": [{"from": "7А", "to": "9А"}]}, ["classes/0/to"]),
        ({"classes": [{"from": "7А", "to": "7Б"}]}, ["classes/0/to"]),
        ({"classes": [{"from": "11А", "to": "12А"}]}, ["classes/0/to"]),
        ({"classes": [{"from": "7А", "to": "8А"}, {"from": "7 а", "to": "8Б"}]}, ["classes/1/from"]),
        ({"exceptions": [{"participant": "id1"}]}, ["exceptions/0/becomes"]),
        ({"exceptions": [{"participant": "id1", "becomes": "left", "class": "8А"}]}, ["exceptions/0/becomes"]),
        (
            {"exceptions": [{"participant": "id1", "becomes": "left"}, {"participant": "id1", "class": "8А"}]},
            ["exceptions/1/participant"],
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_where_it_stands(said: dict[str, Any], pointers: list[str]) -> None:
    with pytest.raises(BadInput) as refused:
        promotion(**said)
    assert [error.pointer for error in refused.value.errors] == pointers


@pytest.mark.parametrize(
    ("exception", "pointer"),
    [
        ({"participant": "nobody", "becomes": "left"}, "exceptions/0/participant"),
        ({"participant": "elsewhere", "becomes": "left"}, "exceptions/0/participant"),
        ({"participant": "erased", "becomes": "left"}, "exceptions/0/participant"),
        ({"participant": "id1", "class": "9А"}, "exceptions/0/class"),
        ({"participant": "id1", "class": "6А"}, "exceptions/0/class"),
    ],
)
def test_an_exception_is_about_a_pupil_of_the_school_and_a_class_that_follows(
    exception: dict[str, str], pointer: str
) -> None:
    other = SCHOOL.model_copy(update={"id": "RU-ROS-001-S02"})
    elsewhere = move(in_class("7А", "elsewhere"), class_of(other, "7А"), at("2020-10-01")).state
    gone = in_class("7А", "erased").model_copy(update={"erased_at": at("2021-01-01")})
    known = {state.id: state for state in (in_class("7А"), elsewhere, gone)}
    with pytest.raises(BadInput) as refused:
        promotion(exceptions=[exception]).fitted(known)
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_fields_that_are_not_known_and_years_that_are_none_are_refused() -> None:
    for said in ({"year": "21"}, {"year": 2021}, {"year": "2021", "grade": 7}, {}):
        with pytest.raises(ValidationError):
            PromotionRequest.model_validate(said)
