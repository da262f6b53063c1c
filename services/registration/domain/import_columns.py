"""The columns of files of pupils, by the titles that schools write above them. Data; the documentation lists them."""

from collections.abc import Mapping, Sequence

from services.registration.domain.number_columns import NUMBERS
from shared.base.languages import Language
from shared.contracts.registration import ConsentChannel
from shared.tables.columns import Columns


def _of_whom(title: str) -> list[str]:
    """A title, alone and with the words by which forms call a pupil."""
    return [title, *(f"{title} {whom}" for whom in ("ученика", "обучающегося", "учащегося", "ребёнка"))]


REPRESENTATIVES = (
    *("Родитель", "Законный представитель", "Родитель (законный представитель)", "Родители", "Представитель", "Мать"),
    *("Данные родителя", "Данные законного представителя", "Сведения о родителе", "Сведения о законном представителе"),
)
"""What stands over the titles of a guardian's columns."""

TITLES: Mapping[str, Sequence[str]] = {
    "school": ["Код школы", "Код организации", "Код ОО", "Код ОУ", "School code"],
    "school_name": ["Школа", "Образовательная организация", "Наименование ОО", "Название школы", "School name"],
    "municipality": ["Муниципалитет", "Муниципальное образование", "Район", "Municipality"],
    "class": ["Класс", "Класс обучения", "Группа (класс)", "Класс/группа", "Класс, литера", "School class"],
    "letter": ["Литера", "Буква", "Литера класса", "Буква класса", "Letter"],
    "grade": ["Класс (без буквы)", "Параллель", "Год обучения", "Номер класса", "Year of school"],
    "external_ref": [
        "Ключ",
        "Ключ ученика",
        "Личный номер",
        "Личное дело",
        "№ личного дела",
        "Номер личного дела",
        "Код ученика",
        "ID ученика",
        "ID",
        "Key",
    ],
    "name": [
        *_of_whom("ФИО"),
        "Ф.И.О.",
        "Фамилия, имя, отчество",
        "Фамилия Имя Отчество",
        "Фамилия, имя",
        "Ученик",
        "Учащийся",
        "Обучающийся",
        "Full name",
    ],
    "last_name": [*_of_whom("Фамилия"), "Last name", "Surname"],
    "first_name": [*_of_whom("Имя"), "First name"],
    "patronymic": [*_of_whom("Отчество"), "Middle name"],
    "birth_date": [*_of_whom("Дата рождения"), "Дата рожд.", "Д.р.", "ДР", "День рождения", "Date of birth"],
    "disability": ["ОВЗ", "ОВЗ/инвалидность", "ОВЗ или инвалидность", "ОВЗ, инвалидность", "Disability"],
    "invalid": ["Инвалидность", "Инвалид", "Ребёнок-инвалид"],
    "guardian": [
        "Родитель",
        "ФИО родителя",
        "Законный представитель",
        "ФИО законного представителя",
        "Родитель (законный представитель)",
        *(f"{who} {what}" for who in REPRESENTATIVES for what in ("ФИО", "Фамилия, имя, отчество")),
        "ФИО родителя (законного представителя)",
        "Мать",
        "ФИО матери",
        "Guardian",
    ],
    "guardian_ref": ["Ключ родителя", "Код родителя", "ID родителя", "Guardian key"],
    "guardian_inn": ["ИНН организации", "ИНН законного представителя", "ИНН представителя", "Guardian's INN"],
    "guardian_ogrn": ["ОГРН организации", "ОГРН законного представителя", "ОГРН представителя", "Guardian's OGRN"],
    "second_guardian": [
        "Второй родитель",
        "ФИО второго родителя",
        "Второй родитель ФИО",
        "Отец",
        "ФИО отца",
        "Отец ФИО",
        "Second guardian",
    ],
    "second_guardian_ref": ["Ключ второго родителя", "Код второго родителя", "Second guardian key"],
    "consent_version": [
        "Версия согласия",
        "Согласие, версия",
        "Согласие (версия)",
        "Согласие версия документа",
        "Consent version",
    ],
    "consent_day": [
        "Дата согласия",
        "Согласие от",
        "Согласие, дата",
        "Согласие когда дано",
        "Дата подписания согласия",
        "Consent date",
    ],
    "consent_channel": ["Способ согласия", "Форма согласия", "Согласие, способ", "Согласие форма", "Consent channel"],
    "consent_by": [
        "Кто дал согласие",
        "Согласие дал",
        "Согласие дал(а)",
        "Кем дано согласие",
        "Согласие кто дал",
        "Согласие кем дано",
        "Consent by",
    ],
    "consent_number": ["Номер согласия", "№ согласия", "Согласие, номер", "Номер в журнале согласий", "Consent number"],
    "archived_on": ["Дата архивации", "Archived on"],
    "diagnostics": ["Количество пройденных диагностик…", "Кол-во пройденных диагностик…", "Пройдено диагностик…"],
    "trials": [
        "Кол-во посещенных профессиональных и партнерских проб…",
        "Количество посещенных профессиональных и партнерских проб…",
        "Посещено проф. и партнёрских проб…",
    ],
    "excursions": [
        "Кол-во посещенных экскурсий на предприятие…",
        "Количество посещенных экскурсий на предприятие…",
        "Посещено экскурсий…",
    ],
    "museums": [
        "Кол-во посещенных экскурсий в корпоративный музей…",
        "Количество посещенных экскурсий в корпоративный музей…",
        "Посещено корпоративных музеев…",
    ],
    "master_classes": [
        "Кол-во посещенных мастер-классов…",
        "Количество посещенных мастер-классов…",
        "Посещено мастер-классов…",
    ],
    "namesake": ["Тёзка", "Полный тёзка", "Другой ребёнок с тем же именем", "Another child of the same name"],
}
PUPIL = [
    *("Ученик", "Обучающийся", "Учащийся", "Ребёнок", "Ученики", "Обучающиеся", "Учащиеся"),
    *("Данные ученика", "Данные обучающегося", "Данные учащегося", "Данные ребёнка"),
    *("Сведения об ученике", "Сведения об обучающемся", "Сведения об учащемся", "Сведения о ребёнке", "Pupil"),
]
"""What stands over titles that are a pupil's anyway."""
IS_NUMBERS = "a report of numbers of pupils by class: send it to `POST /registration/regions/{code}/numbers`"
COUNTS = ("diagnostics", "trials", "excursions", "museums", "master_classes")
"""The columns of what a pupil did within a calendar year, as another system counted it."""
CHANNELS: Mapping[str, ConsentChannel] = {
    **dict.fromkeys(("бумага", "на бумаге", "бумажное", "бумажная", "бумажный", "paper"), "paper"),
    **dict.fromkeys(("бумажный носитель", "на бумажном носителе", "письменно", "письменное", "письменная"), "paper"),
    **dict.fromkeys(("госуслуги", "через госуслуги", "на госуслугах", "портал госуслуг"), "gosuslugi"),
    **dict.fromkeys(("епгу", "есиа", "госуслуги есиа", "gosuslugi"), "gosuslugi"),
    **dict.fromkeys(("кабинет", "личный кабинет", "в личном кабинете", "cabinet"), "cabinet"),
}
"""The ways in which a consent is given, as cells say them."""
GIVERS: Mapping[str, bool] = {
    **dict.fromkeys(("ученик", "ученица", "обучающийся", "учащийся", "сам", "сама", "лично", "pupil"), True),
    **dict.fromkeys(("родитель", "законный представитель", "представитель", "опекун", "guardian"), False),
}
"""Who gave a consent, as cells say it: true for a pupil who was of age then."""
WORDS: Mapping[str, str] = {
    "guardian/name": "guardian",
    "guardian/ref": "guardian_ref",
    "guardian": "guardian_inn",
    "guardian/inn": "guardian_inn",
    "guardian/ogrn": "guardian_ogrn",
    "guardians/0/name": "second_guardian",
    "guardians/0/ref": "second_guardian_ref",
    "consent": "consent_version",
    "consent/version": "consent_version",
    "consent/given_at": "consent_day",
    "consent/channel": "consent_channel",
    "consent/guardian": "guardian",
    "consent/by_pupil": "consent_by",
    "consent/register_number": "consent_number",
    "guardians": "second_guardian",
}
"""The column that holds what a line of a roster calls by another word."""


BESIDE: Mapping[str, str] = {"season": "Сезон", "occurred_at": "Дата списка"}
"""What the request says of all lines, in the words of people."""


def title_of(name: str, language: Language) -> str:
    """The title of a column that a file does not have; an empty name has none."""
    return name if language == "en" else next(iter(TITLES.get(name, ())), BESIDE.get(name, name))


def columns_of(school: bool, school_class: bool) -> Columns:
    """The columns of a file; what the request says of all lines, school or class, needs none."""
    needed = [["name", "last_name"], ["birth_date"]]
    needed += [] if school else [["school", "school_name"]]
    needed += [] if school_class else [["class", "grade"]]
    return Columns(TITLES, needed, {IS_NUMBERS: NUMBERS}, PUPIL)
