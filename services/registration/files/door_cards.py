"""Pupils' own codes to be printed and cut out: a card for each, to be shown at the door. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fpdf import FPDF

from services.registration.files.pages import drawable, fitting, pages
from services.registration.files.qr_code import bars
from shared.base.side_thread import paced

COLUMNS, ROWS = 2, 5
MARGIN, WIDTH, HEIGHT = 10.0, 95.0, 55.0
"""Millimetres of an A4 page, and of a card."""
SIDE, INSIDE = 51.0, 2.0
"""Of the QR code, which has some seventy modules a row, and between a card's edge and it."""
TEXT = WIDTH - SIDE - 2 * INSIDE
LEADING = 0.55
"""Millimetres from a line to the next, for each point of its size."""


@dataclass(frozen=True, slots=True)
class Card:
    """A pupil's own code."""

    name: str
    code: str


def printed(heading: str, cards: Sequence[Card], now: datetime) -> bytes:
    """Returns the pages with these cards, ten a page."""
    pdf = pages("Коды учеников", now)
    for number, card in enumerate(paced(cards)):
        place = number % (COLUMNS * ROWS)
        if place == 0:
            pdf.add_page()
        _draw(pdf, MARGIN + place % COLUMNS * WIDTH, MARGIN + place // COLUMNS * HEIGHT, heading, card)
    return bytes(pdf.output())


def _draw(pdf: FPDF, left: float, top: float, heading: str, card: Card) -> None:
    pdf.set_draw_color(150)
    pdf.set_dash_pattern(dash=1.5, gap=1.5)
    pdf.rect(left, top, WIDTH, HEIGHT)
    for bar in bars(card.code, left + INSIDE, top + INSIDE, SIDE):
        pdf.rect(bar.left, bar.top, bar.width, bar.height, style="F")
    lines = [
        (card.name, 10.0, 3),
        (heading, 7.0, 3),
        ("Покажите код на входе площадки. Это личный код: никому его не отдавайте.", 7.0, 4),
    ]
    pdf.set_xy(left, top + 3 * INSIDE)
    for text, size, most in lines:
        pdf.set_font("sans", size=size)
        for line in fitting(pdf, drawable(pdf, text), TEXT, most):
            pdf.set_x(left + SIDE + INSIDE)
            pdf.cell(TEXT, size * LEADING, line, new_x="LMARGIN", new_y="NEXT")
        pdf.ln(1)
