"""The columns of a report of numbers of pupils by school and class, by the titles above them. Data."""

from collections.abc import Mapping, Sequence

from shared.tables.columns import Columns

TITLES: Mapping[str, Sequence[str]] = {
    "municipality": ["Муниципалитет", "Муниципальное образование", "Район", "Municipality"],
    "school": ["Код школы", "Код организации", "Код ОО", "Код ОУ", "School code"],
    "school_name": ["Образовательная организация", "Школа", "Наименование ОО", "Название школы", "School name"],
    "class": ["Класс", "Класс (без буквы)", "Параллель", "Class"],
    "letter": ["Литера", "Буква", "Литера класса", "Буква класса", "Letter"],
    "total": [
        "Численность всех учащихся…",
        "Численность учащихся…",
        "Численность обучающихся…",
        "Количество учащихся…",
        "Количество обучающихся…",
        "Всего учащихся",
        "Number of pupils",
    ],
    "disabled": ["ОВЗ", "В том числе с ОВЗ…", "В т.ч. с ОВЗ…", "Из них с ОВЗ…", "Disabled"],
}
NEEDED = (("school", "school_name"), ("class",), ("total",))
NUMBERS = Columns(TITLES, NEEDED)
"""As a file of pupils is told apart from them."""
