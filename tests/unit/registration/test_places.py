"""Moves and the archive: where a pupil is on a day, whoever says it and however late."""

from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.archive import archive, restore
from services.registration.domain.moves import MOST_PLACEMENTS, move, with_key
from services.registration.domain.organisations import Organisation
from services.registration.domain.participants import Participant, Place
from services.registration.domain.rosters import class_of
from shared.base.errors import BadInput, Conflict
from shared.contracts.registration import ParticipantMoved
from shared.storage.decision import Decision
from tests.builders.events import at
from tests.builders.registration import SCHOOL, Entered, Known, enter, pupil, roster
from tests.unit.registration.test_registration_domain import entered, events

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
        state = move(state, CLASSES["7Б" if n % 2 == 0 else "7А"], at("2020-09-20")).state
    with pytest.raises(Conflict) as refused:
        move(state, CLASSES["8А"], at("2020-09-20"))
    assert refused.value.type == "too-many-moves"


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
    return known.then([Decision(with_key(decision.state, SCHOOL.id, "n-1"), decision.happened)], {})


def test_the_key_of_a_pupil_who_has_left_enters_nobody() -> None:
    known = left(entered(pupil()).known)
    for changed in ({}, NEXT_CLASS):
        refused = again(known, changed)
        assert refused.items[0].problem is not None
        assert (refused.items[0].problem.type, refused.writes) == ("pupil-left", 0)


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


# The archive.


def test_the_archive_says_a_reason_once_and_is_left_again() -> None:
    away = archive(participant(), "left", at("2020-10-01"))
    assert events(away) == ["participant.archived.v1"]
    assert archive(away.state, "left", at("2020-10-02")).happened == ()
    corrected = archive(away.state, "mistake", at("2020-10-02"))
    assert events(corrected) == ["participant.archived.v1"]
    back = restore(corrected.state, at("2020-10-03"))
    assert (events(back), back.state.archived) == (["participant.restored.v1"], None)
    assert restore(back.state, at("2020-10-04")).happened == ()


@pytest.mark.parametrize("day", ["2020-09-13", "2020-09-30"])
def test_the_archive_begins_after_the_registration_and_ends_after_it_began(day: str) -> None:
    away = archive(participant(), "left", at("2020-10-01")).state
    with pytest.raises(BadInput):
        restore(away, at(day))
    if day < "2020-09-14":
        with pytest.raises(BadInput):
            archive(participant(), "left", at(day))


def test_an_archived_pupil_is_neither_entered_nor_moved() -> None:
    first = entered(pupil())
    away = archive(first.decisions[0].state, "left", at("2020-10-01"))
    known = first.known.then([away], {})
    refused = again(known, NEXT_CLASS)
    assert refused.items[0].problem is not None
    assert (refused.items[0].problem.type, refused.writes) == ("participant-archived", 0)
    with pytest.raises(Conflict, match="archive"):
        move(away.state, CLASSES["7Б"], at("2020-10-02"))


def test_places_are_compared_as_all_services_know_them() -> None:
    place = Place(**{**CLASSES["7А"].model_dump(), "utc_offset": "+04:00"})
    assert move(participant(), place, at("2020-10-01")).happened == ()


def test_only_a_school_has_classes() -> None:
    college = Organisation.model_validate({**SCHOOL.model_dump(), "kind": "college"})
    with pytest.raises(BadInput, match="is not a school"):
        class_of(college, "7А")
