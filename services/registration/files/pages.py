"""Pages to be printed, in a font that has the letters of all peoples of the country. Pure."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import MethodReturnValue
from fpdf.fonts import TTFFont

for library in ("fontTools", "fpdf"):
    logging.getLogger(library).setLevel(logging.ERROR)  # they tell of the letters of names
FONT = Path(__file__).parent / "DejaVuSans.ttf"
"""DejaVu Sans 2.37 as it was published: it has the letters of all peoples of the country, and may be passed on freely
(LICENSE.DejaVu). The fonts that every reader of PDF has are without Cyrillic."""
MARGIN, ROW, LAST = 15.0, 6.0, 265.0
"""Millimetres of a page with a list: its edge, the height of a row, and where the last one begins at the latest."""
NO_GLYPH = "□"
"""Stands for a letter that the font lacks: the library would write such a letter of a name into the log."""


def pages(title: str, now: datetime) -> FPDF:
    """Returns a document of A4 pages, none yet; whoever draws on them begins each."""
    pdf = FPDF(format="A4")
    pdf.set_creation_date(now)
    pdf.set_lang("ru")
    pdf.set_title(title)
    pdf.add_font("sans", "", FONT)
    pdf.set_auto_page_break(False)
    return pdf


def drawable(pdf: FPDF, text: str) -> str:
    """Returns a text without what cannot be drawn."""
    font = pdf.fonts["sans"]
    assert isinstance(font, TTFFont)
    return "".join(letter if ord(letter) in font.cmap else NO_GLYPH for letter in text if letter.isprintable())


def cut(pdf: FPDF, text: str, width: float) -> str:
    """Returns a text that can be drawn within a width; what is longer ends in dots."""
    seen = drawable(pdf, text)
    if pdf.get_string_width(seen) <= width:
        return seen
    while seen and pdf.get_string_width(f"{seen}…") > width:
        seen = seen[:-1]
    return f"{seen}…"


def fitting(pdf: FPDF, text: str, width: float, most: int) -> list[str]:
    """Returns a text in at most so many lines of a width; what is longer ends in dots."""
    if pdf.get_string_width(text) < width - 2:
        return [text]
    told = pdf.multi_cell(width, None, text, dry_run=True, output=MethodReturnValue.LINES)
    assert isinstance(told, list)
    lines = [str(line) for line in told]
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while pdf.get_string_width(f"{last}…") > width - 2:
        last = last[:-1]
    return [*lines[: most - 1], f"{last}…"]


def listing(title: str, heading: Iterable[tuple[str, int]], now: datetime) -> FPDF:
    """Returns a document that begins with these lines, each with its size, and goes on with rows."""
    pdf = pages(title, now)
    pdf.set_margins(MARGIN, MARGIN)
    pdf.add_page()
    for text, size in heading:
        pdf.set_font("sans", size=size)
        pdf.cell(0, size * 0.6, cut(pdf, text, pdf.epw), new_x="LMARGIN", new_y="NEXT")
    pdf.ln(3)
    pdf.set_font("sans", size=8)
    return pdf


def row(pdf: FPDF, widths: Sequence[float], cells: Sequence[str], figures: int = 0) -> None:
    """Draws a row, on a new page where this one is full; so many of its last cells are figures."""
    _turn(pdf)
    for left, (text, width) in enumerate(zip(cells, widths, strict=True), 1):
        align = "R" if left > len(widths) - figures else "L"
        pdf.cell(width, ROW, cut(pdf, text, width - 2), border=1, align=align)
    pdf.ln(ROW)


def ending(pdf: FPDF, lines: Iterable[str]) -> bytes:
    """Returns the document with these lines below its rows."""
    pdf.ln(3)
    pdf.set_font("sans", size=10)
    for text in lines:
        _turn(pdf)
        pdf.cell(0, ROW, cut(pdf, text, pdf.epw), new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


def _turn(pdf: FPDF) -> None:
    if pdf.get_y() > LAST:
        pdf.add_page()
