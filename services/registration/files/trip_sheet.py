"""The sheet of a trip, as a workbook or to be printed: who travels and when, and nobody's contacts. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.registration.files.pages import ending, fitting, listing, row
from services.registration.files.workbooks import Column, book
from shared.base.side_thread import paced
from shared.programme.needs import Need

COLUMNS = [
    Column("№", 6),
    Column("Фамилия, имя, отчество", 38),
    Column("Начало", 10),
    Column("Код участника", 24),
    Column("Отметка", 14),
]
WIDTHS = (12.0, 88.0, 20.0, 40.0, 20.0)
"""Millimetres of the columns that are printed."""
WITH_NEEDS = (12.0, 60.0, 16.0, 40.0, 52.0)
"""The same where the last one says what a traveller needs."""
NOBODY = "____________________"
NEEDS: Mapping[Need, str] = {
    "wheelchair": "кресло-коляска",
    "sign-language": "жестовый язык",
    "large-print": "крупный шрифт",
    "quiet-room": "тихая комната",
    "assistant": "помощник",
}


@dataclass(frozen=True, slots=True)
class Traveller:
    """A pupil who has a seat."""

    name: str
    participant: str
    starts: datetime
    """By the venue's clock."""
    needs: Sequence[Need] = ()


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
    tells_needs: bool = False
    """True on the sheet of whoever has read them."""

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
    widths, last = (WITH_NEEDS, "Что нужно на площадке") if sheet.tells_needs else (WIDTHS, COLUMNS[-1].title)
    row(pdf, widths, [*(column.title for column in COLUMNS[:-1]), last])
    for number, one in enumerate(paced(sheet.travellers), 1):
        needs, *more = fitting(pdf, ", ".join(NEEDS[need] for need in one.needs), widths[-1], len(NEEDS))
        row(pdf, widths, (str(number), one.name, f"{one.starts:%H:%M}", one.participant, needs))
        for line in more:
            row(pdf, widths, ("", "", "", "", line))
    count = len({one.participant for one in sheet.travellers})
    made = f"Составлен {sheet.made_at:%d.%m.%Y %H:%M}; после изменения записей его печатают заново."
    return ending(pdf, (f"Учеников: {count}.", made))
