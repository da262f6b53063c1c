"""A child whom the region knows is not entered a second time, and nobody learns where the child is."""

from itertools import count
from typing import Any

import pytest

from services.registration.domain.erasure import erase
from services.registration.domain.identities import child_of
from services.registration.name_index import NameIndex
from tests.builders.registration import NOW, SCHOOL, Entered, Known, enter, entered, pupil, roster
from tests.drivers.told import pointers

ELSEWHERE: dict[str, Any] = {"school": "RU-ROS-002-S04", "class": "7В"}
SAME = {"name": "иванов  ПЁТР 1", "birth_date": "2007-05-17"}


def new(known: Known, changed: dict[str, Any], **line: Any) -> Entered:
    return enter(roster([pupil("other", **SAME, **line)], **changed), known=known, ids=count(100))


@pytest.mark.parametrize(
    ("changed", "slug"),
    [
        ({}, "child-known"),
        ({"class": "7Б"}, "child-known"),
        ({"class": "7Б", "classes": ["7Б"]}, "transfer-needed"),
        (ELSEWHERE, "transfer-needed"),
    ],
)
def test_a_child_whom_the_region_knows_is_refused_under_another_key(changed: dict[str, Any], slug: str) -> None:
    first = entered(pupil())
    refused = new(first.known, changed)
    (item,) = refused.items
    assert item.problem is not None
    assert (item.problem.type, pointers(item.problem)) == (slug, ["/pupils/0/external_ref"])
    assert refused.writes == 0
    told = item.model_dump_json()
    assert not any(secret in told for secret in (SCHOOL.id, "7А", first.items[0].participant or "", "RU-ROS-001"))


def test_another_child_of_the_same_name_and_birth_date_is_entered_where_the_line_says_so() -> None:
    known = entered(pupil()).known
    assert [new(known, changed, namesake=True).items[0].status for changed in ({}, ELSEWHERE)] == ["created"] * 2


@pytest.mark.parametrize("said", [{"birth_date": "2007-05-18"}, {"name": "Иванов Пётр 2"}])
def test_a_child_who_differs_is_another_one(said: dict[str, str]) -> None:
    known = entered(pupil()).known
    line = pupil("other", **{**SAME, **said})
    assert enter(roster([line], **ELSEWHERE), known=known, ids=count(100)).items[0].status == "created"


def test_a_child_of_the_same_transaction_is_known_too() -> None:
    lines = [pupil("1"), pupil("2", name=pupil("1")["name"])]
    assert [item.problem and item.problem.type for item in enter(roster(lines)).items] == [None, "child-known"]


def test_an_erased_child_is_known_to_nobody() -> None:
    first = entered(pupil())
    known = first.known.then([erase(first.decisions[0].state, "act", NOW)], {})
    assert new(known, ELSEWHERE).items[0].status == "created"


def test_a_mark_is_of_one_region_and_one_key_and_of_no_spelling() -> None:
    index = NameIndex(bytes(32))
    child = child_of({"name": "Ёлкин-Пал  Артём", "birth_date": "2007-05-17"})
    assert child == ("елкин пал артем", "2007-05-17")
    marks = {
        index.mark("RU-ROS", child),
        index.mark("RU-KDA", child),
        NameIndex(b"k" * 32).mark("RU-ROS", child),
        index.mark("RU-ROS", ("елкин пал артем", "2007-05-18")),
    }
    assert len(marks) == 4
    assert index.mark("RU-ROS", child_of({"name": "ЕЛКИН–ПАЛ АРТЕМ", "birth_date": "2007-05-17"})) in marks


@pytest.mark.parametrize("name", ["О’Нил Анна", "ОʼНил Анна", "О`НИЛ  АННА", "О′Нил Анна", "Oʻнил Aннa", "О'Нил-Анна"])
def test_a_child_is_one_with_any_apostrophe_and_with_latin_letters_among_russian_ones(name: str) -> None:
    born = {"birth_date": "2007-05-17"}
    assert child_of({"name": name, **born}) == child_of({"name": "О'Нил Анна", **born})
    assert child_of({"name": "O'Neil Anna", **born}) != child_of({"name": "О'Нил Анна", **born})
