"""Requests for a place: answered once, forgotten in time, and a cabinet is opened for no other person."""

from datetime import timedelta

import pytest

from services.registration.domain.classes import class_of
from services.registration.domain.identities import Identities
from services.registration.domain.requests import (
    ANSWERED,
    MOST_OPEN,
    MOST_WAITING,
    UNANSWERED,
    Confirmation,
    PlaceRequest,
    must_have_room,
)
from shared.base.errors import Conflict
from tests.builders.events import at
from tests.builders.registration import SCHOOL

ASKED = at("2020-10-01")
REQUEST = PlaceRequest(id="r1", account="a1", place=class_of(SCHOOL, "7А"), asked_at=ASKED)
SAID = Confirmation.model_validate({"season": "2020", "external_ref": "17", "guardian": {"ref": "g17"}})


def test_a_request_is_answered_once() -> None:
    confirmed = REQUEST.confirmed("p1", ASKED)
    with pytest.raises(Conflict, match="confirmed before"):
        confirmed.refused("other", ASKED)
    refused = REQUEST.refused("no-place", ASKED)
    assert refused.refused("other", ASKED + timedelta(days=1)) == refused
    with pytest.raises(Conflict, match="refused before"):
        refused.confirmed("p1", ASKED)


def test_a_request_is_forgotten_90_days_after_it_or_30_after_the_answer() -> None:
    assert (REQUEST.expires - ASKED, UNANSWERED) == (timedelta(days=90), timedelta(days=90))
    answered = ASKED + timedelta(days=40)
    assert REQUEST.refused("other", answered).expires == answered + ANSWERED == answered + timedelta(days=30)


def test_room_ends_for_an_account_and_for_a_school() -> None:
    must_have_room(MOST_OPEN - 1, MOST_WAITING - 1)
    for of_account, of_school in ((MOST_OPEN, 0), (0, MOST_WAITING)):
        with pytest.raises(Conflict) as refused:
            must_have_room(of_account, of_school)
        assert refused.value.type == "too-many-requests"


def test_a_confirmation_comes_to_a_line_of_a_roster() -> None:
    sealed = {"name": "Иванов Пётр", "birth_date": "2007-05-17", "guardian_name": "Иванова Анна"}
    line = SAID.line(REQUEST.place, sealed)
    assert line.identity == {"name": "Иванов Пётр", "birth_date": "2007-05-17"}
    assert [(guardian.ref, guardian.name) for guardian in line.named] == [("g17", "Иванова Анна")]
    assert (line.external_ref, line.grade, line.consent, line.disability) == ("17", 7, None, False)
    header = SAID.header(REQUEST.place)
    assert (header.season, header.school, header.school_class) == ("2020", SCHOOL.id, "7А")


def test_a_refusal_of_the_line_names_what_the_school_said() -> None:
    words = ("external_ref", "guardian/ref", "grade", "birth_date", "name", "occurred_at")
    assert [SAID.word_of(word) for word in words] == ["external_ref", "guardian/ref", "season", "", "", "occurred_at"]


@pytest.mark.parametrize(
    ("name", "birth_date", "is_same"),
    [
        ("Иванов Пётр", "2007-05-17", True),
        ("ИВАНОВ ПЕТР Сергеевич", "2007-05-17", True),
        ("Пётр", "2008-05-17", True),
        ("Иванов Павел", "2007-05-17", False),
        ("Иванов Пётр", "2009-05-17", False),
        ("И П", "2007-05-17", False),
    ],
)
def test_a_known_child_is_the_one_who_was_asked_for_or_nobody(name: str, birth_date: str, is_same: bool) -> None:
    identities = Identities({"p1": {"name": "Иванов Пётр", "birth_date": "2007-05-17"}})
    said = {"name": name, "birth_date": birth_date}
    if is_same:
        identities.must_be_the_same("p1", "external_ref", said)
    else:
        with pytest.raises(Conflict) as refused:
            identities.must_be_the_same("p1", "external_ref", said)
        assert (refused.value.type, refused.value.errors[0].pointer) == ("another-child", "external_ref")


def test_a_spouse_is_not_the_guardian_who_asked() -> None:
    identities = Identities({"g1": {"name": "Иваненко Олег"}})
    identities.must_be_the_same("g1", "guardian/ref", {"name": "Иваненко Олег Петрович"})
    with pytest.raises(Conflict) as refused:
        identities.must_be_the_same("g1", "guardian/ref", {"name": "Иваненко Мария"})
    assert refused.value.type == "another-guardian"
