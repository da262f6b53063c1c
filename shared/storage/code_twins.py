"""Codes that differ by the case of their letters alone: people take them for one, so that only the first may exist."""

from collections.abc import Iterable

from pymongo import IndexModel, UpdateOne
from pymongo.collation import Collation

from shared.base.errors import Conflict, FieldError
from shared.storage.mongo import Document, Mongo, Transaction

CASELESS = Collation("en", strength=2)
BY_CODE = IndexModel([("_id", 1), ("sequence", 1)], name="caseless", collation=CASELESS)
"""Finds documents of a catalogue by their code, whatever its case."""
FENCES = "code_fences"
"""A document for each new code in small letters: two who enter twins at the same time both write it, and conflict."""


async def must_be_alone(mongo: Mongo, catalogue: str, code: str, tx: Transaction, word: str = "code") -> None:
    """Raises Conflict about the request's `word` where a code is new to a catalogue and another one has its letters.

    `tx` is the transaction that enters the code.
    """
    known = {row["_id"] for row in await spelt(mongo, catalogue, [code], tx)}
    if code in known:
        return
    if known:
        detail = f"{min(known)} exists, and differs by the case of letters alone"
        raise Conflict(f"{word}: {detail}", slug="code-taken", errors=[FieldError(word, detail)])
    await fence(mongo, catalogue, [code], tx)


async def fence(mongo: Mongo, catalogue: str, codes: Iterable[str], tx: Transaction) -> None:
    """Lets whoever enters a twin of one of these new codes at the same time conflict; nobody is looked for."""
    ids = [f"{catalogue}/{code.lower()}" for code in codes]
    writes = [UpdateOne({"_id": id}, {"$inc": {"met": 1}}, upsert=True) for id in ids]
    if writes:
        await mongo[FENCES].bulk_write(writes, ordered=False, session=tx)


async def spelt(mongo: Mongo, catalogue: str, codes: Iterable[str], tx: Transaction | None = None) -> list[Document]:
    """The documents of a catalogue that have one of the codes, in capitals or small letters."""
    found = mongo[catalogue].find({"_id": {"$in": list(codes)}}, session=tx).collation(CASELESS)
    return list(await found.to_list(None))
