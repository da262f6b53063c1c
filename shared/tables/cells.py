"""Values of cells as people write them: days, whole numbers, yes and no."""

import re
from datetime import date, timedelta

from shared.tables.table import EXCEL_DAYS

WRITTEN = re.compile(r"([0-9]{1,2})[./ -]([0-9]{1,2})[./ -]([0-9]{4})")
ISO = re.compile(r"([0-9]{4})[-./]([0-9]{1,2})[-./]([0-9]{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
IN_WORDS = re.compile(r"([0-9]{1,2}) ([а-я]+) ([0-9]{4})")
YEAR = re.compile(r"\s*г(ода|од)?\.?$")
SERIAL = re.compile(r"[0-9]{5}(?:\.0+)?")
"""Days since 1899: five digits are the years from 1927 to 2173."""
WHOLE = re.compile(r"[+-]?[0-9]{1,15}(?:[.,]0+)?")
MONTHS = (
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
)
YES = frozenset({"да", "yes", "y", "true", "истина", "1", "+", "v", "x", "х", "есть"})
NO = frozenset({"нет", "no", "n", "false", "ложь", "0", "-", "–", "—", ""})


def day(text: str, days_from: date = EXCEL_DAYS) -> date:
    """The day of `17.05.2007`, `2007-05-17`, `17 мая 2007 г.`, or of the number that Excel keeps for it.

    Raises ValueError for any other text, also for a year of two digits, which may mean two centuries.
    """
    plain = " ".join(YEAR.sub("", text.casefold()).split())
    if found := WRITTEN.fullmatch(plain):
        return _date(found[3], found[2], found[1])
    if found := ISO.fullmatch(plain.upper()):
        return _date(found[1], found[2], found[3])
    if (found := IN_WORDS.fullmatch(plain)) and found[2] in MONTHS:
        return _date(found[3], str(MONTHS.index(found[2]) + 1), found[1])
    if SERIAL.fullmatch(plain):
        return days_from + timedelta(days=int(plain[:5]))
    raise ValueError("must be a day, as 17.05.2007 or 2007-05-17")


def _date(year: str, month: str, of_month: str) -> date:
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
    said = text.strip().casefold()
    if said in YES:
        return True
    if said in NO:
        return False
    raise ValueError("must be да or нет")
