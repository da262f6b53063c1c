"""Birth dates of one name in a file: nobody finds a child's by trying days."""

from services.registration.domain.birth_dates import MOST_IN_FILE, MOST_IN_SCHOOL, BirthDates
from services.registration.domain.import_lines import Line

NAMES = ("Ким Пётр", "КИМ  петр", "Kим Петр")
"""One name in three spellings, the last with a Latin letter."""


def judged(dates: BirthDates, day: int, name: str = "Ким Пётр", school: str = "S1", **said: bool) -> Line:
    line = Line(day + 1, school, "7А", {"name": name, "birth_date": f"2007-05-{day:02}", **said})
    dates.judge(line)
    return line


def test_one_more_birth_date_of_a_name_than_a_school_has_is_a_fault() -> None:
    dates = BirthDates()
    for day in range(1, MOST_IN_SCHOOL + 1):
        assert judged(dates, day, NAMES[day % 3]).faults == []
    (fault,) = judged(dates, 9).faults
    assert (fault.pointer, f"more than {MOST_IN_SCHOOL}" in fault.detail) == ("line 10/birth_date", True)
    assert judged(dates, 1).faults == [], "the same again is no new day"
    assert judged(dates, 9, "Ли Вера").faults == []
    assert judged(dates, 9, namesake=True).faults == [], "who is another child looks for none"


def test_schools_of_one_file_do_not_multiply_the_days() -> None:
    dates = BirthDates()
    told = [judged(dates, day, school=f"S{day // 2}") for day in range(1, 29)]
    assert sum(not line.faults for line in told) == MOST_IN_FILE
    assert judged(dates, 1, school="S20").faults == [], "it was tried elsewhere"


def test_a_line_that_is_wrong_anyway_counts_for_nothing() -> None:
    dates = BirthDates()
    for day in range(1, 20):
        dates.judge(Line(day, "S1", "7А", {"name": "Ким Пётр"}))
    assert judged(dates, 1).faults == []
