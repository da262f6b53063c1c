"""A later roster corrects a name or a birth date, of the pupil or a guardian; it makes nobody another person."""

from itertools import count
from typing import Any

import pytest

from services.registration.domain.identities import SAID_AT
from tests.builders.registration import Known, enter, pupil, roster
from tests.unit.registration.test_registration_domain import entered, pointers

LATER = {"occurred_at": "2020-09-21T10:00:00+03:00"}
EARLIER = {"occurred_at": "2020-09-07T10:00:00+03:00"}
MOTHER = {"ref": "g1", "name": "Иванова Анна 1"}


def again(known: Known, line: dict[str, Any], changed: dict[str, Any] | None = None) -> Any:
    return entered(line, known=known, ids=count(100), changed=LATER if changed is None else changed)


@pytest.mark.parametrize(
    ("changed", "corrected"),
    [
        ({"name": "Иванов Пётр Олегович"}, [("name", "Иванов Пётр 1", "Иванов Пётр Олегович")]),
        ({"name": "Соколов Антон"}, [("name", "Иванов Пётр 1", "Соколов Антон")]),
        ({"birth_date": "2007-05-16"}, [("birth_date", "2007-05-17", "2007-05-16")]),
        ({"birth_date": "2008-05-17"}, [("birth_date", "2007-05-17", "2008-05-17")]),
        (
            {"guardian": {**MOTHER, "name": "Иванова Анна Петровна"}},
            [("name", MOTHER["name"], "Иванова Анна Петровна")],
        ),
        (
            {"name": "Иванов Пётр", "birth_date": "2007-05-18"},
            [("name", "Иванов Пётр 1", "Иванов Пётр"), ("birth_date", "2007-05-17", "2007-05-18")],
        ),
    ],
)
def test_what_a_line_says_otherwise_is_corrected(
    changed: dict[str, Any], corrected: list[tuple[str, str, str]]
) -> None:
    first = entered(pupil())
    later = again(first.known, pupil(**changed))
    assert [(c.field, c.old, c.new) for c in later.corrections] == corrected
    wanted = ["guardian"] if "guardian" in changed else [field for field, _, _ in corrected]
    assert (later.items[0].status, later.items[0].corrected) == ("known", wanted)
    assert later.decisions == []
    assert all(c.participant == first.items[0].participant for c in later.corrections)
    assert again(later.known, pupil(**changed)).writes == 0


@pytest.mark.parametrize(
    ("changed", "slug", "pointer"),
    [
        ({"birth_date": "2008-05-18"}, "another-child", "/pupils/0/external_ref"),
        ({"birth_date": "2005-01-01"}, "another-child", "/pupils/0/external_ref"),
        ({"name": "Соколов Антон", "birth_date": "2007-05-18"}, "another-child", "/pupils/0/external_ref"),
        ({"guardian": {**MOTHER, "name": "Соколова Вера"}}, "another-guardian", "/pupils/0/guardian/ref"),
        ({"guardian": None, "guardians": [{**MOTHER, "name": "С. Вера"}], "consent": None}, "another-guardian", ""),
    ],
)
def test_a_key_that_names_another_person_refuses_its_line(changed: dict[str, Any], slug: str, pointer: str) -> None:
    first = entered(pupil())
    line = pupil(disability=True, **changed)
    (item,) = (refused := again(first.known, line)).items
    assert item.problem is not None
    assert (item.problem.type, refused.writes) == (slug, 0)
    assert pointers(item.problem) == [pointer or "/pupils/0/guardians/0/ref"]
    assert "2007" not in item.problem.model_dump_json()
    assert "Иванов" not in item.problem.model_dump_json()


def test_an_earlier_roster_that_comes_late_corrects_nothing() -> None:
    corrected = again(entered(pupil()).known, pupil(name="Иванов Пётр"))
    late = again(corrected.known, pupil(), EARLIER)
    assert (late.items[0].status, late.items[0].corrected, late.writes) == ("known", None, 0)


def test_the_same_day_s_roster_sent_again_corrected_corrects() -> None:
    assert again(entered(pupil()).known, pupil(name="Иванов Пётр"), {}).items[0].corrected == ["name"]


def test_of_a_guardian_on_several_lines_the_first_says_the_name() -> None:
    lines = [pupil("1", guardian=MOTHER), pupil("2", guardian={**MOTHER, "name": "Иванова А."})]
    first = entered(*lines)
    assert [item.status for item in first.items] == ["created", "created"]
    for known in (first.known, enter(roster(lines), roster(lines), ids=count(1)).known):
        assert enter(roster(lines, **LATER), roster(lines, **LATER), known=known, ids=count(100)).writes == 0


def test_rosters_that_are_decided_together_correct_one_after_the_other() -> None:
    first = entered(pupil())
    names = ["Иванов Пётр А", "Иванов Пётр Б"]
    both = enter(*(roster([pupil(name=name)], **LATER) for name in names), known=first.known, ids=count(100))
    assert [c.new for c in both.corrections] == names
    (identity,) = (said for said in both.known.identities.values() if "birth_date" in said)
    assert (identity["name"], identity[SAID_AT]) == (names[-1], LATER["occurred_at"])


def test_who_has_no_identity_any_more_is_not_given_one() -> None:
    first = entered(pupil())
    erased = Known(first.known.pupils, first.known.guardians)
    assert again(erased, pupil(name="Иванов Пётр")).writes == 0
