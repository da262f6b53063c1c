"""An act for payment with the names of those who attended, as a workbook or to be printed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from services.registration.files.pages import ending, listing, row
from services.registration.files.workbooks import Column, book
from shared.base.side_thread import paced

UNNAMED = "—"
"""Stands for whoever was erased since, or is not the reader's to see."""
COLUMNS = [
    Column("№", 6),
    Column("Фамилия, имя, отчество", 38),
    Column("Дата", 12),
    Column("Участие", 22),
    Column("Занятие", 22),
    Column("Сумма, руб.", 14),
]
WIDTHS = (12.0, 84.0, 24.0, 34.0, 26.0)
"""Millimetres of the columns that are printed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the act, with who attended."""

    name: str | None
    """None for whoever was erased since, or is not the reader's to see."""
    day: date | None
    attendance: str
    slot: str
    kopecks: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """An act as it is put on paper."""

    number: int
    organisation: str
    venue: str
    season: str
    begins: date
    ends: date
    pupils: int
    entries: Sequence[Entry]

    @property
    def title(self) -> str:
        """The first line of either file."""
        return f"Акт № {self.number} · {self.organisation} · {self.period}"

    @property
    def period(self) -> str:
        """The days that it is for."""
        return f"с {self.begins:%d.%m.%Y} по {self.ends:%d.%m.%Y}"

    @property
    def total(self) -> int:
        """The sum in kopecks."""
        return sum(entry.kopecks for entry in self.entries)


def workbook(sheet: Sheet, now: datetime) -> bytes:
    """Returns the act as a workbook: a row a line, and the sum below."""
    with book(now) as made:
        rows = made.sheet(f"Акт {sheet.number}", f"{sheet.title} · площадка {sheet.venue} · {sheet.season}", COLUMNS)
        for number, entry in enumerate(paced(sheet.entries), 1):
            name = entry.name or UNNAMED
            rows.add([number, name, entry.day, entry.attendance, entry.slot, _roubles(entry.kopecks)])
        rows.add([None, f"Итого, учеников: {sheet.pupils}", None, None, None, _roubles(sheet.total)])
        return made.close()


def printed(sheet: Sheet, now: datetime) -> bytes:
    """Returns the act to be printed and signed by both sides."""
    heading = (
        (f"Акт № {sheet.number}", 14),
        (f"Исполнитель: {sheet.organisation}, площадка {sheet.venue}", 9),
        (f"Сезон: {sheet.season}. Период: {sheet.period}.", 9),
    )
    pdf = listing(f"Акт № {sheet.number}", heading, now)
    row(pdf, WIDTHS, ("№", "Фамилия, имя, отчество", "Дата", "Участие", "Сумма, руб."), figures=1)
    for number, entry in enumerate(paced(sheet.entries), 1):
        day = "" if entry.day is None else f"{entry.day:%d.%m.%Y}"
        told = (str(number), entry.name or UNNAMED, day, entry.attendance, _told(entry.kopecks))
        row(pdf, WIDTHS, told, figures=1)
    total = f"Итого: {_told(sheet.total)} руб., учеников: {sheet.pupils}."
    line = "____________________"
    return ending(pdf, (total, "", f"Исполнитель: {line}", "", f"Заказчик: {line}"))


def _roubles(kopecks: int) -> Decimal:
    return Decimal(kopecks) / 100


def _told(kopecks: int) -> str:
    return f"{_roubles(kopecks):,.2f}".replace(",", " ").replace(".", ",").replace("-", "\u2212")
