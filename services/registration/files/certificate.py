"""The certificate («билет») of a recommendation as PDF and as PNG, from one layout. Pure."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from fpdf import FPDF
from fpdf.fonts import TTFFont
from PIL import Image, ImageDraw, ImageFont

from services.registration.files.pages import FONT, NO_GLYPH
from services.registration.files.qr_code import Bar, bars
from services.registration.texts.certificates import WORDS
from shared.base.languages import Language

WIDTH, HEIGHT, MARGIN = 210.0, 148.0, 14.0
"""Millimetres of an A5 page on its long side."""
TEXT_WIDTH = 116.0
QR_SIDE = 54.0
POINT = 25.4 / 72
"""Millimetres of a point."""
DOTS = 150 / 25.4
"""Dots of the picture for a millimetre: 150 an inch."""
LEADING = 1.35
INK = (25, 43, 77)


@dataclass(frozen=True, slots=True)
class Certificate:
    """All that stands on a certificate."""

    name: str
    where: str
    """School and class."""
    season: str
    competencies: Sequence[str]
    revision: int
    issued_at: datetime
    """On the region's clock."""
    address: str
    """Where it is verified."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text; the place is that of its beginning on the base line, in millimetres."""

    left: float
    base: float
    points: float
    text: str


def pdf(certificate: Certificate, language: Language, now: datetime) -> bytes:
    """Returns the certificate as a page to be printed."""
    page = FPDF(orientation="landscape", format=(HEIGHT, WIDTH))
    page.set_creation_date(now)
    page.set_lang(language)
    page.set_title(WORDS[language].title)
    page.add_font("sans", "", FONT)
    page.set_auto_page_break(False)
    page.add_page()
    page.set_draw_color(*INK)
    page.set_line_width(0.8)
    page.rect(MARGIN / 2, MARGIN / 2, WIDTH - MARGIN, HEIGHT - MARGIN)
    page.set_text_color(*INK)
    for line in _lines(certificate, language):
        page.set_font("sans", size=line.points)
        page.text(line.left, line.base, line.text)
    page.set_fill_color(0)
    for bar in _qr(certificate.address):
        page.rect(bar.left, bar.top, bar.width, bar.height, style="F")
    page.link(WIDTH - MARGIN - QR_SIDE, MARGIN, QR_SIDE, QR_SIDE, certificate.address)
    return bytes(page.output())


def png(certificate: Certificate, language: Language) -> bytes:
    """Returns the certificate as a picture."""
    picture = Image.new("RGB", (round(WIDTH * DOTS), round(HEIGHT * DOTS)), "white")
    draw = ImageDraw.Draw(picture)
    edge = (MARGIN / 2 * DOTS, MARGIN / 2 * DOTS, (WIDTH - MARGIN / 2) * DOTS, (HEIGHT - MARGIN / 2) * DOTS)
    draw.rectangle(edge, outline=INK, width=5)
    for line in _lines(certificate, language):
        place = (line.left * DOTS, line.base * DOTS)
        draw.text(place, line.text, INK, _font(round(line.points * POINT * DOTS)), anchor="ls")
    for bar in _qr(certificate.address):
        right, bottom = bar.left + bar.width, bar.top + bar.height
        draw.rectangle((bar.left * DOTS, bar.top * DOTS, right * DOTS - 1, bottom * DOTS - 1), fill="black")
    written = io.BytesIO()
    picture.quantize(16).save(written, "PNG", optimize=True)
    return written.getvalue()


def _lines(certificate: Certificate, language: Language) -> Iterator[Line]:
    words = WORDS[language]
    dated = words.dated.format(day=f"{certificate.issued_at:%d.%m.%Y}", revision=certificate.revision)
    advised = [words.advised, *(f"• {name}" for name in certificate.competencies)] if certificate.competencies else []
    told = [
        (words.title.upper(), 26.0, 1),
        (words.given, 12.0, 1),
        (certificate.name, 18.0, 3),
        (certificate.where, 10.0, 2),
        (words.season.format(season=certificate.season), 11.0, 1),
        *((text, 12.0, 2) for text in advised),
        (dated, 10.0, 1),
    ]
    base = MARGIN
    for text, points, most in told:
        for line in _fitting(_drawable(text), points, most):
            base += points * POINT * LEADING
            yield Line(MARGIN, base, points, line)
        base += 2.2
    yield Line(WIDTH - MARGIN - QR_SIDE + 4, MARGIN + QR_SIDE + 5, 10.0, words.verify)


def _fitting(text: str, points: float, most: int) -> list[str]:
    """The text in at most so many lines; what is longer ends in dots."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if _width(longer, points) <= TEXT_WIDTH or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return [_cut(line, points, is_cut=number == most - 1 < len(lines) - 1) for number, line in enumerate(lines[:most])]


def _cut(line: str, points: float, *, is_cut: bool) -> str:
    if not is_cut and _width(line, points) <= TEXT_WIDTH:
        return line
    while line and _width(f"{line}…", points) > TEXT_WIDTH:
        line = line[:-1]
    return f"{line}…"


def _qr(address: str) -> Iterator[Bar]:
    """The QR code, in the upper right corner."""
    return bars(address, WIDTH - MARGIN - QR_SIDE, MARGIN, QR_SIDE)


def _width(text: str, points: float) -> float:
    return _font(100).getlength(text) / 100 * points * POINT


@cache
def _font(dots: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONT, dots, layout_engine=ImageFont.Layout.BASIC)


@cache
def _letters() -> frozenset[int]:
    page = FPDF()
    page.add_font("sans", "", FONT)
    font = page.fonts["sans"]
    assert isinstance(font, TTFFont)
    letters = frozenset(font.cmap)
    font.close()
    return letters


def _drawable(text: str) -> str:
    return "".join(letter if ord(letter) in _letters() else NO_GLYPH for letter in text if letter.isprintable())
