"""Copies of what another service defines: the newest definition of an object holds, in whatever order they come."""

from pymongo import UpdateOne

from shared.storage.mongo import Document


def newest(id: str, definition: Document, sequence: str) -> UpdateOne:
    """Returns the write that stores a definition with its sequence unless a newer one is there.

    It is a pipeline, so that it is one operation with its condition, and nobody has to read before.
    """
    older = {"$lt": [{"$ifNull": ["$sequence", ""]}, sequence]}
    stored = definition | {"sequence": sequence}
    fields = {name: {"$cond": [older, {"$literal": value}, f"${name}"]} for name, value in stored.items()}
    return UpdateOne({"_id": id}, [{"$set": fields}], upsert=True)
