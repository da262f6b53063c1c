"""Instruments with words: what may be published, what a page is shown, and what a profile says."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.answers.diagnostics import DiagnosticView
from services.trials.answers.explanations import explained
from services.trials.domain.catalogue.definitions import Definition
from services.trials.domain.catalogue.instruments import Instrument, define
from services.trials.domain.catalogue.wording import VERSIONS, version_of
from services.trials.texts import NO_NORMS
from shared.base.errors import BadInput, Conflict
from tests.builders.instruments import ALL_YES, KNOWLEDGE, NORM, WORDED, question, said, statement, worded
from tests.builders.trials import INSTRUMENT, instrument


def refused(body: Mapping[str, Any]) -> list[str]:
    """The pointers of what is refused."""
    with pytest.raises(ValidationError) as wrong:
        Definition.model_validate(body)
    return [error.pointer for error in BadInput.invalid(wrong.value).errors]


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"name": {"en": "Interests"}}, "/name/ru"),
        ({"name": ""}, "/name"),
        ({"name": {"ru": "Имя", "de": "Name"}}, "/name/de"),
        ({"minutes": 0}, "/minutes"),
        ({"options": []}, "/items"),
        ({"items": [statement("p1"), {"code": "n1", "scale": "nature"}]}, "/items"),
        ({"items": [statement("p1", texts={"7-8": said("x")}), statement("n1", "nature")]}, "/items/0/texts/7-8"),
        ({"norms": [{**NORM, "scale": "other"}]}, "/norms"),
        ({"norms": [NORM, {**NORM, "mean": 40}]}, "/norms"),
        ({"norms": [{**NORM, "sd": 0}]}, "/norms/0/sd"),
        ({"norms": [{**NORM, "source": ""}]}, "/norms/0/source"),
    ],
)
def test_words_and_norms_that_do_not_fit_are_refused(changed: Mapping[str, Any], pointer: str) -> None:
    assert pointer in refused({**WORDED, **changed})


@pytest.mark.parametrize(
    "item",
    [
        question("k1", "d", "a", "b"),
        question("k1", "a", "a", "a"),
        question("k1", "a", "a"),
        {**question("k1", "a", "a", "b"), "right": None},
        {**question("k1", "a", "a", "b"), "reversed": True},
        {**statement("k1"), "right": "a"},
    ],
)
def test_a_question_has_one_right_answer_among_its_own(item: Mapping[str, Any]) -> None:
    items = [question("k0", "a", "a", "b"), item]
    (pointer,) = refused({**KNOWLEDGE, "options": WORDED["options"], "items": items})
    assert pointer.startswith("/items/1")


def test_an_instrument_is_stored_so_that_the_release_before_reads_it_too() -> None:
    for known in (worded(), worded(KNOWLEDGE), instrument()):
        row = known.document()
        assert Instrument.model_validate(row | {"code": row["_id"]}) == known
        assert json.loads(json.dumps(row))["name"] == known.name.ru
    old = instrument().document()
    del old["definition"]
    assert {name: old[name] for name in ("name", "method", "options")} == {
        name: INSTRUMENT[name] for name in ("name", "method", "options")
    }
    assert Instrument.model_validate(old | {"code": "readiness"}) == instrument()


def test_a_name_in_russian_alone_is_the_same_as_before() -> None:
    plain, both = instrument(), instrument(name={"ru": INSTRUMENT["name"]})
    assert plain == both
    assert plain.name.en is None
    used = plain.model_copy(update={"used": True})
    assert define(used, "readiness", Definition.model_validate(INSTRUMENT)) == used


def test_every_one_but_its_author_is_shown_an_instrument_without_what_gives_the_answers_away() -> None:
    for known in (worded(), worded(KNOWLEDGE)):
        shown = DiagnosticView.of(known).model_dump_json(exclude_none=True)
        assert not any(f'"{name}"' in shown for name in ("points", "reversed", "right"))
        whole = DiagnosticView.of(known, whole=True).model_dump_json(exclude_none=True)
        assert ('"points"' in whole, '"right"' in whole) == (bool(known.options), not known.options)
        assert '"reversed"' in whole
    one = DiagnosticView.of(worded(), "8-9").items[0]
    assert one.texts is not None
    assert {name: words.ru for name, words in one.texts.items()} == {"8-9": "p1, 8-9 по-русски"}


def test_a_grade_has_the_version_of_its_age() -> None:
    ages = [version_of(grade) for grade in range(1, 12)]
    assert ages == ["6-7"] * 7 + ["8-9"] * 2 + ["10-11"] * 2
    assert worded().versions == VERSIONS
    assert instrument().versions == ()


@given(st.lists(st.tuples(st.integers(2, 6), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=20))
def test_knowledge_is_the_part_of_questions_answered_right(asked: list[tuple[int, int, int]]) -> None:
    items, answers, right = [], {}, 0
    for number, (choices, correct, picked) in enumerate(asked):
        codes = [f"o{n}" for n in range(choices)]
        items.append(question(f"k{number}", codes[correct % choices], *codes))
        answers[f"k{number}"] = codes[picked % choices]
        right += correct % choices == picked % choices
    known = worded(KNOWLEDGE, items=items)
    assert known.score(known.encode(answers)) == {"people": pytest.approx(100 * right / len(asked), abs=0.051)}


def test_a_question_among_statements_gives_their_highest_points_or_their_lowest() -> None:
    mixed = worded(items=[statement("p1"), question("k1", "b", "a", "b"), statement("n1", "nature")])
    assert mixed.score(mixed.encode({"p1": "no", "k1": "b", "n1": "yes"})) == {"people": 50.0, "nature": 100.0}
    assert mixed.score(mixed.encode({"p1": "no", "k1": "a", "n1": "yes"}))["people"] == 0.0


def test_an_option_of_another_item_is_none_of_this_one() -> None:
    known = worded(KNOWLEDGE)
    for judge in (known.encode, known.must_offer):
        with pytest.raises(BadInput) as wrong:
            judge({"k1": "c", "k2": "c"})
        assert [(error.pointer, error.detail) for error in wrong.value.errors] == [("answers/k1", "no such option")]
    known.must_offer({"k2": "c"})
    with pytest.raises(BadInput) as unknown:
        known.must_offer({"k3": "a"})
    assert unknown.value.errors[0].detail == "no such item"


def test_a_profile_says_plainly_that_there_are_no_norms() -> None:
    known = worded()
    people, nature = explained(known, known.score(known.encode(ALL_YES)), "8-9")
    assert (people.name, people.value) == (known.scales[0].name, 50.0)
    assert (people.for_pupil, people.for_guardian) == (known.scales[0].for_pupil, known.scales[0].for_guardian)
    assert (nature.value, nature.for_pupil) == (100.0, None)
    assert all((one.compared, one.level, one.norm) == (NO_NORMS, None, None) for one in (people, nature))


@pytest.mark.parametrize(("value", "level"), [(39.9, "low"), (40, "usual"), (60, "usual"), (60.1, "high")])
def test_a_value_is_compared_with_the_norm_of_its_version(value: float, level: str) -> None:
    known = worded(norms=[NORM, {**NORM, "version": "6-7", "mean": 90, "sd": 1}])
    (result,) = explained(known, {"people": value}, "8-9")
    assert (result.level, result.norm) == (level, known.norms[0])
    assert "1200" in result.compared.ru
    assert "Отчёт" in str(result.compared.en)
    (younger,) = explained(known, {"people": value}, "6-7")
    assert (younger.level, younger.norm) == ("low", known.norms[1])


def used(known: Instrument) -> Instrument:
    return known.model_copy(update={"used": True})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (INSTRUMENT, {**INSTRUMENT, "name": {"ru": INSTRUMENT["name"], "en": "Readiness"}}),
        (INSTRUMENT, {**INSTRUMENT, "items": [{**item, "texts": {"6-7": said("x")}} for item in INSTRUMENT["items"]]}),
        (INSTRUMENT, {**INSTRUMENT, "usual_minutes": 10}),
        (WORDED, {**WORDED, "norms": [NORM]}),
        ({**WORDED, "norms": [NORM]}, {**WORDED, "norms": [NORM, {**NORM, "version": "6-7"}]}),
        ({**WORDED, "scales": [{**one, "for_pupil": None} for one in WORDED["scales"]]}, WORDED),
    ],
)
def test_what_was_not_said_before_may_be_added_to_an_instrument_in_use(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    said = define(used(worded(before)), "worded", Definition.model_validate(after))
    assert said == used(worded(after))
    with pytest.raises(Conflict):
        define(said, "worded", Definition.model_validate(before))


@pytest.mark.parametrize(
    ("before", "changed"),
    [
        (WORDED, {"minutes": 30}),
        (WORDED, {"norms": [], "items": [statement("p1"), statement("p2"), statement("n1", "nature")]}),
        (WORDED, {"name": said("Другое")}),
        (INSTRUMENT, {"minutes": 30}),
        (INSTRUMENT, {"items": [{**item, "code": f"x{item['code']}"} for item in INSTRUMENT["items"]]}),
        (INSTRUMENT, {"items": [*INSTRUMENT["items"][:2], {**question("p1", "a", "a", "b"), "scale": "planning"}]}),
        (KNOWLEDGE, {"options": WORDED["options"]}),
        (KNOWLEDGE, {"items": [question("k1", "b", "a", "b"), KNOWLEDGE["items"][1]]}),
        ({**WORDED, "norms": [NORM]}, {"norms": [{**NORM, "mean": 40}]}),
    ],
)
def test_nothing_else_of_an_instrument_in_use_changes(before: Mapping[str, Any], changed: Mapping[str, Any]) -> None:
    after = {**before, **changed}
    if {bool(item.get("texts")) for item in after["items"]} == {True, False}:
        after["items"] = [{**item, "texts": None} for item in after["items"]]
    with pytest.raises(Conflict) as refused:
        define(used(worded(before)), "worded", Definition.model_validate(after))
    assert refused.value.type == "instrument-in-use"
