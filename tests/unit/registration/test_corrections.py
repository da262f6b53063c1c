"""A later roster corrects a name or a birth date, of the pupil or a guardian; it makes nobody another person."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from services.registration.domain.identities import MOST_CORRECTIONS, Identities
from shared.base.errors import Conflict
from tests.builders.registration import Known, enter, entered, pupil, roster
from tests.drivers.told import pointers

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
    assert (identity["name"], identity["name_said_at"]) == (names[-1], LATER["occurred_at"])


def test_who_has_no_identity_any_more_is_not_given_one() -> None:
    first = entered(pupil())
    erased = Known(first.known.pupils, first.known.guardians)
    assert again(erased, pupil(name="Иванов Пётр")).writes == 0


def child(ref: str, name: str, birth_date: str) -> dict[str, Any]:
    return pupil(ref, name=name, birth_date=birth_date, guardian={"ref": f"m{ref}", "name": f"Мать {name}"})


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("Петрова Анна Сергеевна", "2007-05-17"), ("Сидорова Мария Сергеевна", "2007-11-02")),
        (("Иванова Анна", "2007-05-17"), ("Иванова Мария", "2007-05-17")),
    ],
)
def test_two_keys_that_change_places_change_no_child(first: tuple[str, str], second: tuple[str, str]) -> None:
    known = entered(child("1", *first), child("2", *second)).known
    swapped = entered(child("1", *second), child("2", *first), known=known, ids=count(100), changed=LATER)
    assert [item.problem and item.problem.type for item in swapped.items] == ["another-child"] * 2
    assert swapped.writes == 0


def test_an_initial_makes_nobody_alike() -> None:
    known = entered(pupil(guardian={"ref": "g1", "name": "Иванова А. С."})).known
    (item,) = again(known, pupil(guardian={"ref": "g1", "name": "Петров А. Б."})).items
    assert item.problem is not None
    assert item.problem.type == "another-guardian"


def test_what_is_decided_together_is_as_one_after_the_other() -> None:
    changed = [pupil(guardian={**MOTHER, "name": "Иванова Анна Петровна"}, birth_date="2007-05-16")]
    together = enter(roster([pupil()]), roster(changed, **LATER))
    apart = enter(roster(changed, **LATER), known=entered(pupil()).known, ids=count(100))
    assert together.answers[1][0].corrected == apart.items[0].corrected == ["birth_date", "guardian"]
    assert [(c.field, c.new) for c in together.corrections] == [(c.field, c.new) for c in apart.corrections]


def test_each_field_has_a_time_of_its_own() -> None:
    named = again(entered(pupil()).known, pupil(name="Иванов Пётр"), {"occurred_at": "2020-10-01T10:00:00+03:00"})
    dated = again(named.known, pupil(name="Иванов Пётр", birth_date="2007-05-16"))
    assert dated.items[0].corrected == ["birth_date"]


@pytest.mark.parametrize("typed", ["Иванова  Анна 1", "Иванова\u200b Анна 1", "Иванова А\u0301нна 1"])
def test_a_name_that_an_older_release_sealed_as_it_was_typed_is_the_same_name(typed: str) -> None:
    known = entered(pupil(guardian={**MOTHER, "name": "Иванова А\u0301нна 1"} if "\u0301" in typed else MOTHER)).known
    old = {
        person: {field: text for field, text in said.items() if not field.endswith("_said_at")}
        for person, said in known.identities.items()
    }
    mother = next(person for person, said in old.items() if "birth_date" not in said)
    as_typed = Known(known.pupils, known.guardians, {**old, mother: {"name": typed}})
    line = pupil(guardian={**MOTHER, "name": "Иванова А\u0301нна 1"} if "\u0301" in typed else MOTHER)
    assert again(as_typed, line).writes == 0
    assert again(as_typed, line, EARLIER).writes == 0


def test_an_older_row_is_not_corrected_by_a_roster_before_its_registration() -> None:
    known = entered(pupil()).known
    bare = {p: {f: t for f, t in said.items() if not f.endswith("_said_at")} for p, said in known.identities.items()}
    old = Known(known.pupils, known.guardians, bare)
    assert again(old, pupil(name="Иванов Пётр"), EARLIER).items[0].corrected is None
    assert again(old, pupil(name="Иванов Пётр")).items[0].corrected == ["name"]


def test_a_guardian_under_two_names_on_a_line_is_nobody() -> None:
    twice = pupil(guardians=[{**MOTHER, "ref": "G1", "name": "Петров Олег"}], consent=None)
    (item,) = (refused := entered(twice)).items
    assert item.problem is not None
    assert (pointers(item.problem), refused.writes) == (["/pupils/0/guardians/0/ref"], 0)


def test_corrections_of_one_person_come_to_an_end() -> None:
    identities, time = Identities({"p": {"name": "Имя"}}), datetime(2020, 9, 1, tzinfo=UTC)
    for number in range(MOST_CORRECTIONS):
        assert list(identities.correct("p", "p", {"name": f"Имя {number}"}, time, None)) == ["name"]
    with pytest.raises(Conflict) as refused:
        list(identities.correct("p", "p", {"name": "Имя"}, time, None))
    assert (refused.value.type, len(identities.corrections)) == ("too-many-corrections", MOST_CORRECTIONS)


def test_a_disability_that_was_taken_back_is_not_brought_back_by_an_earlier_roster() -> None:
    known = entered(pupil()).known
    (state,) = known.pupils.values()
    taken_back = state.model_copy(update={"disability_at": datetime(2020, 10, 1, tzinfo=UTC)})
    held = Known({state.id: taken_back}, known.guardians, known.identities)
    assert again(held, pupil(disability=True)).writes == 0
    assert again(held, pupil(disability=True), {"occurred_at": "2020-10-02T10:00:00+03:00"}).items[0].added == [
        "disability"
    ]
