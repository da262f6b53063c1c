"""The form of a class: who takes part, with whose consent, how far each has come, and which cabinets are open. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from services.registration.answers.codes import CodesView, State
from services.registration.answers.progress import SeasonView
from services.registration.domain.cabinets import SELF
from services.registration.domain.participants import Participant
from services.registration.files.workbooks import Book, Cell, Column
from shared.base.side_thread import paced
from shared.contracts.registration import ConsentChannel
from shared.identity.vault import Identity
from shared.programme.moments import zone
from shared.programme.stages import STAGES, Stage

CHANNELS: dict[ConsentChannel, str] = {"gosuslugi": "Госуслуги", "paper": "на бумаге", "cabinet": "в кабинете"}
STATES: dict[State, str] = {
    "open": "код не использован",
    "redeemed": "кабинет открыт",
    "revoked": "код отозван",
    "expired": "срок кода истёк",
}
REACHED: dict[Stage, str] = {
    "registered": "Зарегистрирован",
    "participated": "Участвует",
    "tested": "Диагностика пройдена",
    "attended": "Первая проба",
    "completed": "Все этапы",
    "recommended": "Рекомендация",
}
PUPILS = [
    Column("№", 5),
    Column("Фамилия, имя, отчество", 38),
    Column("Дата рождения", 12),
    Column("Ключ школы", 16),
    Column("Согласие", 10),
    Column("Согласие дано", 12),
    Column("Как дано", 12),
    Column("Версия согласия", 12),
    Column("Представителей", 9),
    Column("Открыли кабинет", 9),
    Column("Кабинет ученика", 20),
    Column("Диагностик", 11),
    Column("Проб", 8),
    Column("Других мероприятий", 13),
    *(Column(REACHED[stage], 15) for stage in STAGES),
]
CODES = [
    Column("№", 5),
    Column("Ученик", 38),
    Column("Кому код", 16),
    Column("Имя представителя", 38),
    Column("Состояние", 20),
    Column("Действует до", 13),
]


@dataclass(frozen=True, slots=True)
class Entry:
    """A pupil of the class as the form shows one."""

    pupil: Participant
    identity: Identity
    """Name and birth date; empty once they were erased."""
    progress: SeasonView
    codes: CodesView
    now: datetime


def write(book: Book, title: str, entries: Iterable[Entry]) -> None:
    """Writes the form's two sheets: the class, and the state of each one-time code of it."""
    pupils, codes = book.sheet("Класс", title, PUPILS), book.sheet("Коды", f"{title} · одноразовые коды", CODES)
    number = 0
    for place, entry in enumerate(paced(entries), 1):
        pupils.add([place, *_pupil(entry)])
        for row in _codes(entry):
            number += 1
            codes.add([number, *row])


def _pupil(entry: Entry) -> Iterator[Cell]:
    pupil, progress = entry.pupil, entry.progress
    consent = pupil.consent_at(entry.now)
    yield entry.identity.get("name")
    yield born(entry.identity)
    yield pupil.external_ref
    yield "нет" if consent is None else "есть"
    yield _local(consent.given_at, pupil) if consent else None
    yield CHANNELS[consent.channel] if consent else None
    yield consent.version if consent else None
    yield len(pupil.guardians)
    yield len(pupil.linked)
    yield STATES[entry.codes.codes[0].state]
    yield len(progress.diagnostics)
    yield progress.trials
    yield progress.activities
    reached = progress.stages
    for stage in STAGES:
        time = progress.registered_at if reached is None and stage == "registered" else getattr(reached, stage, None)
        yield time and time.date()


def _codes(entry: Entry) -> Iterator[list[Cell]]:
    for code in entry.codes.codes:
        is_own = code.owner == SELF
        whose: list[Cell] = ["ученику", None] if is_own else ["представителю", code.name]
        end = code.expires if code.state == "open" else None
        yield [entry.identity.get("name"), *whose, STATES[code.state], end and end.date()]


def born(identity: Identity) -> date | None:
    """The birth date of an identity; None where there is none."""
    return date.fromisoformat(identity["birth_date"]) if "birth_date" in identity else None


def _local(time: datetime, pupil: Participant) -> date:
    return time.astimezone(zone(pupil.place.utc_offset)).date()
