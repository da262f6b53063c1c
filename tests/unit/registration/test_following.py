"""Pupils follow their school to another municipality and into another school, on every day, however late it is said."""

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.classes import class_of
from services.registration.domain.following import followed, place_of, then_followed
from services.registration.domain.moves import move
from services.registration.domain.organisations import Organisation
from services.registration.domain.placements import Place
from services.registration.domain.relocations import (
    MOST_RELOCATIONS,
    relocate,
)
from shared.base.errors import BadInput, Conflict, ServiceError
from shared.contracts.registration import ParticipantMoved
from tests.builders.events import at
from tests.builders.organisations import REGION
from tests.builders.registration import SCHOOL
from tests.builders.relocations import (
    DAYS,
    FIRST,
    FOURTH,
    NEIGHBOUR,
    NOW,
    SECOND,
    THIRD,
    closed,
    gone,
    municipalities,
    participant,
    request,
)


def folded(first: Place, happened: list[tuple[datetime, ParticipantMoved]], day: str) -> tuple[str, str]:
    """Where figures have a pupil on a day: of all moves the latest day, of one day the last one said."""
    until = [(time.date().isoformat(), n, e) for n, (time, e) in enumerate(happened) if time.date().isoformat() <= day]
    event = max(until, key=lambda told: told[:2])[2] if until else None
    return (event.to_municipality, event.to_school) if event else (first.municipality, first.school)


def test_a_school_lies_where_the_latest_day_says_in_whatever_order_it_is_said() -> None:
    steps = [("2020-09-16", SECOND), ("2020-09-20", THIRD), ("2020-09-23", FOURTH)]
    schools = {gone(SCHOOL, *order).model_copy(update={"carried": ""}) for order in permutations(steps)}
    assert {tuple(school.parent_on(day) for day in DAYS) for school in schools} == {
        (*[FIRST.id] * 4, *[SECOND.id] * 4, *[THIRD.id] * 3, *[FOURTH.id] * 3)
    }
    assert {school.municipality for school in schools} == {FOURTH.id}


def test_the_same_again_is_no_news_and_a_relocation_is_told_as_a_definition() -> None:
    decision = relocate(SCHOOL, SECOND, request("2020-09-16"), NOW)
    (happened,) = decision.happened
    assert (happened.event.type, happened.time) == ("organisation.defined.v1", at("2020-09-16"))
    assert (decision.state.parent, decision.state.municipality, decision.state.carried) == (SECOND.id, SECOND.id, "")
    for again in (request("2020-09-16"), request("2020-09-17"), request()):
        assert not relocate(decision.state, SECOND, again, NOW).made


@pytest.mark.parametrize(
    ("organisation", "parent", "changed", "refusal", "pointer"),
    [
        (FIRST, REGION, {}, BadInput, "code"),
        (REGION, None, {}, BadInput, "code"),
        (SCHOOL, None, {}, BadInput, "parent"),
        (SCHOOL, REGION, {}, BadInput, "parent"),
        (SCHOOL, SECOND.model_copy(update={"region": "RU-MOW"}), {}, BadInput, "parent"),
        (SCHOOL, SECOND, {"occurred_at": NOW + timedelta(seconds=1)}, BadInput, "occurred_at"),
        (SCHOOL, closed(SECOND), {}, Conflict, "parent"),
        (closed(SCHOOL), SECOND, {}, Conflict, "code"),
    ],
)
def test_a_relocation_that_cannot_be_is_refused_by_field(
    organisation: Organisation, parent: Organisation | None, changed: Any, refusal: type[ServiceError], pointer: str
) -> None:
    with pytest.raises(refusal) as refused:
        relocate(organisation, parent, request().model_copy(update=changed), NOW)
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_a_school_does_not_go_to_and_fro_for_ever() -> None:
    school, day = SCHOOL, at("2020-01-01")
    for n in range(MOST_RELOCATIONS):
        parent = SECOND if n % 2 == 0 else FIRST
        school = gone(school, ((day + timedelta(days=n)).date().isoformat(), parent))
    with pytest.raises(Conflict) as refused:
        gone(school, ("2020-06-01", SECOND))
    assert refused.value.type == "too-many-relocations"


@given(
    st.lists(
        st.tuples(st.sampled_from(DAYS), st.sampled_from(["7А", "7Б", "neighbour", "second", "third"])), max_size=7
    )
)
def test_pupils_are_on_every_day_where_they_were_said_to_be_and_where_that_school_lay(
    said: list[tuple[str, str]],
) -> None:
    school, state, history = SCHOOL, participant(), [("2020-09-14", SCHOOL.id, "7А")]
    first, happened = state.place, list[tuple[datetime, ParticipantMoved]]()
    for day, what in said:
        if what in ("second", "third"):
            school = gone(school, (day, SECOND if what == "second" else THIRD))
            decision = followed(state, [school])
        elif day >= "2020-09-14":
            target, name = (NEIGHBOUR, "7В") if what == "neighbour" else (school, what)
            went = move(state, class_of(target, name, day), at(day))
            decision = then_followed(went, [target])
            history += [(day, target.id, name)] if went.made else []
        else:
            continue
        state = decision.state
        happened += [(h.time, h.event) for h in decision.happened if isinstance(h.event, ParticipantMoved)]
        assert not followed(state, [school]).made, "the same again"
    for day in DAYS[2:]:
        on, where, name = max(enumerate(history), key=lambda told: (told[1][0] <= day, told[1][0], told[0]))[1]
        expected = place_of({SCHOOL.id: school, NEIGHBOUR.id: NEIGHBOUR}[where], name, 7, day)
        assert on <= day
        assert state.place_on(day) == expected
        assert folded(first, happened, day) == (expected.municipality, where), "what was published says the same"
    assert state.place == state.place_on("2020-12-31")
    assert all(event.municipality for _, event in happened)


def test_a_roster_of_before_enters_where_the_school_lay_then_and_takes_along() -> None:
    school = gone(SCHOOL, ("2020-09-20", SECOND))
    place = class_of(school, "7А", "2020-09-14")
    assert (place.municipality, class_of(school, "7А").municipality) == (FIRST.id, SECOND.id)
    state = participant()
    decision = followed(state, [school])
    (told,) = decision.happened
    assert isinstance(told.event, ParticipantMoved)
    assert (told.time.isoformat(), told.event.from_municipality, told.event.to_municipality) == (
        "2020-09-20T00:00:00+03:00",
        FIRST.id,
        SECOND.id,
    )
    assert (told.event.to_school, told.event.to_school_class, told.event.municipality) == (SCHOOL.id, "7А", SECOND.id)
    assert (municipalities(decision.state)["2020-09-19"], decision.state.place.municipality) == (FIRST.id, SECOND.id)


def test_a_pupil_who_left_before_stays_where_the_school_lay() -> None:
    left = move(participant(), class_of(NEIGHBOUR, "7В"), at("2020-09-18")).state
    assert not followed(left, [gone(SCHOOL, ("2020-09-20", SECOND))]).made
    early = followed(left, [gone(SCHOOL, ("2020-09-16", SECOND))])
    assert [h.time.date().isoformat() for h in early.happened] == ["2020-09-16"]
    assert (early.state.place.school, early.state.place.municipality) == (NEIGHBOUR.id, FIRST.id)
