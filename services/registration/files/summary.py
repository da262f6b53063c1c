"""The summary of a school's pupils by calendar year, as the ministry asks for it: one row a pupil. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from services.registration.copies.steps import Steps
from services.registration.domain.opening_balances import OpeningBalance
from services.registration.domain.participants import Participant
from services.registration.files.class_form import born
from services.registration.files.workbooks import Cell, Column, Sheet
from shared.base.side_thread import paced
from shared.contracts.trials import TRIAL_KINDS, SlotKind
from shared.identity.vault import Identity
from shared.programme.moments import zone

KINDS: dict[SlotKind, str] = {
    "excursion": "Экскурсий",
    "museum": "Корпоративных музеев",
    "master-class": "Мастер-классов",
    "lesson": "Уроков",
    "festival": "Фестивалей",
}
"""The kinds that are no trials, each a column of its own."""
COUNTED = {
    "diagnostics": "диагностик",
    "trials": "проб",
    "excursions": "экскурсий",
    "museums": "корпоративных музеев",
    "master_classes": "мастер-классов",
}
"""The counts of an opening balance."""
COLUMNS = [
    Column("№", 6),
    Column("Фамилия, имя, отчество", 38),
    Column("Муниципалитет", 26),
    Column("Школа", 30),
    Column("Дата рождения", 12),
    Column("Класс", 8),
    Column("Буква", 8),
    Column("Зарегистрирован", 15),
    Column("Диагностик", 11),
    Column("Проб, профессиональных и партнёрских", 17),
    *(Column(title, 15) for title in KINDS.values()),
    Column("Дата архивации", 13),
    Column("Входящий остаток из прежней системы, в показатели не входит", 44),
]


@dataclass(frozen=True, slots=True)
class School:
    """The school, as every row names it."""

    municipality: str
    name: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A pupil with the steps of all seasons."""

    pupil: Participant
    identity: Identity
    steps: tuple[Steps, ...]
    opening: OpeningBalance | None = None
    """What another system counted in the year."""


@dataclass(frozen=True, slots=True)
class Year:
    """The doings of a pupil in one calendar year, by the days on which they count elsewhere too."""

    diagnostics: int
    """Different ones: who repeats one has still done one."""
    activities: Counter[str]
    """Attendances that stand, by kind."""

    @classmethod
    def of(cls, year: int, steps: Iterable[Steps]) -> "Year":
        """The year of a pupil with these steps."""
        diagnostics: set[str] = set()
        activities: Counter[str] = Counter()
        for season in steps:
            diagnostics |= {code for code, time in season.completed() if datetime.fromisoformat(time).year == year}
            activities.update(kind for kind, time in season.activities() if time.year == year)
        return cls(len(diagnostics), activities)

    @property
    def trials(self) -> int:
        """Practical trials, professional and partners'."""
        return sum(self.activities[kind] for kind in TRIAL_KINDS)


def write(sheet: Sheet, school: School, year: int, entries: Iterable[Entry], first: int) -> None:
    """Writes a class, its rows numbered from `first` on."""
    for number, entry in enumerate(paced(entries), first):
        sheet.add([number, *_row(school, entry, Year.of(year, entry.steps))])


def _row(school: School, entry: Entry, done: Year) -> Iterator[Cell]:
    pupil, name = entry.pupil, entry.pupil.place.school_class
    local = zone(pupil.place.utc_offset)
    yield entry.identity.get("name")
    yield school.municipality
    yield school.name
    yield born(entry.identity)
    yield pupil.place.grade
    yield name.removeprefix(str(pupil.place.grade)).lstrip("-") or None
    yield registered(pupil).date()
    yield done.diagnostics
    yield done.trials
    for kind in KINDS:
        yield done.activities[kind]
    yield pupil.archived.at.astimezone(local).date() if pupil.archived else None
    yield None if entry.opening is None else _counted(entry.opening)


def _counted(opening: OpeningBalance) -> str:
    """The counts that are not zero, in words: a number of its own would be added to those of the programme."""
    counts = opening.model_dump()
    return "; ".join(f"{words} {counts[field]}" for field, words in COUNTED.items() if counts[field])


def registered(pupil: Participant) -> datetime:
    """The time at which a pupil was entered for the first time, on the region's clock."""
    return min(pupil.seasons.values()).astimezone(zone(pupil.place.utc_offset))
