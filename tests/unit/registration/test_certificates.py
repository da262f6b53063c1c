"""Certificates: the newest recommendation that stands, numbers that nobody can make, and a page and a picture alike."""

import io
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from services.registration.answers.certificates import VerifiedView
from services.registration.certificate_numbers import CertificateNumbers, Certified
from services.registration.copies.steps import Steps, step
from services.registration.files import certificate, verified_page
from services.registration.files.certificate import Certificate
from services.registration.files.pages import NO_GLYPH
from services.registration.reads.certificates import initials
from services.registration.texts.certificates import WORDS
from shared.base.languages import Language
from shared.contracts.event import Event
from shared.contracts.trials import RecommendationWithdrawn
from tests.builders.events import PLACE, at, enveloped, recommended
from tests.drivers.files import PDF, text_of

NUMBERS = CertificateNumbers(b"k" * 32)
OF = Certified("p1", "2020", "r1")
SHOWN = Certificate(
    name="Ёлкина Анна",
    where="Школа № 1, 7А",
    season="Сезон 2020",
    competencies=["Поварское дело", "Право"],
    revision=2,
    issued_at=at("2020-10-06"),
    address="https://bilet.example/registration/certificates/" + NUMBERS.write(OF),
)


def withdrawn(recommendation: str, *, replaced: bool) -> Event:
    fields = {**PLACE, "participant": "p1", "season": "2020"}
    return RecommendationWithdrawn(**fields, recommendation=recommendation, replaced=replaced)


TOLD = [
    recommended(recommendation="r1"),
    withdrawn("r1", replaced=True),
    recommended(recommendation="r2", competencies=("law", "gov"), revision=2, revised_at=at("2020-10-20")),
]


@given(st.lists(st.sampled_from(TOLD), max_size=4).flatmap(lambda more: st.permutations([*TOLD, *more])))
def test_the_newest_recommendation_that_stands_is_certified_in_whatever_order_it_is_told(order: list[Event]) -> None:
    sets: dict[str, list[Any]] = {}
    for event in order:
        found = step(enveloped(event))
        assert found is not None
        known = sets.setdefault(found[0], [])
        known += [] if found[1] in known else [found[1]]
    steps = Steps.of(sets)
    assert steps.in_force is not None
    assert (steps.in_force.id, steps.in_force.revision, steps.in_force.competencies) == ("r2", 2, ("law", "gov"))
    assert steps.in_force.revised_at == at("2020-10-20")
    assert steps.recommendations().keys() == {"r1", "r2"}


def test_a_recommendation_of_an_earlier_release_names_no_competency_until_it_is_read_anew() -> None:
    old, new = ["r1", at("2020-10-06").isoformat()], step(enveloped(TOLD[0]))
    assert new is not None
    before = Steps(recommended=[old]).in_force
    assert before is not None
    assert (before.revision, before.competencies, before.revised_at) == (1, (), at("2020-10-06"))
    both = Steps(recommended=[list(new[1]), old]).in_force
    assert both is not None
    assert both.competencies == ("gov",)


def test_a_number_is_the_same_each_time_and_read_where_it_was_written_alone() -> None:
    number = NUMBERS.write(OF)
    assert (NUMBERS.write(OF), NUMBERS.read(number)) == (number, OF)
    assert CertificateNumbers(b"l" * 32).read(number) is None
    assert not any(part in number for part in OF)


@given(st.text(st.sampled_from("AZaz09-_Я="), max_size=90))
def test_no_number_is_guessed(number: str) -> None:
    assert NUMBERS.read(number) is None


def test_a_page_says_what_is_certified() -> None:
    told = text_of(PDF, certificate.pdf(SHOWN, "ru", at("2020-11-01")))
    for words in (
        "Ёлкина Анна",
        "Школа № 1, 7А",
        "Сезон 2020",
        "• Поварское дело",
        "• Право",
        "06.10.2020, редакция 2",
    ):
        assert words in told
    assert "Recommended fields" in text_of(PDF, certificate.pdf(SHOWN, "en", at("2020-11-01")))


def test_a_long_name_and_letters_without_a_shape_keep_their_place() -> None:
    long = Certificate(
        name="Ёлкина 𓀀 " + "Анна-" * 38,
        where="Школа " * 30,
        season="Сезон",
        competencies=["Государственное и муниципальное управление " * 5] * 3,
        revision=1,
        issued_at=at("2020-10-06"),
        address=SHOWN.address,
    )
    told = text_of(PDF, certificate.pdf(long, "ru", at("2020-11-01")))
    assert NO_GLYPH in told
    assert "…" in told
    lines = list(certificate._lines(long, "ru"))
    assert max(line.base for line in lines) < certificate.HEIGHT - certificate.MARGIN / 2


def test_the_picture_has_the_page_s_size_and_a_code_with_a_quiet_zone() -> None:
    picture = Image.open(io.BytesIO(certificate.png(SHOWN, "ru"))).convert("L")
    assert picture.size == (1240, 874)
    corner = round((certificate.WIDTH - certificate.MARGIN - certificate.QR_SIDE) * certificate.DOTS)
    top = round(certificate.MARGIN * certificate.DOTS)
    side = round(certificate.QR_SIDE * certificate.DOTS)
    code = picture.crop((corner, top, corner + side, top + side))
    dark = sum(code.histogram()[:64]) / (side * side)
    assert 0.2 < dark < 0.6
    assert sum(picture.crop((corner, top, corner + 10, top + side)).histogram()[:200]) == 0


@pytest.mark.parametrize(("name", "told"), [("Ёлкина Анна Петровна", "Ё. А. П."), ("ким", "К."), ("", "")])
def test_initials_are_all_that_strangers_see(name: str, told: str) -> None:
    assert initials(name) == told


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_page_of_a_stranger_says_whether_it_holds_and_takes_no_markup(language: Language) -> None:
    found = VerifiedView(
        state="valid",
        initials="Ё. А.",
        season="2020",
        season_name="<b>Сезон</b>",
        revision=1,
        issued_at=datetime.fromisoformat("2020-10-06T10:00:00+03:00"),
        competencies=["<script>"],
    )
    told = verified_page.page(found, language)
    assert WORDS[language].states["valid"] in told
    assert "Ё. А." in told
    assert "<script>" not in told
    assert "&lt;b&gt;Сезон" in told
    assert WORDS[language].unknown in verified_page.page(None, language)
