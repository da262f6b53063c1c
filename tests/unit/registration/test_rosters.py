"""Rosters: who is entered by a line, who is known already, and what refuses it."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.api.rosters import Roster
from services.registration.copies.seasons import Season, told
from services.registration.domain.links import link_guardian
from services.registration.domain.roster_entries import PupilEntry
from services.registration.domain.roster_rules import faults
from services.registration.domain.rosters import Intake
from shared.base.errors import BadInput, Conflict
from shared.contracts.terms import SeasonRevised
from shared.storage.decision import Decision
from tests.builders.events import at
from tests.builders.registration import CODES, NOW, SCHOOL, enter, entered, intake, pupil, roster, season
from tests.drivers.told import events, pointers


@pytest.mark.parametrize("line", [pupil("\ud800"), {"external_ref": "\ud800"}, {"external_ref": "a\udfff", "grade": 7}])
def test_what_is_not_unicode_is_refused_and_not_told_again(line: dict[str, Any]) -> None:
    good, bad = entered(pupil("1"), line).items
    assert (good.status, bad.status, bad.external_ref) == ("created", "rejected", None)
    assert "/pupils/1/external_ref" in bad.model_dump_json()


def of_classes(*classes: str, **changed: Any) -> dict[str, Any]:
    """A sender's classes, and what is changed of the roster."""
    return {"classes": classes, **changed}


LATER = {"season": "2021", "class": "8Б", "occurred_at": "2020-10-14T10:00:00+03:00"}

MOTHER = {"ref": "g1", "name": "Иванова Анна"}


@pytest.mark.parametrize(
    ("line", "changed", "pointer"),
    [
        (pupil(), {"class": "7Б"}, "/pupils/0/external_ref"),
        (pupil(guardian=None, consent=None), {"class": "7Б"}, "/pupils/0/external_ref"),
        (pupil(grade=8), LATER, "/pupils/0/external_ref"),
        (pupil(grade=8, guardian={"ref": "new", "name": "Н"}), LATER, "/pupils/0/external_ref"),
        (pupil("made-up", guardian=MOTHER), {"class": "7Б"}, "/pupils/0/guardian/ref"),
        (pupil("made-up", guardian=MOTHER, consent=None, grade=8), LATER, "/pupils/0/guardian/ref"),
    ],
)
def test_a_class_s_navigator_gets_nobody_of_another_class(
    line: dict[str, Any], changed: dict[str, Any], pointer: str
) -> None:
    first = entered(pupil())
    own = of_classes("7Б", "8Б", **changed)
    refused = entered(line, known=first.known, ids=count(10), changed=own)
    (item,) = refused.items
    assert (item.status, item.participant, item.guardian, item.link_code, item.account_code) == (
        "rejected",
        *[None] * 4,
    )
    assert item.problem is not None
    assert (item.problem.type, pointers(item.problem)) == ("another-class", [pointer])
    assert refused.writes == 0
    together = enter(roster([pupil()]), roster([line], **own))
    assert together.answers[1] == [item]
    assert together.known == first.known
    for classes in (None, ("7А", "7Б", "8Б")):
        assert entered(line, known=first.known, changed={**changed, "classes": classes}).items[0].status != "rejected"


def test_a_class_s_navigator_enters_the_own_families() -> None:
    seven = of_classes("7А")
    first = entered(pupil("1", guardian=MOTHER), pupil("2", guardian=MOTHER), changed=seven)
    elsewhere = entered(pupil("3", guardian=MOTHER), known=first.known, ids=count(10), changed={"class": "7Б"})
    for classes, school_class, ref in (("7А", "7А", "4"), ("7Б", "7Б", "5")):
        changed = of_classes(classes, **{"class": school_class})
        (item,) = entered(pupil(ref, guardian=MOTHER), known=elsewhere.known, ids=count(20), changed=changed).items
        assert (item.status, item.guardian) == ("created", first.items[0].guardian)
    again = entered(pupil("1", guardian=MOTHER), known=elsewhere.known, changed=seven)
    assert again.items == [first.items[0].model_copy(update={"status": "known"})]


def test_a_pupil_is_registered_with_consent_at_their_own_times() -> None:
    first = entered(pupil())
    decision = first.decisions[0]
    assert [(h.event.type, h.time.isoformat()) for h in decision.happened] == [
        ("participant.registered.v1", "2020-09-14T10:00:00+03:00"),
        ("consent.given.v1", "2020-09-01T12:00:00+03:00"),
    ]
    assert decision.state.consent is not None
    assert decision.state.consent.guardian == first.guardians[SCHOOL.id, "g1"] == first.items[0].guardian
    assert first.items[0].status == "created"


@pytest.mark.parametrize(
    ("line", "pointer"),
    [
        (pupil(grade=8), "/pupils/0/grade"),
        (pupil(grade="7"), "/pupils/0/grade"),
        (pupil(grade=True), "/pupils/0/grade"),
        (pupil(birth_date="2014-09-15"), "/pupils/0/birth_date"),
        (pupil(birth_date="1999-09-13"), "/pupils/0/birth_date"),
        (pupil(birth_date="17.05.2007"), "/pupils/0/birth_date"),
        (pupil(name="  "), "/pupils/0/name"),
        (pupil(name="я" * 201), "/pupils/0/name"),
        (pupil(guardian=None), "/pupils/0/consent"),
        (
            pupil(consent={"version": "1", "given_at": "2020-11-02T00:00:00+03:00", "channel": "paper"}),
            "/pupils/0/consent/given_at",
        ),
        (
            pupil(consent={"version": "1", "given_at": "2020-09-02T00:00:00", "channel": "paper"}),
            "/pupils/0/consent/given_at",
        ),
        ({**pupil(), "external_ref": None}, "/pupils/0/external_ref"),
        ("Иванов", "/pupils/0"),
    ],
)
def test_a_wrong_line_is_refused_by_field_and_changes_nothing(line: Any, pointer: str) -> None:
    refused = entered(line)
    assert refused.writes == 0
    assert refused.items[0].status == "rejected"
    assert refused.items[0].problem is not None
    assert pointers(refused.items[0].problem) == [pointer]
    assert "Иванов" not in refused.items[0].problem.model_dump_json()


def test_the_season_says_which_grades_take_part() -> None:
    line = pupil(grade=5, birth_date="2009-05-17")
    problem = entered(line, changed={"class": "5Б"}).items[0].problem
    assert problem is not None
    assert [dict(e) for e in problem.errors or ()] == [
        {"pointer": "/pupils/0/grade", "detail": "must be from 6 to 11 in season 2020"}
    ]


@pytest.mark.parametrize(("born", "status"), [("2014-09-14", "created"), ("2014-09-15", "rejected")])
def test_the_youngest_is_six_on_the_day(born: str, status: str) -> None:
    assert entered(pupil(birth_date=born)).items[0].status == status


@pytest.mark.parametrize("grade", range(1, 12))
def test_the_usual_ages_of_every_grade_are_entered(grade: int) -> None:
    where = replace(intake(NOW, **{"class": f"{grade}А"}), season=season(grades=(1, 11)))
    born = [f"{2020 - grade - 6}-03-01", f"{2020 - grade - 5}-02-28"]
    lines = [PupilEntry.model_validate(pupil(date, grade=grade, birth_date=date)) for date in born]
    assert [fault for line in lines for fault in faults(where, line, None)] == []


def test_a_pupil_listed_twice_is_entered_once() -> None:
    items = entered(pupil("1"), pupil("2"), pupil("1")).items
    assert [item.status for item in items] == ["created", "created", "rejected"]
    assert items[2].problem is not None
    assert "/pupils/0" in items[2].problem.detail


def test_siblings_of_one_school_have_one_guardian_and_codes_of_their_own() -> None:
    anna = {"ref": "anna", "name": "Иванова Анна"}
    siblings = entered(pupil("1", guardian=anna), pupil("2", guardian=anna))
    first, second = siblings.items
    assert first.guardian == second.guardian
    assert first.link_code != second.link_code
    assert len(siblings.identities) == 3


def test_the_same_roster_again_finds_everyone_and_writes_nothing() -> None:
    first = entered(pupil("1"), pupil("2", guardian=None, consent=None))
    again = entered(pupil("1"), pupil("2", guardian=None, consent=None), known=first.known, ids=count(100))
    assert again.writes == 0
    assert again.items == [item.model_copy(update={"status": "known"}) for item in first.items]


def test_a_redeemed_code_is_not_shown_again() -> None:
    first = entered(pupil())
    linked = link_guardian(first.decisions[0].state, "id1", "account", NOW).state
    again = entered(pupil(), known=first.known.then([Decision(linked)], {}))
    assert again.items[0].guardian == "id1"
    assert again.items[0].link_code is None
    assert again.items[0].account_code == first.items[0].account_code


def test_a_known_pupil_enters_another_season_in_the_new_class() -> None:
    first = entered(pupil())
    line = pupil(grade=8, guardian={"ref": "father", "name": "Иванов Иван"}, consent=None)
    later = {"season": "2021", "class": "8А", "occurred_at": "2021-09-14T10:00:00+03:00"}
    second = entered(line, known=first.known, ids=count(10), now=at("2021-11-01"), changed=later)
    state = second.decisions[0].state
    assert events(second.decisions[0]) == ["participant.registered.v1"]
    assert (state.id, state.place.school_class, list(state.seasons)) == ("id2", "8А", ["2020", "2021"])
    assert state.guardians == ("id1", "id10")
    assert [code.guardian for code in state.codes] == [None, "id1", "id10"]
    assert [code.digest for code in state.codes[:2]] == [code.digest for code in first.decisions[0].state.codes]
    assert set(second.identities) == {"id10"}


def test_a_roster_of_an_earlier_time_does_not_say_where_the_pupil_is_now() -> None:
    first = entered(pupil())
    earlier = {"season": "2019", "class": "6А", "occurred_at": "2019-09-14T10:00:00+03:00"}
    line = pupil(grade=6, consent=None)
    second = entered(line, known=first.known, changed=earlier)
    assert second.decisions[0].state.place.school_class == "7А"
    happened: Any = second.decisions[0].happened[0].event
    assert (happened.school_class, happened.grade) == ("6А", 6)


REFS = st.sampled_from(["1", "2", "3", "4"])

LINES = st.one_of(
    REFS.map(pupil),
    REFS.map(lambda ref: pupil(ref, guardian={"ref": "shared", "name": "Иванова Анна"})),
    REFS.map(lambda ref: pupil(ref, grade=12)),
    REFS.map(lambda ref: pupil(ref, consent=None, guardian=None)),
    st.sampled_from([None, {}, {"external_ref": 1}]),
)


@given(st.lists(LINES, max_size=8))
def test_every_line_has_one_answer_and_every_answer_is_written(lines: list[Any]) -> None:
    first = entered(*lines)
    created = {item.participant for item in first.items if item.status == "created"}
    assert len(first.items) == len(lines)
    assert created == {decision.state.id for decision in first.decisions}
    assert created | set(first.guardians.values()) == set(first.identities)
    shown = {CODES.digest(text) for i in first.items for text in (i.link_code, i.account_code) if text}
    assert shown == {code.digest for decision in first.decisions for code in decision.state.codes}
    again = entered(*lines, known=first.known, ids=count(100))
    assert again.writes == 0
    assert [(i.participant, i.link_code) for i in again.items] == [(i.participant, i.link_code) for i in first.items]


def test_only_a_school_has_rosters() -> None:
    sent = Roster.model_validate(roster([pupil()]))
    college = SCHOOL.model_copy(update={"kind": "college"})
    with pytest.raises(BadInput, match="is not a school"):
        Intake.of(sent, season(), college, NOW, None)


@pytest.mark.parametrize(
    ("time", "inside"),
    [
        ("2020-07-06T20:59:59Z", False),
        ("2020-07-06T21:00:00Z", True),
        ("2020-12-17T05:59:59+09:00", True),
        ("2020-12-16T21:00:00Z", False),
    ],
)
def test_a_roster_lies_within_the_season_by_the_regions_calendar(time: str, inside: bool) -> None:
    if inside:
        assert intake(at("2021-01-01"), occurred_at=time).occurred_at.utcoffset() == timedelta(hours=3)
        return
    with pytest.raises(Conflict, match="2020-07-07 to 2020-12-16") as refused:
        intake(at("2021-01-01"), occurred_at=time)
    assert (refused.value.type, refused.value.errors[0].pointer) == ("outside-season", "occurred_at")


@pytest.mark.parametrize(("day", "late"), [("2020-09-30", False), ("2020-10-01", True), ("2020-10-10", False)])
def test_a_season_takes_nobody_in_after_its_last_day_of_registration_but_as_an_exception(day: str, late: bool) -> None:
    said = (("2020-09-01", "2020-08-01", "2020-09-30"), ("2020-10-10", "2020-10-05", None))
    versions = [
        SeasonRevised(
            season="2020",
            since=date.fromisoformat(since),
            deadlines={"registration": date.fromisoformat(last)} if last else {},
        )
        for since, _, last in said
    ]
    rows = {
        f"{n:010}": told(event, at(set_at))
        for n, (event, (_, set_at, _)) in enumerate(zip(versions, said, strict=True))
    }
    row = {"season": "2020", "grades": [6, 11], "opens": "2020-07-07", "closes": "2020-12-16", "terms": rows}
    known = Season.of(row)
    known.must_take(at(day), excepted=True)
    if not late:
        known.must_take(at(day))
        return
    with pytest.raises(Conflict, match="the last day of registration was 2020-09-30") as refused:
        known.must_take(at(day))
    assert (refused.value.type, refused.value.errors[0].pointer) == ("deadline-over", "occurred_at")


def test_an_operator_enters_a_class_outside_the_season_and_the_event_says_why() -> None:
    early = {"occurred_at": "2020-06-20T10:00:00+03:00", "exception": "late-papers"}
    made = entered(pupil(consent=None), changed=early)
    (registered, *_) = made.decisions[0].happened
    assert (registered.time.month, getattr(registered.event, "exception", "")) == (6, "late-papers")
