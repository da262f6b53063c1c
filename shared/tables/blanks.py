"""Cells that say nothing although something stands in them, and those that hold an error of the spreadsheet."""

import re

DRAWN = re.compile(r"[-–—―−_.…\s]+")
"""A line, or a row of dots, where a form leaves room."""
NOTHING = frozenset(
    {
        *(
            "нет",
            "нету",
            "не имеет",
            "не имеется",
            "отсутствует",
            "не указано",
            "не указан",
            "не указана",
            "нет данных",
        ),
        *("н/д", "пусто", "(пусто)", "n/a", "none", "null", "nan", "nat"),
    }
)
"""Words by which people and programs say that they have nothing to say."""
LONGEST = max(map(len, NOTHING))
ERRORS = frozenset(
    {
        *("#ref!", "#n/a", "#value!", "#name?", "#div/0!", "#null!", "#num!", "#spill!", "#calc!", "#getting_data"),
        *("#ссылка!", "#н/д", "#знач!", "#имя?", "#дел/0!", "#пусто!", "#число!", "#перенос!", "#вычисл!"),
    }
)
"""What a formula has come to, in the words of Excel in English and in Russian."""


def says_nothing(text: str) -> bool:
    """Tells a cell that means the same as an empty one: `-`, `нет`, a line to write on."""
    if not text or (not text[0].isalnum() and DRAWN.fullmatch(text)):
        return True
    return len(text) <= LONGEST and text.casefold() in NOTHING


def is_error(text: str) -> bool:
    """Tells what a spreadsheet shows instead of a value."""
    return text[0] == "#" and text.casefold() in ERRORS if text else False
