"""The columns of a table, found by their titles however these are spelt."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

BEGIN = "…"
"""A spelling that ends so stands for every title that begins with it: some go on with years."""
PUNCTUATION = re.compile(r"[^\w\s]|_")
SEPARATORS = re.compile(r"[-–—/_\s]+")


LATIN, RUSSIAN = "abcehkmoptxy", "авсенкмортху"
"""Small letters that look like each other, or do in capitals."""
TO_RUSSIAN = str.maketrans(LATIN, RUSSIAN)
RUSSIAN_WORD = re.compile(rf"\w*[а-я]\w*|\b[{LATIN}]+\b")
NOTES = re.compile(
    r" (полностью|полное|обязательно|обязательное поле|при наличии|если есть|с буквой|с литерой|"
    r"(в формате )?дд ?мм ?г{2,4})$"
)
"""What forms add to a title, to say how its cells are filled in."""


def folded(title: str) -> str:
    """A title without regard to case, Ё, spaces and signs: `Ф.И.О.  УЧЕНИКА` is `фио ученика`.

    Among Russian letters, Latin ones that look like them are these.
    """
    bare = " ".join(PUNCTUATION.sub("", SEPARATORS.sub(" ", title.casefold().replace("ё", "е"))).split())
    return in_russian(bare)


def in_russian(text: str) -> str:
    """A text of small letters, some of them Russian: Latin ones that look like Russian ones are these.

    In words with Russian letters, and in those that are of such letters alone: the О of О'Нил.
    """
    return text if text.isascii() else RUSSIAN_WORD.sub(lambda word: word[0].translate(TO_RUSSIAN), text)


@dataclass(frozen=True, slots=True)
class Found:
    """The columns that a row names."""

    places: Mapping[str, int]
    """The place of each column that is known by its name, from 0."""
    unknown: Sequence[int]
    """The places of titles that are no column's."""
    doubled: Sequence[str]
    """The names of columns that stand twice."""
    missing: Sequence[str]
    """What is needed and not there, in words."""


class Columns:
    """The columns that a kind of table may have: their titles are data, and several of one column mean the same."""

    def __init__(
        self,
        titles: Mapping[str, Sequence[str]],
        needed: Sequence[Sequence[str]] = (),
        others: "Mapping[str, Columns] | None" = None,
        silent: Iterable[str] = (),
    ) -> None:
        """`titles` are spellings by a column's name, which is one too; of each group of `needed`, one must be there.

        `others` are kinds of tables for which this one is mistaken, by what is said then; `silent` are titles that
        stand over others and change nothing of what these mean. Raises ValueError where two columns share a title.
        """
        self.others = others or {}
        self._silent = {folded(title) for title in silent}
        self._names: dict[str, str] = {}
        self._begins: dict[str, str] = {}
        self._shown = {name: spellings[0] if spellings else name for name, spellings in titles.items()}
        self._needed = needed
        for name, spellings in titles.items():
            for title in {folded(spelling) for spelling in (name, *spellings)}:
                if self._names.setdefault(title, name) != name:
                    raise ValueError(f"{title!r} is a title of {name} and of {self._names[title]}")
            self._begins |= {folded(spelling): name for spelling in spellings if spelling.endswith(BEGIN)}

    def found(self, titles: Sequence[str]) -> Found:
        """The columns that a row of titles names."""
        places: dict[str, int] = {}
        unknown: list[int] = []
        doubled: list[str] = []
        for at, title in enumerate(titles):
            name = self._name(folded(title))
            if name is None:
                unknown += [at] if title else []
            elif name in places:
                doubled.append(self._shown[name])
            else:
                places[name] = at
        lacking = [group for group in self._needed if places.keys().isdisjoint(group)]
        missing = [" / ".join(self._shown[name] for name in group) for group in lacking]
        return Found(places, unknown, doubled, missing)

    def says_nothing(self, over: str) -> bool:
        """Tells a title over others that change nothing of what these mean."""
        return folded(over) in self._silent

    def _name(self, title: str) -> str | None:
        bare = NOTES.sub("", title)
        begun = (name for begin, name in self._begins.items() if title.startswith(begin))
        return self._names.get(title) or self._names.get(bare) or next(begun, None)


def letter(place: int) -> str:
    """The letter of a column as spreadsheets name it: `A` for place 0, `AA` for 26."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
