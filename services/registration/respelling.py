"""Rows of an older release, brought to the one form of today's texts: keys get their folds, classes their names."""

from collections.abc import Sequence
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from services.registration.collections import UNFOLDED
from shared.base.settings import Settings
from shared.programme.texts import REF, class_form, ref_key
from shared.storage.mongo import Collection, Document, Mongo

CHUNK = 1_000
DUPLICATE_KEY = 11_000
KEYS = {"participants": ("place.school", "external_ref"), "guardians": ("school", "ref")}
"""The fields of the school, and of its own key of the person as it was first written, by collection."""


async def respell(mongo: Mongo, _: Settings) -> list[str]:
    """Folds the keys of rows that have no fold, and tells which persons it leaves.

    Another one of the school has their key in another spelling. Processes of the older release go on beside it; where
    they write, the next run folds.
    """
    told = []
    for name, (school, ref) in KEYS.items():
        last = ""
        while rows := await _unfolded(mongo[name], last):
            last = rows[-1]["_id"]
            told += await _fold(mongo[name], rows, school, ref)
    return told


async def _unfolded(collection: Collection, last: str) -> list[Document]:
    found = collection.find({**UNFOLDED, "_id": {"$gt": last}}).hint("unfolded").sort("_id", 1)
    rows: list[Document] = await found.limit(CHUNK).to_list(CHUNK)
    return rows


async def _fold(collection: Collection, rows: Sequence[Document], school: str, ref: str) -> list[str]:
    renamed = [write for row in rows if (write := _class_of(row)) is not None]
    if renamed:
        await collection.bulk_write(renamed, ordered=False)
    folds = [(row, ref_key(form)) for row in rows if (form := REF.read(row[ref])) is not None]
    legible = {row["_id"] for row, _ in folds}
    told = [f"{collection.name}: the key of {row['_id']} is no text" for row in rows if row["_id"] not in legible]
    writes = [UpdateOne({"_id": row["_id"], **UNFOLDED}, {"$set": {"ref_key": fold}}) for row, fold in folds]
    try:
        if writes:
            await collection.bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        refused: list[dict[str, Any]] = error.details["writeErrors"]
        if any(fault["code"] != DUPLICATE_KEY for fault in refused):
            raise
        told += [await _double(collection, school, *folds[fault["index"]]) for fault in refused]
    return told


def _class_of(row: Document) -> UpdateOne | None:
    name = row.get("place", {}).get("school_class")
    if name is None or name == class_form(name):
        return None
    query = {"_id": row["_id"], "place.school_class": name}
    return UpdateOne(query, {"$set": {"place.school_class": class_form(name)}})


async def _double(collection: Collection, school: str, row: Document, fold: str) -> str:
    """A line about two rows of one key; ids alone, since a key may say who it is."""
    code = row["school"] if school == "school" else row["place"]["school"]
    other = await collection.find_one({school: code, "ref_key": fold}, {"_id": 1})
    holder = other["_id"] if other else "another"
    return f"{collection.name}: {row['_id']} and {holder} of school {code} have one key in two spellings: merge them"
