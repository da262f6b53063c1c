"""Schools as files of other systems name them: by a name and a municipality, however these are spelt. Pure."""

from collections.abc import Iterable, Mapping

from services.registration.domain.organisations import Organisation
from shared.base.errors import BadInput
from shared.base.wording import worded
from shared.tables.columns import folded


class SchoolNames:
    """The schools of a scope by their names."""

    def __init__(self, schools: Iterable[Organisation], municipalities: Mapping[str, str]) -> None:
        """`municipalities` are the names of municipalities by their codes."""
        self._schools: dict[str, list[Organisation]] = {}
        self._towns: dict[str, set[str]] = {}
        for school in schools:
            for word in {folded(school.name), folded(school.id)}:
                self._schools.setdefault(word, []).append(school)
        for code, name in municipalities.items():
            for word in {folded(name), folded(code)}:
                self._towns.setdefault(word, set()).add(code)

    def code(self, name: str, municipality: str | None) -> str:
        """The code of the school that has a name, in a municipality where one is said.

        Raises BadInput about `school_name` or `municipality` where none or several have it.
        """
        found = self._schools.get(folded(name), [])
        if not found:
            raise BadInput.field("school_name", "is no open school's of your scope, by its name or its code")
        if municipality is not None:  # else a school of this name that is not entered yet would be taken for another
            towns = self._towns.get(folded(municipality))
            if towns is None:
                raise BadInput.field("municipality", "is no municipality of your scope, by its name or its code")
            found = [school for school in found if school.municipality in towns]
        if len(found) != 1:
            several = worded("is the name of {count} schools: write the code", count=len(found))
            raise BadInput.field(
                "school_name", several if found else "is no school's of this municipality: write the code"
            )
        return found[0].id
