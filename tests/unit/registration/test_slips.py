"""Slips with codes: what is to be read can be read, and nothing of a name is said anywhere else."""

import logging
from datetime import date
from io import BytesIO

import pytest
from pypdf import PdfReader

from services.registration.files.pages import NO_GLYPH
from services.registration.files.slips import Slip, printed
from tests.builders.events import at
from tests.drivers.files import PDF, text_of

CODE = "0123456789AB"


def slip(**changed: object) -> Slip:
    fields = {
        "owner": "guardian",
        "name": "Ёлкина Анна",
        "pupil": "Ёлкин Пётр",
        "code": CODE,
        "until": date(2020, 12, 16),
    }
    return Slip(**{**fields, **changed})  # type: ignore[arg-type]


def text(*slips: Slip, where: str = "https://bilet.example") -> str:
    return text_of(PDF, printed("Школа № 1, класс 7А", where, slips, at("2020-11-01")))


def test_a_slip_says_whose_code_it_is_where_to_type_it_and_until_when() -> None:
    told = text(slip())
    for words in (
        "Школа № 1, класс 7А",
        "Ёлкина Анна",
        "Ребёнок: Ёлкин Пётр",
        "0123-4567-89AB",
        "Где ввести: https://bilet.example",
        "до 16.12.2020 включительно",
    ):
        assert words in told
    own = text(slip(owner="pupil", name="Ёлкин Пётр", until=None))
    assert "Ученику: Ёлкин Пётр" in own
    assert "Ребёнок" not in own
    assert "без срока" in own


def test_ten_slips_are_a_page() -> None:
    pages = PdfReader(BytesIO(printed("Школа", "сайт", [slip()] * 21, at("2020-11-01")))).pages
    assert [page.extract_text().count("0123-4567-89AB") for page in pages] == [10, 10, 1]
    assert [round(float(side)) for side in (pages[0].mediabox.width, pages[0].mediabox.height)] == [595, 842]


def test_long_texts_stay_within_their_slip() -> None:
    long = slip(name="Константинопольская-Заболотная " * 6, pupil="Щ" * 200)
    told = text(long, slip(), where="https://bilet.example/" + "a" * 150)
    assert told.count("0123-4567-89AB") == 2
    assert "…" in told


@pytest.mark.parametrize("name", ["Әминә Җиһан", "Ӱна Ҥури", "Ы̄тва", "Ӄора", "Ҕайана"])
def test_the_letters_of_all_peoples_of_the_country_are_there(name: str) -> None:
    assert NO_GLYPH not in text(slip(name=name))


def test_a_letter_that_the_font_lacks_is_a_box_and_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        told = text(slip(name="漢 Анна\u200f"))
    assert f"{NO_GLYPH} Анна" in told
    assert caplog.records == []
