"""Organisations close, into another one or alone: nobody is left behind, and nobody loses what is theirs."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.classes import class_of
from services.registration.domain.closings import ClosingRequest, close
from services.registration.domain.definitions import Definition, define
from services.registration.domain.following import followed, then_followed
from services.registration.domain.merges import merge, unmerge
from services.registration.domain.moves import move
from services.registration.domain.organisations import Closing, Organisation
from services.registration.domain.participants import NO_KEY
from services.registration.domain.relocations import (
    succeeded,
)
from services.registration.domain.school_keys import Pupils
from services.registration.domain.succession import taken_along
from shared.base.errors import BadInput, Conflict, ServiceError
from shared.programme.texts import ref_key
from tests.builders.events import at
from tests.builders.organisations import REGION
from tests.builders.registration import SCHOOL
from tests.builders.relocations import (
    DAYS,
    FIRST,
    NEIGHBOUR,
    NOW,
    SECOND,
    THIRD,
    closed,
    gone,
    municipalities,
    participant,
)


def closing(**said: Any) -> ClosingRequest:
    return ClosingRequest(**{"into": NEIGHBOUR.id, "occurred_at": at("2020-09-20"), **said})


def test_a_school_closes_into_another_whose_classes_its_pupils_enter() -> None:
    decision = close(SCHOOL, NEIGHBOUR, closing(), "", NOW)
    assert [(h.event.type, h.time) for h in decision.happened] == [("organisation.closed.v1", at("2020-09-20"))]
    state = followed(participant(), [decision.state, NEIGHBOUR]).state
    places = [(p.school, p.school_class) for day in ("2020-09-19", "2020-09-20") if (p := state.place_on(day))]
    assert places == [(SCHOOL.id, "7А"), (NEIGHBOUR.id, "7А")]
    for again in (closing(), closing(occurred_at=None)):
        assert not close(decision.state, NEIGHBOUR, again, "", NOW).made
    with pytest.raises(Conflict, match=f"was closed on 2020-09-20: {NEIGHBOUR.id} goes on"):
        class_of(decision.state, "7А")
    for other in (closing(occurred_at=at("2020-09-21")), closing(into=None), closing(into="RU-ROS-001-S03")):
        with pytest.raises(Conflict):
            close(decision.state, NEIGHBOUR.model_copy(update={"id": other.into or ""}), other, "", NOW)


def test_a_school_that_went_on_in_another_goes_on_with_it() -> None:
    school = close(SCHOOL, NEIGHBOUR, closing(), "", NOW).state
    state = followed(participant(), [school, gone(NEIGHBOUR, ("2020-09-22", SECOND))]).state
    assert [municipalities(state)[day] for day in ("2020-09-21", "2020-09-22")] == [FIRST.id, SECOND.id]
    back = then_followed(
        move(state, class_of(gone(NEIGHBOUR, ("2020-09-22", SECOND)), "7Б", "2020-09-20"), at("2020-09-20")),
        [gone(NEIGHBOUR, ("2020-09-22", SECOND))],
    ).state
    assert back.place.school_class == "7Б"


STEPS = st.one_of(
    st.tuples(st.just("closes"), st.integers(0, 1), st.sampled_from(DAYS)),
    st.tuples(st.sampled_from(["goes second", "goes third"]), st.integers(0, 2), st.sampled_from(DAYS)),
    st.tuples(st.just("is moved"), st.integers(0, 2), st.sampled_from(DAYS[2:])),
)


def chain_of(schools: Sequence[Organisation], number: int) -> list[Organisation]:
    """A school, and those that went on one in the place of the other."""
    chain = [schools[number]]
    while chain[-1].closed is not None:
        chain.append(schools[number + len(chain)])
    return chain


@given(st.lists(STEPS, max_size=8))
def test_schools_that_close_one_into_the_other_leave_nobody_behind_in_whatever_order_it_is_said(
    steps: list[tuple[str, int, str]],
) -> None:
    schools = [SCHOOL, NEIGHBOUR, NEIGHBOUR.model_copy(update={"id": "RU-ROS-001-S03"})]
    state, said = participant(), [("2020-09-14", 0)]
    for what, number, day in steps:
        school = schools[number]
        if school.closed is not None:
            continue
        if what == "is moved":
            decision = move(state, class_of(school, "7А", day), at(day))
            said += [(day, number)] if decision.made else []
            state = then_followed(decision, [school]).state
            continue
        if what == "closes":
            into = schools[number + 1]
            if into.closed is not None:
                continue
            school = close(school, into, closing(into=into.id, occurred_at=at(day)), "", NOW).state
        else:
            school = gone(school, (day, SECOND if what == "goes second" else THIRD))
        schools[number] = school
        state = followed(state, chain_of(schools, number)).state
    for number in range(len(schools)):
        assert not followed(state, chain_of(schools, number)).made, "the same again"
    for day in DAYS[2:]:
        _, number = max(enumerate(said), key=lambda told: (told[1][0] <= day, told[1][0], told[0]))[1]
        while (over := schools[number].closed) is not None and over.day <= day:
            number += 1
        place = state.place_on(day)
        assert place is not None
        assert (place.school, place.municipality) == (schools[number].id, schools[number].parent_on(day))
    assert state.place == state.place_on("2020-12-31")


def test_nobody_is_left_behind_in_what_closes_alone() -> None:
    with pytest.raises(Conflict, match="2 active pupils are left in") as refused:
        close(SCHOOL, None, closing(into=None), "2 active pupils are", NOW)
    assert refused.value.type == "organisation-in-use"
    alone = close(SCHOOL, None, closing(into=None), "", NOW).state
    assert alone.closed == Closing(at=at("2020-09-20"))
    late = close(alone, NEIGHBOUR, closing(occurred_at=None), "", NOW).state
    assert late.closed == Closing(at=at("2020-09-20"), into=NEIGHBOUR.id), (
        "whoever is found in it may go on all the same"
    )


@pytest.mark.parametrize(
    ("organisation", "into", "refusal", "pointer"),
    [
        (REGION, REGION, BadInput, "code"),
        (SCHOOL, None, BadInput, "into"),
        (SCHOOL, SCHOOL, BadInput, "into"),
        (SCHOOL, FIRST, BadInput, "into"),
        (SCHOOL, NEIGHBOUR.model_copy(update={"region": "RU-MOW"}), BadInput, "into"),
        (SCHOOL, closed(NEIGHBOUR), Conflict, "into"),
    ],
)
def test_a_closing_that_cannot_be_is_refused_by_field(
    organisation: Organisation, into: Organisation | None, refusal: type[ServiceError], pointer: str
) -> None:
    with pytest.raises(refusal) as refused:
        close(organisation, into, closing(), "", NOW)
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_organisations_of_a_municipality_go_over_on_the_day_or_later_where_they_came_later() -> None:
    assert [succeeded(SCHOOL, FIRST.id, SECOND.id, at("2020-09-20")).state.parent_on(d) for d in DAYS] == [
        *[FIRST.id] * 8,
        *[SECOND.id] * 6,
    ]
    came = gone(SCHOOL, ("2020-09-12", THIRD), ("2020-09-23", FIRST))
    state = succeeded(came, FIRST.id, SECOND.id, at("2020-09-20")).state
    assert [state.parent_on(day) for day in ("2020-09-11", "2020-09-22", "2020-09-23")] == [
        FIRST.id,
        THIRD.id,
        SECOND.id,
    ]
    assert state.parent == SECOND.id


def test_nothing_is_defined_in_what_is_closed() -> None:
    school = Definition(kind="school", name="Школа", parent=FIRST.id)
    with pytest.raises(Conflict) as refused:
        define(None, "S9", school, closed(FIRST, SECOND.id), NOW)
    assert [error.pointer for error in refused.value.errors] == ["parent"]
    known = define(None, "S9", school, FIRST, NOW).state
    assert not define(known, "S9", school, closed(FIRST), NOW).made
    with pytest.raises(Conflict) as refused:
        define(closed(known), "S9", Definition(kind="school", name="Иная", parent=FIRST.id), FIRST, NOW)
    assert [error.pointer for error in refused.value.errors] == ["code"]


def test_an_entry_that_was_merged_goes_along_and_is_parted_where_its_school_went() -> None:
    one, other = (participant().model_copy(update={"id": id, "external_ref": id, "ref_key": id}) for id in "ab")
    pair = merge(one, other, {}, at("2020-09-16"))
    chain = [close(SCHOOL, NEIGHBOUR, closing(), "", NOW).state, NEIGHBOUR]
    pupils = Pupils([pair.survivor.state, pair.duplicate.state])
    survivor, duplicate = (taken_along(pupils, d.state, chain).state for d in (pair.survivor, pair.duplicate))
    assert (duplicate.place.school, duplicate.external_ref) == (NEIGHBOUR.id, f"{NO_KEY}b")
    assert (survivor.external_ref, survivor.former) == ("a", (f"{SCHOOL.id}/b", f"{SCHOOL.id}/a"))
    back = unmerge(survivor, duplicate, NOW).duplicate.state
    assert (back.place, back.external_ref, back.former) == (duplicate.place, "b", (f"{SCHOOL.id}/b",))
    assert [(p.day, p.place.school) for p in back.history] == [("2020-09-14", SCHOOL.id), ("2020-09-20", NEIGHBOUR.id)]


def test_whoever_has_a_key_in_the_next_school_keeps_it() -> None:
    chain = [close(SCHOOL, NEIGHBOUR, closing(), "", NOW).state, NEIGHBOUR]
    holders = [
        participant().model_copy(update={"id": f"h{n}", "place": class_of(NEIGHBOUR, "7А"), "ref_key": key})
        for n, key in enumerate(("1", ref_key(f"{SCHOOL.id}/2"), "2"))
    ]
    long = "K" * 90
    holders.append(holders[0].model_copy(update={"id": "h3", "ref_key": ref_key(long)}))
    came = [
        participant().model_copy(update={"id": id, "external_ref": ref, "ref_key": ref_key(ref)})
        for id, ref in (("a", "1"), ("b", "2"), ("c", long), ("d", "free"))
    ]
    pupils = Pupils([*holders, *came])
    keys = {pupil.id: taken_along(pupils, pupil, chain).state.external_ref for pupil in came}
    assert keys == {"a": f"{SCHOOL.id}/1", "b": "b", "c": "c", "d": "free"}
    twins = [
        pupil.model_copy(update={"id": f"t{n}", "external_ref": "new", "ref_key": "NEW"})
        for n, pupil in enumerate(came[:2])
    ]
    pupils = Pupils(twins)
    assert [taken_along(pupils, twin, chain).state.external_ref for twin in twins] == ["new", f"{SCHOOL.id}/new"]
