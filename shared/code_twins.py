"""Codes that differ by the case of their letters alone: people take them for one, so that only the first may exist."""

from pymongo import IndexModel
from pymongo.collation import Collation

from shared.errors import Conflict, FieldError
from shared.mongo import Collection, Transaction

CASELESS = Collation("en", strength=2)
BY_CODE = IndexModel([("_id", 1), ("sequence", 1)], name="caseless", collation=CASELESS)
"""Finds documents of a catalogue by their code, whatever its case."""


async def must_be_alone(collection: Collection, code: str, word: str = "code", tx: Transaction | None = None) -> None:
    """Raises Conflict about the request's `word` where a code is new and another one has its letters."""
    found = collection.find({"_id": code}, {"_id": 1}, session=tx).collation(CASELESS)
    known = {row["_id"] async for row in found}
    if known and code not in known:
        detail = f"{min(known)} exists, and differs by the case of letters alone"
        raise Conflict(f"{word}: {detail}", slug="code-taken", errors=[FieldError(word, detail)])
