"""The sheet of a trip, as a workbook or to be printed: who travels and when, and nobody's contacts. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.registration.files.pages import ending, listing, row
from services.registration.files.workbooks import Column, book
from shared.base.side_thread import paced

COLUMNS = [
    Column("№", 6),
    Column("Фамилия, имя, отчество", 38),
    Column("Начало", 10),
    Column("Код участника", 24),
    Column("Отметка", 14),
]
WIDTHS = (12.0, 88.0, 20.0, 40.0, 20.0)
"""Millimetres of the columns that are printed."""
NOBODY = "____________________"


@dataclass(frozen=True, slots=True)
class Traveller:
    """A pupil who has a seat."""

    name: str
    participant: str
    starts: datetime
    """By the venue's clock."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A trip as it is put on paper."""

    school: str
    name: str
    """Of the class."""
    venue: str
    day: date
    accompanying: str | None
    travellers: Sequence[Traveller]
    made_at: datetime
    """By the school's clock."""

    @property
    def title(self) -> str:
        """The first line of either file."""
        return f"Маршрутный лист · {self.school} · класс {self.name} · {self.day:%d.%m.%Y}"

    @property
    def about(self) -> str:
        """The venue, the adult, and the time as of which it was made."""
        adult = self.accompanying or NOBODY
        return f"Площадка: {self.venue}. Сопровождающий: {adult}. Составлен {self.made_at:%d.%m.%Y %H:%M}."


def workbook(sheet: Sheet, now: datetime) -> bytes:
    """Returns the sheet as a workbook, a row a seat."""
    with book(now) as made:
        rows = made.sheet(f"{sheet.day:%d.%m.%Y}", f"{sheet.title} · {sheet.about}", COLUMNS)
        for number, one in enumerate(paced(sheet.travellers), 1):
            rows.add([number, one.name, f"{one.starts:%H:%M}", one.participant, None])
        return made.close()


def printed(sheet: Sheet, now: datetime) -> bytes:
    """Returns the sheet to be printed and taken along."""
    heading = [
        ("Маршрутный лист", 14),
        (f"{sheet.school}, класс {sheet.name}, {sheet.day:%d.%m.%Y}", 9),
        (f"Площадка: {sheet.venue}", 9),
        (f"Сопровождающий: {sheet.accompanying or NOBODY}", 9),
    ]
    pdf = listing("Маршрутный лист", heading, now)
    row(pdf, WIDTHS, [column.title for column in COLUMNS])
    for number, one in enumerate(paced(sheet.travellers), 1):
        row(pdf, WIDTHS, (str(number), one.name, f"{one.starts:%H:%M}", one.participant, ""))
    count = len({one.participant for one in sheet.travellers})
    made = f"Составлен {sheet.made_at:%d.%m.%Y %H:%M}; после изменения записей его печатают заново."
    return ending(pdf, (f"Учеников: {count}.", made))
