"""The names of codes, as the catalogue and the register of organisations have them."""

import asyncio
from collections.abc import Collection, Mapping

from services.trials.answers.shown import Kind, Names
from shared.storage.mongo import WHOLE, Mongo

COLLECTIONS: Mapping[Kind, str] = {
    "competency": "competencies",
    "diagnostic": "instruments",
    "organisation": "organisations",
    "programme": "programmes",
    "season": "seasons",
    "venue": "venues",
}


async def names(mongo: Mongo, wanted: Mapping[Kind, Collection[str]]) -> Names:
    """Returns the names of the codes, by kind; one read a kind, all at once."""

    async def read(kind: Kind, codes: Collection[str]) -> tuple[Kind, dict[str, str | None]]:
        query = {"_id": {"$in": list(codes)}}
        rows = mongo[COLLECTIONS[kind]].find(query, {"name": 1}, batch_size=WHOLE) if codes else None
        return kind, {row["_id"]: row.get("name") for row in await rows.to_list(None)} if rows else {}

    return Names(dict(await asyncio.gather(*(read(kind, codes) for kind, codes in wanted.items()))))
