"""Words that are shown to people in both languages, and the version of them for an age."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_before_validator_function

from shared.base.models import Input
from shared.programme.texts import TITLE, Passage, Title

Version = Literal["6-7", "8-9", "10-11", "pictures"]
"""Of an item's words: for the grades of an age, or beside pictures for pupils who read little."""
VERSIONS: Sequence[Version] = get_args(Version)
PICTURES: Version = "pictures"
"""The one that may ask a part of the items alone."""
OLDEST: Mapping[Version, int] = {"6-7": 7, "8-9": 9, "10-11": 11}
"""The last grade of each age."""


class Label(Input):
    """A name in both languages."""

    ru: Title
    """In Russian."""
    en: Title | None = None
    """In English; absent where nobody has said it."""


class Words(Input):
    """A text in both languages."""

    ru: Passage
    """In Russian."""
    en: Passage | None = None
    """In English; absent where nobody has said it."""


@dataclass(frozen=True, slots=True)
class OrRussian:
    """Takes a name that is a text alone for the Russian one."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_before_validator_function(self._labelled, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [TypeAdapter(Title).json_schema(), handler(core)]}

    def _labelled(self, sent: Any) -> Any:
        return Label(ru=TITLE.formed(sent)) if isinstance(sent, str) else sent


Named = Annotated[Label, OrRussian()]
"""A name as it is sent: in both languages, or as a text in Russian alone."""


def version_of(grade: int) -> Version:
    """Returns the version for the age of a grade; whoever is younger than all has the first one."""
    return next((version for version, oldest in OLDEST.items() if grade <= oldest), "10-11")
