"""The columns of a region's directory by the titles that operators write, and the words of its cells. Data."""

from collections.abc import Mapping, Sequence

from shared.contracts.organisations import Level, OrganisationKind
from shared.tables.columns import Columns

TITLES: Mapping[str, Sequence[str]] = {
    "code": ["Код", "Код организации", "Код ОО", "Код ОУ", "Код школы", "Organisation code"],
    "kind": ["Вид", "Вид организации", "Тип", "Тип организации", "Тип ОО", "Organisation kind"],
    "name": [
        "Наименование",
        "Название",
        "Наименование организации",
        "Наименование ОО",
        "Полное наименование",
        "Название организации",
        "Организация",
        "Школа",
        "Organisation name",
    ],
    "parent": [
        "Муниципалитет",
        "Код муниципалитета",
        "Наименование муниципалитета",
        "МО",
        "Муниципальное образование",
        "Район",
        "Городской округ / район",
        "Municipality",
    ],
    "level": ["Уровень", "Уровень профминимума", "Уровень реализации", "Профминимум", "Level of the minimum"],
    "inn": ["ИНН", "ИНН организации", "Taxpayer number"],
    "ogrn": ["ОГРН", "ОГРН организации", "State register number"],
}
NEEDED = (("code",), ("name",))
KINDS: Mapping[str, OrganisationKind] = {
    "муниципалитет": "municipality",
    "муниципальное образование": "municipality",
    "муниципальный район": "municipality",
    "муниципальный округ": "municipality",
    "городской округ": "municipality",
    "район": "municipality",
    "школа": "school",
    "лицей": "school",
    "гимназия": "school",
    "общеобразовательная организация": "school",
    "оо": "school",
    "колледж": "college",
    "техникум": "college",
    "спо": "college",
    "вуз": "university",
    "университет": "university",
    "институт": "university",
    "дополнительное образование": "supplementary",
    "организация дополнительного образования": "supplementary",
    "удо": "supplementary",
    "допобразование": "supplementary",
    "работодатель": "employer",
    "предприятие": "employer",
    **{kind: kind for kind in ("municipality", "school", "college", "university", "supplementary", "employer")},
}
"""The kinds of organisations, as cells say them; a line that says none is a school's."""
LEVELS: Mapping[str, Level] = {
    "базовый": "basic",
    "основной": "main",
    "продвинутый": "advanced",
    "basic": "basic",
    "main": "main",
    "advanced": "advanced",
}
COLUMNS = Columns(TITLES, NEEDED)
