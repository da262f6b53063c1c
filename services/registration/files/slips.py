"""One-time codes to be printed and cut out: a slip for each who has one, so that nobody gets another's. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from fpdf import FPDF

from services.registration.files.pages import drawable, fitting, pages
from shared.base.side_thread import paced

Owner = Literal["guardian", "pupil"]
COLUMNS, ROWS = 2, 5
MARGIN, WIDTH, HEIGHT = 10.0, 95.0, 55.0
"""Millimetres of an A4 page, and of a slip."""
INSIDE = 5.0
"""Between a slip's edge and its text."""
LEADING = 0.55
"""Millimetres from a line to the next, for each point of its size."""
GROUP = 4
"""Characters of a code that are read at once."""
TO: dict[Owner, str] = {"guardian": "Родителю или законному представителю", "pupil": "Ученику"}


@dataclass(frozen=True, slots=True)
class Slip:
    """A code, with whom it is for."""

    owner: Owner
    name: str
    """Of the one who is handed it."""
    pupil: str
    code: str
    until: date | None
    """The last day; None where the code has no end."""


def printed(heading: str, where: str, slips: Sequence[Slip], now: datetime) -> bytes:
    """The pages with these slips, ten a page; `where` says where a code is typed."""
    pdf = pages("Одноразовые коды", now)
    for number, slip in enumerate(paced(slips)):
        place = number % (COLUMNS * ROWS)
        if place == 0:
            pdf.add_page()
        _draw(pdf, (MARGIN + place % COLUMNS * WIDTH, MARGIN + place // COLUMNS * HEIGHT), heading, where, slip)
    return bytes(pdf.output())


def _draw(pdf: FPDF, corner: tuple[float, float], heading: str, where: str, slip: Slip) -> None:
    left, top = corner
    pdf.set_draw_color(150)
    pdf.set_dash_pattern(dash=1.5, gap=1.5)
    pdf.rect(left, top, WIDTH, HEIGHT)
    about = [] if slip.owner == "pupil" else [(f"Ребёнок: {slip.pupil}", 8.0, 1)]
    until = "без срока" if slip.until is None else f"до {slip.until:%d.%m.%Y} включительно"
    lines = [
        (heading, 7.0, 1),
        (f"{TO[slip.owner]}:", 8.0, 1),
        (slip.name, 10.0, 2),
        *about,
        ("-".join(slip.code[n : n + GROUP] for n in range(0, len(slip.code), GROUP)), 17.0, 1),
        (f"Где ввести: {where}", 8.0, 2),
        (f"Действует {until}.", 8.0, 1),
        ("Код одноразовый: никому его не показывайте.", 8.0, 1),
    ]
    pdf.set_xy(left + INSIDE, top + INSIDE)
    for text, size, most in lines:
        pdf.set_font("sans", size=size)
        for line in fitting(pdf, drawable(pdf, text), WIDTH - 2 * INSIDE, most):
            pdf.set_x(left + INSIDE)
            pdf.cell(WIDTH - 2 * INSIDE, size * LEADING, line, new_x="LMARGIN", new_y="NEXT")
