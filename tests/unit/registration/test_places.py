"""Moves: where a pupil is on a day, whoever says it and however late."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.classes import class_of
from services.registration.domain.links import link_guardian
from services.registration.domain.moves import MOST_PLACEMENTS, gone, move, with_key
from services.registration.domain.organisations import Organisation
from services.registration.domain.participants import Participant
from services.registration.domain.placements import Place
from shared.base.errors import BadInput, Conflict
from shared.contracts.registration import ParticipantMoved
from shared.storage.decision import Decision
from tests.builders.events import at
from tests.builders.registration import CODES, NOW, SCHOOL, Entered, Known, enter, entered, pupil, roster

OTHER = SCHOOL.model_copy(update={"id": "RU-ROS-002-S04", "municipality": "RU-ROS-002"})
CLASSES = {name: class_of(SCHOOL, name) for name in ("7А", "7Б", "8А")} | {"neighbour": class_of(OTHER, "7В")}
DAYS = [f"2020-09-{day}" for day in range(14, 24)]
"""From the registration on."""


def participant() -> Participant:
    return entered(pupil()).decisions[0].state


def moved(decision: Decision[Participant]) -> ParticipantMoved:
    (happened,) = decision.happened
    assert isinstance(happened.event, ParticipantMoved)
    return happened.event


@given(st.lists(st.tuples(st.sampled_from(DAYS), st.sampled_from(sorted(CLASSES))), max_size=8))
def test_the_place_on_a_day_is_that_of_the_latest_day_until_then_and_the_last_said(
    moves: list[tuple[str, str]],
) -> None:
    state, said = participant(), [("2020-09-14", CLASSES["7А"])]
    for day, name in moves:
        before = state.place_on(day)
        decision = move(state, CLASSES[name], at(day))
        assert bool(decision.happened) == (before != CLASSES[name])
        if decision.happened:
            said.append((day, CLASSES[name]))
            event = moved(decision)
            assert (event.to_school, event.to_school_class) == (CLASSES[name].school, CLASSES[name].school_class)
            assert before is not None
            assert (event.from_school, event.from_school_class) == (before.school, before.school_class)
            assert (event.school, event.school_class) == (
                decision.state.place.school,
                decision.state.place.school_class,
            )
        state = decision.state
    for day in DAYS:
        last = max((told, n) for n, (told, _) in enumerate(said) if told <= day)[1]
        assert state.place_on(day) == said[last][1]
    assert state.place == state.place_on("2020-12-31")
    assert state.place_on("2020-09-13") is None


def test_a_move_before_the_registration_is_refused_by_its_field() -> None:
    with pytest.raises(BadInput) as refused:
        move(participant(), CLASSES["7Б"], at("2020-09-13"))
    assert [error.pointer for error in refused.value.errors] == ["occurred_at"]


def test_a_pupil_is_not_moved_for_ever() -> None:
    state = participant()
    for n in range(MOST_PLACEMENTS - 1):
        state = move(state, CLASSES["7Б" if n % 2 == 0 else "7А"], at("2020-09-15") + timedelta(days=n)).state
    with pytest.raises(Conflict) as refused:
        move(state, CLASSES["8А"], at("2022-09-20"))
    assert refused.value.type == "too-many-moves"
    later = {"season": "2023", "class": "8А", "occurred_at": "2023-09-14T10:00:00+03:00"}
    known = Known({state.id: state})
    again = enter(roster([pupil(grade=8, guardian=None, consent=None)], **later), known=known, now=at("2023-11-01"))
    assert again.items[0].status == "created", "a new season is entered all the same"


def test_to_and_fro_within_a_day_is_no_more_than_a_move() -> None:
    state = participant()
    for _ in range(30):
        for name in ("7Б", "8А"):
            state = move(state, CLASSES[name], at("2020-09-20")).state
    assert [placement.day for placement in state.placements] == ["2020-09-14", "2020-09-20"]
    assert state.place == CLASSES["8А"]


EAST = Place(**{**CLASSES["neighbour"].model_dump(), "region": "RU-KAM", "utc_offset": "+12:00"})


def test_who_goes_west_on_the_same_morning_is_there_by_now() -> None:
    there = move(participant(), EAST, datetime.fromisoformat("2020-10-10T08:00:00+12:00")).state
    back = move(there, CLASSES["7А"], datetime.fromisoformat("2020-10-09T23:30:00+03:00"))
    assert back.state.place == CLASSES["7А"]
    (happened,) = back.happened
    assert happened.time.isoformat() == "2020-10-10T08:30:00+12:00", "a clock of the pupil's that says the same day"
    further = move(back.state, CLASSES["7Б"], datetime.fromisoformat("2020-10-09T23:45:00+03:00"))
    assert further.state.place == CLASSES["7Б"]
    late = move(further.state, CLASSES["8А"], datetime.fromisoformat("2020-09-20T10:00:00+03:00"))
    assert (late.state.place, late.happened[0].time.date().isoformat()) == (CLASSES["7Б"], "2020-09-20")


def test_a_row_of_an_earlier_release_says_nothing_of_days_before_its_last_registration() -> None:
    seasons = {"2019": at("2019-09-14"), "2020": at("2020-09-14")}
    old = participant().model_copy(update={"seasons": seasons, "placements": ()})
    assert old.place_on("2019-10-01") is None
    late = {"season": "2019", "class": "6А", "occurred_at": "2019-10-01T10:00:00+03:00"}
    answer = enter(roster([pupil(grade=6, consent=None)], **late), known=Known({old.id: old}), ids=count(100))
    assert (answer.items[0].moved_from, answer.known.pupils[old.id].place.school_class) == (None, "7А")


# Rosters.


def again(known: Known, changed: dict[str, Any], **line: Any) -> Entered:
    return enter(roster([pupil(**line)], **changed), known=known, ids=count(100))


NEXT_CLASS = {"class": "7Б", "occurred_at": "2020-10-01T10:00:00+03:00"}


def test_a_later_roster_of_another_class_moves_a_pupil_and_says_from_where() -> None:
    first = entered(pupil())
    later = again(first.known, NEXT_CLASS)
    assert (later.items[0].status, later.items[0].moved_from) == ("known", "7А")
    (decision,) = later.decisions
    assert [(h.event.type, h.time.date().isoformat()) for h in decision.happened] == [
        ("participant.moved.v1", "2020-10-01")
    ]
    assert decision.state.place.school_class == "7Б"
    assert again(later.known, NEXT_CLASS).writes == 0


def test_a_roster_of_before_the_move_that_is_sent_again_leaves_the_pupil_where_it_is() -> None:
    later = again(entered(pupil()).known, NEXT_CLASS)
    late = again(later.known, {})
    assert (late.items[0].status, late.items[0].moved_from, late.writes) == ("known", None, 0)


def test_a_roster_that_comes_late_says_where_the_pupil_was_and_not_where_it_is() -> None:
    later = again(entered(pupil()).known, NEXT_CLASS)
    late = again(later.known, {"class": "7В", "occurred_at": "2020-09-20T10:00:00+03:00"})
    assert late.items[0].moved_from == "7А"
    event = moved(late.decisions[0])
    assert (event.to_school_class, event.school_class) == ("7В", "7Б")


def test_a_sender_of_one_class_takes_no_pupil_out_of_another() -> None:
    later = again(entered(pupil()).known, {**NEXT_CLASS, "classes": ["7Б"]})
    assert later.items[0].problem is not None
    assert (later.items[0].problem.type, later.writes) == ("another-class", 0)
    moved_by_both = again(entered(pupil()).known, {**NEXT_CLASS, "classes": ["7А", "7Б"]})
    assert moved_by_both.items[0].moved_from == "7А"


def left(known: Known) -> Known:
    """The register after the only pupil has gone to the neighbour on the 1st of October."""
    (state,) = known.pupils.values()
    decision = move(state, CLASSES["neighbour"], at("2020-10-01"))
    return known.then([Decision(with_key(gone(decision.state, SCHOOL.id), "n-1"), decision.happened)], {})


def test_the_key_of_a_pupil_who_has_left_enters_nobody() -> None:
    known = left(entered(pupil()).known)
    for changed in ({}, NEXT_CLASS):
        refused = again(known, changed)
        assert refused.items[0].problem is not None
        assert (refused.items[0].problem.type, refused.writes) == ("pupil-left", 0)


@pytest.mark.parametrize("line", [{"birth_date": "2003-01-01"}, {"name": "Сидоров Олег"}, {}])
def test_a_former_school_learns_nothing_of_who_has_left(line: dict[str, Any]) -> None:
    known = left(entered(pupil()).known)
    refused = again(known, {**NEXT_CLASS, "classes": ["7Б"]}, **line)
    assert refused.items[0].problem is not None
    assert refused.items[0].problem.type == "another-class"
    whole = again(known, NEXT_CLASS, **line)
    assert whole.items[0].problem is not None
    assert whole.items[0].problem.type == "pupil-left", "whatever the line says of the person"


def test_a_pupil_who_has_left_opens_no_guardian_of_another_class() -> None:
    mother = {"ref": "m", "name": "Иванова Анна"}
    first = enter(roster([pupil("a", guardian=mother)]), roster([pupil("b", guardian=mother)], **{"class": "7В"}))
    child = next(one for one in first.known.pupils.values() if one.external_ref == "a")
    neighbour = Place(**{**CLASSES["neighbour"].model_dump(), "school_class": "7А"})
    decision = move(child, neighbour, at("2020-10-01"))
    state = with_key(gone(decision.state, SCHOOL.id), "n-1")
    known = first.known.then([Decision(state, decision.happened)], {})
    lines = [pupil("a", guardian=mother), pupil("made-up", guardian={**mother, "name": "Чужая Анна"})]
    refused = enter(roster(lines, classes=["7А"]), known=known, ids=count(100))
    assert [item.problem and item.problem.type for item in refused.items] == ["another-class", "another-class"]
    assert refused.writes == 0


def test_codes_that_the_former_school_handed_out_are_useless_but_for_open_cabinets() -> None:
    state = link_guardian(participant(), "id1", "mother", NOW).state
    after = gone(state, SCHOOL.id).with_codes(CODES, NOW, NOW)
    assert after.code_text(CODES, "id1") == state.code_text(CODES, "id1")
    assert after.code_text(CODES) != state.code_text(CODES)


def test_a_guardian_whom_the_next_school_names_by_the_same_name_is_the_same() -> None:
    known = left(entered(pupil()).known)
    (guardian,) = next(iter(known.pupils.values())).guardians
    late = {"school": OTHER.id, "class": "7В", "occurred_at": "2020-10-05T10:00:00+03:00"}
    line = pupil("n-1", name="Иванов Пётр 1", guardian={"ref": "own-key", "name": "ИВАНОВА Анна 1"}, consent=None)
    answer = enter(roster([line], **late), known=known, ids=count(100))
    assert (answer.items[0].status, answer.items[0].guardian) == ("known", guardian)
    assert answer.guardians == {(OTHER.id, "own-key"): guardian}
    assert answer.identities == {}
    assert enter(roster([line], **late), known=answer.known, ids=count(200)).writes == 0


def test_a_class_begins_with_a_grade_that_there_is() -> None:
    for name in ("99Ж", "12А", "0А"):
        with pytest.raises(BadInput) as refused:
            class_of(SCHOOL, name)
        assert [error.pointer for error in refused.value.errors] == ["class"]


def test_a_school_says_nothing_of_days_before_the_pupil_came() -> None:
    known = left(entered(pupil()).known)
    early = {"school": OTHER.id, "class": "7Г", "occurred_at": "2020-09-20T10:00:00+03:00"}
    refused = enter(roster([pupil("n-1")], **early), known=known, ids=count(100))
    assert refused.items[0].problem is not None
    assert (refused.items[0].problem.type, refused.writes) == ("pupil-elsewhere", 0)
    late = enter(
        roster([pupil("n-1")], **{**early, "occurred_at": "2020-10-05T10:00:00+03:00"}),
        known=known,
        ids=count(100),
    )
    assert late.items[0].moved_from == "7В"


def test_places_are_compared_as_all_services_know_them() -> None:
    place = Place(**{**CLASSES["7А"].model_dump(), "utc_offset": "+04:00"})
    assert move(participant(), place, at("2020-10-01")).happened == ()


def test_only_a_school_has_classes() -> None:
    college = Organisation.model_validate({**SCHOOL.model_dump(), "kind": "college"})
    with pytest.raises(BadInput, match="is not a school"):
        class_of(college, "7А")
