"""Slots that an older release opened, brought to the one form of their refs."""

from pymongo.errors import DuplicateKeyError

from shared.base.settings import Settings
from shared.programme.texts import REF
from shared.storage.mongo import Mongo

USUAL = r"^[!-~]+( [!-~]+)*$"
"""Refs that programs make, of printable ASCII: these are in their form, and the others few."""


async def respell(mongo: Mongo, _: Settings) -> list[str]:
    """Gives refs their form.

    Returns a line for each slot that it leaves, since another one of the venue has the ref, or the ref is no text.
    """
    told = []
    odd = mongo["slots"].find({"ref": {"$type": "string", "$not": {"$regex": USUAL}}}, {"ref": 1})
    async for slot in odd:
        form = REF.read(slot["ref"])
        if form is None:
            told.append(f"slots: the ref of {slot['_id']} is no text")
        elif form != slot["ref"]:
            try:
                await mongo["slots"].update_one({"_id": slot["_id"], "ref": slot["ref"]}, {"$set": {"ref": form}})
            except DuplicateKeyError:
                told.append(f"slots: {slot['_id']} has the ref of another slot of its venue in a second spelling")
    return told
