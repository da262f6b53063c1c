"""The birth dates that a file gives one name: nobody who knows a child's name tries all days until one fits. Pure."""

from services.registration.domain.identities import child_of
from services.registration.domain.import_lines import Line
from shared.base.errors import FieldError
from shared.base.wording import worded
from shared.programme.texts import NAME

MOST_IN_SCHOOL, MOST_IN_FILE = 3, 12
"""Birth dates of one name among the pupils of a school, and among all of a file."""
TOO_MANY = (
    "is one of more than {most} birth dates of the same name in this file: check them, "
    "or give each child a key and say `namesake`"
)


class BirthDates:
    """The names of a file with their birth dates, as far as it has been read; after a restart, from there on."""

    def __init__(self) -> None:
        self._days: dict[str, dict[str, set[str]]] = {}

    def judge(self, line: Line) -> None:
        """Notes a fault of a line that tries one more day for a name; one that looks for no child does not count."""
        name, born = NAME.read(line.said.get("name")), line.said.get("birth_date")
        if line.faults or line.said.get("namesake") or name is None or born is None:
            return
        schools = self._days.setdefault(child_of({"name": name, "birth_date": born})[0], {})
        days = schools.setdefault(line.school, set())
        tried = set().union(*schools.values())
        if born not in days and len(days) >= MOST_IN_SCHOOL:
            self._refuse(line, MOST_IN_SCHOOL)
        elif born not in tried and len(tried) >= MOST_IN_FILE:
            self._refuse(line, MOST_IN_FILE)
        else:
            days.add(born)

    def _refuse(self, line: Line, most: int) -> None:
        line.faults.append(FieldError(f"{line.at}/birth_date", worded(TOO_MANY, most=most)))
