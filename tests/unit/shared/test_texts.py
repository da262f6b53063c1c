"""Texts that people type: every kind has one form, and whoever writes it otherwise means the same."""

from typing import Annotated, Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from services.registration.codes import Codes
from shared.programme.texts import (
    CYRILLIC,
    LATIN,
    WHITE,
    ClassName,
    Id,
    LinkCode,
    Name,
    Ref,
    Text,
    class_form,
    person_name,
    plain,
    ref_key,
    school_key,
)

NAME, REF, CLASS, CODE, ID = (TypeAdapter[str](kind) for kind in (Name, Ref, ClassName, LinkCode, Id))
UNSEEN = [
    "\ufffc",
    "\U0001d159",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\u00ad",
    "\u202e",
    "\u2066",
    "\u061c",
    "\u2060",
    "\u3164",
    "\ufe0f",
    "\u2800",
]
NO_TEXT = ["\x00", "\x07", "\t", "\n", "\x1f", "\x7f", "\x85", "\ue000", "\U0010fffe", "\ud800", "\u0378"]
ANY = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("АаAa1 -–«»\u200b\u00a0"), max_size=30)


@pytest.mark.parametrize(
    ("sent", "form"),
    [
        (" Иванов\u00a0 Пётр\u3000", "Иванов Пётр"),
        ("Жилеи\u0306кина", "Жилейкина"),
        ("Ива\u200bно\u00adв\u202e", "Иванов"),
        ("\u200b \ufeffО’Нил-Д’Арк", "О’Нил-Д’Арк"),
        ("Ян", "Ян"),
        ("महादेवी", "महादेवी"),
    ],
)
def test_a_name_keeps_its_letters_and_loses_what_cannot_be_seen(sent: str, form: str) -> None:
    assert NAME.validate_python(sent) == form


@pytest.mark.parametrize("unseen", UNSEEN)
def test_what_cannot_be_seen_is_no_name_and_tells_no_keys_apart(unseen: str) -> None:
    with pytest.raises(ValidationError, match="nothing that can be seen"):
        NAME.validate_python(f" {unseen}{unseen}")
    assert REF.validate_python(f"{unseen}1{unseen}7{unseen}") == "17"


@pytest.mark.parametrize("character", NO_TEXT)
def test_what_is_no_text_is_refused_inside_one(character: str) -> None:
    for kind in (NAME, REF, CLASS, CODE):
        with pytest.raises(ValidationError):
            kind.validate_python(f"7А{character}Б")


@pytest.mark.parametrize("text", ["", " ", "\u0301", "а" * 201, "а" * 5_000])
def test_a_text_has_something_to_be_seen_and_an_end(text: str) -> None:
    with pytest.raises(ValidationError):
        NAME.validate_python(text)


@given(ANY)
def test_a_form_is_its_own_form(text: str) -> None:
    assert class_form(class_form(text)) == class_form(text)
    try:
        once = plain(text)
    except ValueError:
        return
    assert plain(once) == normalize("NFC", once) == once
    assert ref_key(once) == ref_key(text)


@given(st.text(st.sampled_from("АВЕКМНОРСТУХабвжщ0179 -"), min_size=1).filter(str.strip), st.data())
def test_a_key_is_one_however_it_is_written(text: str, data: st.DataObject) -> None:
    written = "".join(data.draw(st.sampled_from(_alike(character))) for character in text)
    assert ref_key(data.draw(st.sampled_from(["", *WHITE])) + written) == ref_key(text)


def _alike(character: str) -> list[str]:
    """What people write for a character of a key."""
    if character == " ":
        return list(WHITE.replace("\x85", "").strip("\t\n\v\f\r\u2028\u2029"))
    if character == "-":
        return ["-", "\u2010", "\u2013", "\u2014", "\u2212", " - "]
    latin = character.upper().translate(str.maketrans(CYRILLIC, LATIN))
    wide = chr(ord(latin) + 0xFEE0) if latin.isascii() else latin
    return [character, character.upper(), character.lower(), latin, latin.lower(), wide]


@pytest.mark.parametrize(("one", "other"), [("17", "1 7"), ("17", "7"), ("17", "1-7"), ("О1", "01"), ("Ё", "Е")])
def test_other_keys_stay_others(one: str, other: str) -> None:
    assert ref_key(one) != ref_key(other)


@pytest.mark.parametrize(
    ("form", "written"),
    [
        (
            "8А",
            [
                "8А",
                "8A",
                "8а",
                "8a",
                "8 А",
                "8-А",
                "8–a",
                "8«А»",
                '8 "А"',
                "8 'a'",
                " 8А\u200b",
                "08А",
                "８Ａ",
                "8\u00a0А",
            ],
        ),
        ("11ФИЗМАТ", ["11 физмат", "11-ФизМат", "11 «физ-мат»", "11_Физ мат"]),
        ("9ЗЕЛЕНЫЙ", ["9 зелёный", "9 ЗЕЛЕНЫЙ", "9-зеленыи\u0306", "9 зелены и \u0306"]),
        ("7-1", ["7-1", "7 1", "7 — 1", "07-1"]),
        ("10Б2", ["10Б2", "10-б-2", "10 Б 2"]),
        ("7", ["7", " 7 ", "07"]),
    ],
)
def test_a_class_is_one_however_a_school_writes_it(form: str, written: list[str]) -> None:
    assert {CLASS.validate_python(name) for name in written} == {form}


@pytest.mark.parametrize("text", ["А7", "7.1", "7:А", "7$", "777", "7" + "А" * 20, "", "-", "7：А"])
def test_a_class_begins_with_its_grade_and_is_fit_for_a_field_s_name(text: str) -> None:
    with pytest.raises(ValidationError):
        CLASS.validate_python(text)


def test_a_text_may_be_as_long_as_is_said_and_more_where_its_form_is_shorter() -> None:
    kind = TypeAdapter[str](Annotated[str, Text(5)])
    for sent in ("абвгд", "  абвгд  ", "а" + " " * 18 + "б"):
        assert len(kind.validate_python(sent)) <= 5
    for sent in ("абвгде", "а" + " " * 19 + "б"):
        with pytest.raises(ValidationError, match="at most 5 characters"):
            kind.validate_python(sent)


TYPED: dict[str, str] = {
    "0": "0OoОоΟ０",
    "1": "1IiLlІі１",
    "3": "3Зз３",
    "4": "4Чч４",
    "6": "6Бб６",
    "A": "AaАаΑ",
    "B": "BbВвΒ",
    "C": "CcСс",
    "E": "EeЕе",
    "H": "HhНн",
    "K": "KkКк",
    "M": "MmМм",
    "P": "PpРр",
    "S": "SsЅѕ",
    "T": "TtТт",
    "V": "VvUu",
    "X": "XxХх",
    "Y": "YyУу",
    "J": "JjЈј",
}
BETWEEN = ["", "", " ", "-", "\u2013", "\u2014", "\u2212", "\u00a0", "\u200b", "_", ".", "  "]


@given(st.binary(min_size=1, max_size=16), st.data())
def test_a_code_is_known_however_it_is_typed(pupil: bytes, data: st.DataObject) -> None:
    codes = Codes(b"k" * 32)
    code = codes.text(pupil.hex(), data.draw(st.sampled_from([None, "guardian"])))
    letters = (data.draw(st.sampled_from(TYPED.get(c, c + c.lower() + chr(ord(c) + 0xFEE0)))) for c in code)
    typed = "".join(letter + data.draw(st.sampled_from(BETWEEN)) for letter in letters)
    assert CODE.validate_python(f" {typed}\n") == code


def test_a_code_that_was_handed_out_before_stays_valid() -> None:
    """The digest of an installation's own code, as the release before this rule stored it."""
    codes = Codes(b"k" * 32)
    code = codes.text("p1", "g1")
    assert (code, codes.digest(CODE.validate_python(code)).hex()) == (
        "NJJ04B2ZRDBN",
        "b7f07dd4cab6735f9f4d7537fc726b91",
    )


@pytest.mark.parametrize(("sent", "form"), [(" aB_-9\n", "aB_-9"), ("p1", "p1")])
def test_an_id_is_copied_with_the_white_space_around_it(sent: str, form: str) -> None:
    assert ID.validate_python(sent) == form


@pytest.mark.parametrize("sent", ["", "a b", "a/b", "ид", "a" * 65, "a\u200b"])
def test_an_id_is_made_as_the_services_make_ids(sent: Any) -> None:
    with pytest.raises(ValidationError):
        ID.validate_python(sent)


def test_a_text_that_is_far_too_long_for_a_class_is_left_as_it_is() -> None:
    """A token or an old event may hold one; to fold it would take as many rounds as it has zeros."""
    text = "0-" * 5_000
    assert class_form(text) == text


@pytest.mark.parametrize(
    "text", ["Ким", "О'Нил-Ёлкина  Анна", "Детский дом № 12 345", "Ким 2007-05-17", "Ким a0123456789", "Ли 3-й"]
)
def test_a_name_of_a_person_is_one(text: str) -> None:
    assert person_name(text) == plain(text)


@pytest.mark.parametrize(
    "text", ["7", "№ 3", "+79281234567", "Ким 8 (928) 123-45-67", "Ким 112-233-445 95", "kim@example.org"]
)
def test_what_is_more_than_a_name_or_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="name"):
        person_name(text)


@pytest.mark.parametrize("text", ["17", "А-17", "112-233-445 96", "11223344596", "89281234567-а", "r12345678901"])
def test_a_school_s_key_is_whatever_the_school_writes(text: str) -> None:
    assert school_key(text) == text


@pytest.mark.parametrize(
    "text", ["112-233-445 95", "11223344595", "112 233 445 95", "8 (928) 123-45-67", "+79281234567"]
)
def test_a_number_that_all_the_world_knows_is_no_key(text: str) -> None:
    with pytest.raises(ValueError, match="a key of the school's own"):
        school_key(text)
