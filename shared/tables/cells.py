"""Values of cells as people write them: days, whole numbers, yes and no."""

import re
from datetime import date, timedelta

from shared.tables.columns import folded
from shared.tables.table import EXCEL_DAYS

WRITTEN = re.compile(r"([0-9]{1,2}) ?[.,/ –-] ?([0-9]{1,2}) ?[.,/ –-] ?([0-9]{2}|[0-9]{4})")
ISO = re.compile(r"([0-9]{4})[-./]([0-9]{1,2})[-./]([0-9]{1,2})")
IN_WORDS = re.compile(r"([0-9]{1,2})[. -]([а-я]+)(?:[. -]|\. )([0-9]{2}|[0-9]{4})")
MIDNIGHT = re.compile(r"[t ]0?0:00(:00([.,]0+)?)?z?$")
"""Programs of accounting and of schools write it behind a day."""
YEAR = re.compile(r" ?(г\. ?р|г\. ?рожд|года рождения|года|год|г)?\.?$")
QUOTES = re.compile('["«»“”„]')
TOO_NARROW = re.compile("#+")
SERIAL = re.compile(r"[0-9]{5}(?:[.,]0+)?")
"""Days since 1899: five digits are the years from 1927 to 2173."""
SHORT_YEAR = 2
"""Digits."""
WHOLE = re.compile(r"[+-]?[0-9]{1,15}(?:[.,]0+)?")
MONTHS = (
    "янв(ар[яь])?",
    "февр?(ал[яь])?",
    "март?а?",
    "апр(ел[яь])?",
    "ма[яй]",
    "июн[яь]?",
    "июл[яь]?",
    "авг(уста?)?",
    "сент?(ябр[яь])?",
    "окт(ябр[яь])?",
    "нояб?(р[яь])?",
    "дек(абр[яь])?",
)
"""Their names in the genitive and the nominative, and as calendars and spreadsheets cut them off."""
YES = frozenset({"да", "yes", "y", "true", "истина", "1", "1.0", "1,0", "+", "v", "x", "х", "✓", "✔", "√"}) | {
    *("есть", "имеет", "имеется")
}
NO = frozenset({"нет", "no", "n", "false", "ложь", "0", "0.0", "0,0", "-", "–", "—", ""})
SUMS = ("итого", "всего")
"""The words that begin a row of sums."""


def day(text: str, days_from: date = EXCEL_DAYS) -> date:
    """The day of `17.05.2007`, `2007-05-17`, `17 мая 2007 г.`, or of the number that Excel keeps for it.

    Raises ValueError for any other text, also for a year of two digits, which may mean two centuries.
    """
    plain = YEAR.sub("", MIDNIGHT.sub("", " ".join(QUOTES.sub("", text.casefold()).split())))
    if found := WRITTEN.fullmatch(plain):
        return _date(found[3], found[2], found[1])
    if found := ISO.fullmatch(plain):
        return _date(found[1], found[2], found[3])
    if (found := IN_WORDS.fullmatch(plain)) and (month := _month(found[2])):
        return _date(found[3], month, found[1])
    if SERIAL.fullmatch(plain):
        return days_from + timedelta(days=int(plain[:5]))
    if TOO_NARROW.fullmatch(plain):
        raise ValueError(
            "was cut off when it was saved: make the column wider and save again, as a day like 17.05.2007"
        )
    raise ValueError("must be a day, as 17.05.2007 or 2007-05-17")


def _month(name: str) -> str:
    """The number of a month by its name; empty where there is none."""
    return next((str(at) for at, names in enumerate(MONTHS, 1) if re.fullmatch(names, name)), "")


def _date(year: str, month: str, of_month: str) -> date:
    if len(year) == SHORT_YEAR:
        raise ValueError("has a year of two digits: write the day with all four, as 17.05.2007")
    try:
        return date(int(year), int(month), int(of_month))
    except ValueError:
        raise ValueError("is no day of the calendar") from None


def whole(text: str) -> int:
    """The whole number of `7`, `7.0` or `1 250`; raises ValueError for any other text."""
    bare = "".join(text.split())
    if not WHOLE.fullmatch(bare):
        raise ValueError("must be a whole number")
    return int(re.split("[.,]", bare)[0])


def yes(text: str) -> bool:
    """Tells yes (`да`, `+`, `1`, `true`) from no (`нет`, `-`, `0`, nothing); raises ValueError for any other text."""
    said = text.strip(" .").casefold()
    if said in YES:
        return True
    if said in NO:
        return False
    raise ValueError("must be да or нет")


def begins_sums(text: str) -> bool:
    """Tells the first cell of a row that holds sums of others."""
    return folded(text).partition(" ")[0] in SUMS
