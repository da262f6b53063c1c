"""Beside pictures a part of the items is asked, each scale of them; a profile is of what was asked."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.answers.diagnostics import DiagnosticView
from services.trials.domain.catalogue.definitions import Definition
from services.trials.domain.catalogue.instruments import Instrument
from services.trials.pictures import must_be_there
from shared.base.errors import BadInput
from tests.builders.instruments import ALL_YES, WORDED, said, statement, worded

PICTURE = {"code": "heart", "alt": said("Сердце")}


def aged(code: str, scale: str = "people", **changed: Any) -> dict[str, Any]:
    """A statement without words beside pictures."""
    whole = statement(code, scale, **changed)
    return {**whole, "texts": {name: words for name, words in whole["texts"].items() if name != "pictures"}}


def body(*items: dict[str, Any]) -> dict[str, Any]:
    return {**WORDED, "items": list(items)}


SHORT = body(statement("p1", picture=PICTURE), aged("p2", reversed=True), statement("n1", "nature", picture=PICTURE))


def short() -> Instrument:
    """Two of three items are asked beside pictures."""
    return worded(SHORT)


def test_beside_pictures_only_those_items_are_shown_that_have_words_there() -> None:
    known = short()
    assert (known.versions, list(known.asked("pictures"))) == (("6-7", "8-9", "10-11", "pictures"), ["p1", "n1"])
    beside = DiagnosticView.of(known, "pictures")
    assert [item.code for item in beside.items] == ["p1", "n1"]
    assert [item.picture and item.picture.url for item in beside.items] == ["/trials/pictures/heart"] * 2
    aged_view = DiagnosticView.of(known, "6-7")
    assert [(item.code, item.picture) for item in aged_view.items] == [("p1", None), ("p2", None), ("n1", None)]


def test_a_profile_beside_pictures_is_of_the_items_that_were_asked() -> None:
    known, answers = short(), {"p1": "yes", "n1": "partly"}
    encoded = known.encode(answers, "pictures")
    assert (len(encoded), known.score(encoded)) == (3, {"people": 100.0, "nature": 50.0})
    assert known.score(known.encode(ALL_YES)) == {"people": 50.0, "nature": 100.0}
    for version, sent, pointer in (("pictures", ALL_YES, "answers/p2"), ("8-9", answers, "answers/p2")):
        with pytest.raises(BadInput) as wrong:
            known.encode(sent, version)  # type: ignore[arg-type]
        assert [error.pointer for error in wrong.value.errors] == [pointer]


@given(chosen=st.fixed_dictionaries({code: st.sampled_from(["no", "partly", "yes"]) for code in ALL_YES}))
def test_where_all_are_asked_beside_pictures_it_is_scored_as_in_any_version(chosen: dict[str, str]) -> None:
    known = worded()
    assert known.score(known.encode(chosen, "pictures")) == known.score(known.encode(chosen))


def test_beside_pictures_every_scale_is_asked_and_every_picture_is_there() -> None:
    with pytest.raises(ValidationError, match="beside pictures every scale has an item"):
        Definition.model_validate(body(statement("p1"), aged("n1", "nature")))
    with pytest.raises(ValidationError, match="the same versions"):
        Definition.model_validate(body({**aged("p1"), "texts": {"6-7": said("a")}}, aged("n1", "nature")))
    must_be_there(Definition.model_validate(SHORT))
    lost = body(statement("p1", picture={**PICTURE, "code": "none"}), statement("n1", "nature"))
    with pytest.raises(BadInput) as wrong:
        must_be_there(Definition.model_validate(lost))
    assert [error.pointer for error in wrong.value.errors] == ["items/0/picture/code"]
