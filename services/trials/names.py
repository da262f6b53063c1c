"""Names beside codes: how the catalogue calls what an answer mentions."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Literal

from shared.storage.mongo import WHOLE, Mongo

Kind = Literal["competency", "diagnostic", "organisation", "season", "venue"]
COLLECTIONS: Mapping[Kind, str] = {
    "competency": "competencies",
    "diagnostic": "instruments",
    "organisation": "organisations",
    "season": "seasons",
    "venue": "venues",
}


class Names:
    """The names of some codes; None for what has none here, or not yet."""

    def __init__(self, found: Mapping[Kind, Mapping[str, str | None]]) -> None:
        self._found = found

    def of(self, kind: Kind, code: str) -> str | None:
        """The name of one thing."""
        return self._found.get(kind, {}).get(code)

    def all_of(self, kind: Kind, codes: Iterable[str]) -> dict[str, str | None]:
        """Code → name."""
        return {code: self.of(kind, code) for code in codes}


async def names(mongo: Mongo, wanted: Mapping[Kind, Iterable[str | None]]) -> Names:
    """The names of the codes, by kind; one read a kind, all at once."""

    async def read(kind: Kind, codes: Iterable[str | None]) -> tuple[Kind, dict[str, str | None]]:
        known = list({code for code in codes if code is not None})
        query = {"_id": {"$in": known}}
        rows = mongo[COLLECTIONS[kind]].find(query, {"name": 1}, batch_size=WHOLE) if known else None
        return kind, {row["_id"]: row.get("name") for row in await rows.to_list(None)} if rows else {}

    return Names(dict(await asyncio.gather(*(read(kind, codes) for kind, codes in wanted.items()))))
