"""Pages: every list is read alike, `?after=&limit=` → `{items, next}`; what is added meanwhile disturbs no page."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import ConfigDict, Field

from shared.base.models import Answer
from shared.http import cursors
from shared.programme.moments import YEARS
from shared.storage.mongo import Collection, Document, Transaction

MOST = 1_000
T = TypeVar("T")
Key = Sequence[str | datetime]
"""Where an entry stands in a list."""
Filter = Mapping[str, str | None]
"""By which parameters of the request a list is narrowed."""
NO_FILTER: Filter = {}


class Page(Answer, Generic[T]):
    """A page of a list."""

    # Each list makes a type of its own, for whose docstrings pydantic would search every file that is being imported:
    # that was more than half of the time in which a service is loaded.
    model_config = ConfigDict(use_attribute_docstrings=False)

    items: list[T] = Field(description="In the order of the list.")
    next: str | None = Field(description="Goes on as `after`; null on the last page.")


@dataclass(frozen=True, slots=True)
class Paging:
    """The page of a list that is asked for."""

    after: str
    """Empty for the first."""
    limit: int


async def _paging(
    after: Annotated[str, Query(max_length=cursors.LONGEST, description="`next` of the page before")] = "",
    limit: Annotated[int, Query(ge=1, le=MOST, description="how many items at most")] = 100,
) -> Paging:
    return Paging(after, limit)


Paged = Annotated[Paging, Depends(_paging)]
"""The parameters of a list's route."""


def _no_earlier_form(word: str) -> Key | None:
    return None


@dataclass(frozen=True)
class Listing:
    """One list: its name, and the fields that order it, the last of them without equals."""

    name: str
    order: Mapping[str, type[str] | type[datetime]]
    earlier: Callable[[str], Key | None] = _no_earlier_form
    """Reads the cursors that an earlier release gave out."""
    falls: bool = False
    """True where the greatest come first, such as the newest; of `page` alone."""

    async def page(
        self,
        found: Collection,
        query: Document,
        paging: Paging,
        narrowed_by: Filter = NO_FILTER,
        tx: Transaction | None = None,
    ) -> tuple[list[Document], str | None]:
        """The documents of a page and the cursor behind them; raises BadInput about `after`."""
        key = self._key(paging.after, narrowed_by)
        behind = {"$and": [query, self._behind(key)]} if key else query
        order = [(field, -1 if self.falls else 1) for field in self.order]
        cursor = found.find(behind, session=tx).sort(order).limit(paging.limit + 1)
        documents = await cursor.to_list(paging.limit + 1)
        return self._cut(documents, paging, narrowed_by, self._key_of)

    def cut(
        self, items: Iterable[T], key: Callable[[T], Key], paging: Paging, narrowed_by: Filter = NO_FILTER
    ) -> tuple[list[T], str | None]:
        """As `page`, of a list that is whole in memory."""
        start = self._key(paging.after, narrowed_by)
        ordered = sorted(items, key=lambda item: tuple(key(item)))
        left = [item for item in ordered if not start or tuple(key(item)) > tuple(start)]
        return self._cut(left, paging, narrowed_by, key)

    def _cut(
        self, items: Sequence[T], paging: Paging, narrowed_by: Filter, key: Callable[[T], Key]
    ) -> tuple[list[T], str | None]:
        page = list(items[: paging.limit])
        if len(items) <= paging.limit:
            return page, None
        parts = [part.isoformat() if isinstance(part, datetime) else part for part in key(page[-1])]
        return page, cursors.encode([cursors.mark(self.name, narrowed_by), *parts])

    def _key_of(self, document: Document) -> Key:
        return [_field(document, path) for path in self.order]

    def _behind(self, key: Key) -> Document:
        """Returns the condition of all entries after one."""
        equal: Document = {}
        beyond = "$lt" if self.falls else "$gt"
        ways: list[Document] = []
        for field, part in zip(self.order, key, strict=True):
            ways.append(equal | {field: {beyond: part}})
            equal = equal | {field: part}
        return {"$or": ways}

    def _key(self, word: str, narrowed_by: Filter) -> Key | None:
        """The entry that a cursor stands behind; None for the first page."""
        if not word:
            return None
        value = cursors.decode(word)
        if isinstance(value, list) and value[:1] == [cursors.mark(self.name, narrowed_by)]:
            key = self._typed(value[1:])
        else:
            key = self.earlier(word)
        if key is None:
            raise cursors.refused("after")
        return key

    def _typed(self, parts: Sequence[Any]) -> Key | None:
        if len(parts) != len(self.order):
            return None
        typed = [_part(part, kind) for part, kind in zip(parts, self.order.values(), strict=True)]
        return None if None in typed else [part for part in typed if part is not None]


def _field(document: Document, path: str) -> Any:
    return reduce(lambda part, name: part[name], path.split("."), document)


def _part(part: object, kind: type[str] | type[datetime]) -> str | datetime | None:
    if not isinstance(part, str):
        return None
    return part if kind is str else instant(part)


def instant(text: str) -> datetime | None:
    """A cursor's time; None for what no list is ordered by."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo is not None and time.year in YEARS else None
