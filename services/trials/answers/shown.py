"""States as they are shown, with names beside codes.

A field `venue_name` has the name of the code in `venue`, and `season_names` has those of the codes in `seasons`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Literal, NamedTuple, TypeVar

from pydantic import BaseModel

Kind = Literal["competency", "diagnostic", "organisation", "programme", "season", "venue"]


class Word(NamedTuple):
    """A word by which fields mention codes."""

    kind: Kind
    plural: str


WORDS: Mapping[str, Word] = {
    "competency": Word("competency", "competencies"),
    "diagnostic": Word("diagnostic", "diagnostics"),
    "organisation": Word("organisation", "organisations"),
    "region": Word("organisation", "regions"),
    "municipality": Word("organisation", "municipalities"),
    "programme": Word("programme", "programmes"),
    "season": Word("season", "seasons"),
    "venue": Word("venue", "venues"),
}
V = TypeVar("V", bound=BaseModel)


class Names:
    """The names of some codes; None for what has none here, or not yet."""

    def __init__(self, found: Mapping[Kind, Mapping[str, str | None]]) -> None:
        self._found = found

    def of(self, kind: Kind, code: str) -> str | None:
        """Returns the name of one thing."""
        return self._found.get(kind, {}).get(code)


NO_NAMES = Names({})


def mentioned(views: Iterable[tuple[type[BaseModel], Iterable[object]]]) -> dict[Kind, set[str]]:
    """Returns the codes, by kind, whose names views of these states show."""
    found: dict[Kind, set[str]] = defaultdict(set)
    for view, states in views:
        for state in states:
            for _, kind, source in _name_fields(view):
                found[kind].update(_codes(getattr(state, source)))
    return found


def shown(view: type[V], state: object, names: Names = NO_NAMES, /, **more: Any) -> V:
    """Returns a state as a view shows it; `more` are the fields that neither the state nor the names have."""
    for field, kind, source in _name_fields(view):
        codes = getattr(state, source)
        if codes is None or isinstance(codes, str):
            more[field] = codes and names.of(kind, codes)
        else:
            more[field] = {code: names.of(kind, code) for code in codes}
    told = {field: getattr(state, field) for field in view.model_fields if field not in more}
    return view.model_validate(told | more)


@cache
def _name_fields(view: type[BaseModel]) -> Sequence[tuple[str, Kind, str]]:
    """The fields of a view that hold names, each with their kind and the field that has the codes."""
    found = []
    for field in view.model_fields:
        stem, _, ending = field.rpartition("_")
        if ending in ("name", "names") and stem in WORDS:
            found.append((field, WORDS[stem].kind, stem if ending == "name" else WORDS[stem].plural))
    return found


def _codes(codes: str | Iterable[str] | None) -> Iterable[str]:
    return [codes] if isinstance(codes, str) else codes or ()
