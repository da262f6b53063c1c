"""The copies in the database: kept up to date by consumers, read by use cases."""

import time
from collections.abc import Callable, Iterable

from pymongo import ReplaceOne, UpdateOne

from services.trials.collections import PARTICIPANTS
from services.trials.copies.joining import Joined, joined
from services.trials.copies.participants import Participant
from shared.programme.organisations import Organisation
from shared.storage import code_twins
from shared.storage.mongo import Collection, Document, Mongo, Transaction, by_ids
from shared.storage.namesakes import namesakes
from shared.storage.organisations import OrganisationCopies, of_rows


class Copies:
    """Pupils and organisations of one database."""

    def __init__(self, mongo: Mongo, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._mongo = mongo
        self.register = OrganisationCopies(mongo, monotonic)

    async def participants(self, ids: Iterable[str], tx: Transaction) -> dict[str, Participant]:
        """Returns the entries known among `ids`, each as registration told of it alone."""
        documents = await by_ids(self._mongo[PARTICIPANTS], ids, tx)
        entries = (Participant.model_validate(d | {"id": d["_id"]}) for d in documents)
        return {entry.id: entry for entry in entries if entry.is_known}

    async def entries(self, ids: Iterable[str], tx: Transaction) -> dict[str, Participant]:
        """Returns the entries known among `ids` with all that they name, and those that these are merged with.

        Whoever names nobody costs no further read.
        """
        found = await self.participants(ids, tx)
        asked = set(found)
        wanted = {word.other for entry in found.values() for word in entry.mergings}
        while missing := wanted - asked:
            asked |= missing
            more = await self.participants(missing, tx)
            found |= more
            wanted = {word.other for entry in more.values() for word in entry.mergings if word.merged}
        return found

    async def joined(self, ids: Iterable[str], tx: Transaction) -> dict[str, Joined]:
        """Returns the pupils of the entries known among `ids`, by each of these: a duplicate's is its survivor."""
        wanted = list(ids)
        return joined(wanted, await self.entries(wanted, tx))

    async def of_class(self, school: str, school_class: str, season: str, tx: Transaction) -> list[str]:
        """Returns the pupils of a class who take part in a season, but for those in the archive, by their ids.

        A pupil of several entries is in the class of the survivor.
        """
        pupils = (one.pupil for one in await self.in_class(school, school_class, tx))
        return [pupil.id for pupil in pupils if season in pupil.seasons]

    async def in_class(self, school: str, school_class: str, tx: Transaction) -> list[Joined]:
        """Returns the pupils of a class with all of their entries, but for those in the archive, by their ids."""
        query = {"school": school, "school_class": school_class}
        rows = await self._mongo[PARTICIPANTS].find(query, {"_id": 1}, session=tx).sort("_id", 1).to_list(None)
        found = await self.joined((row["_id"] for row in rows), tx)
        return [one for id, one in found.items() if id == one.pupil.id and not one.pupil.is_gone]

    async def survivors(self, ids: Iterable[str], tx: Transaction) -> dict[str, str]:
        """Returns whose each of those entries is that were ever merged with another, by their ids."""
        query = {"_id": {"$in": list(ids)}, "mergings.0": {"$exists": True}}
        rows = await self._mongo[PARTICIPANTS].find(query, {"_id": 1}, session=tx).to_list(None)
        found = await self.joined((row["_id"] for row in rows), tx)
        return {id: one.pupil.id for id, one in found.items()}

    async def hold(self, pupils: Iterable[str], tx: Transaction) -> None:
        """Lets this transaction conflict with one that learns something of the pupils.

        A pupil's first step writes nothing that the other one reads: both would commit, and a seat be kept without
        consent, or a step by an entry that is merged into another. Whoever has a path already meets it there
        (`hold_paths`).
        """
        await touch(self._mongo[PARTICIPANTS], pupils, tx)

    async def fence(self, entries: Iterable[str], tx: Transaction) -> None:
        """Writes rows of entries, also of those of which nothing has been heard, so that two workers conflict.

        Each learns of one entry what the other one has to know: both would commit, and none see that they are joined.
        """
        writes = [
            UpdateOne({"_id": id}, {"$inc": {"held": 1}, "$setOnInsert": _row(Participant.unheard(id))}, upsert=True)
            for id in entries
        ]
        if writes:
            await self._mongo[PARTICIPANTS].bulk_write(writes, ordered=False, session=tx)

    async def organisations(self, codes: Iterable[str], tx: Transaction | None = None) -> dict[str, Organisation]:
        """Returns the organisations known among `codes`."""
        return await self.register.known(codes, tx)

    async def namesakes(self, code: str) -> list[Organisation]:
        """Returns the organisations with a code, or in whose name it would be, however it is spelt."""
        return list(of_rows(await code_twins.spelt(self._mongo, "organisations", namesakes(code))).values())

    async def venues_go(self, owners: Iterable[str], tx: Transaction) -> None:
        """Brings the municipalities of venues up to those of their owners, where these went elsewhere."""
        query = {"organisation": {"$in": list(owners)}}
        rows = await self._mongo["venues"].find(query, {"organisation": 1, "municipality": 1}, session=tx).to_list(None)
        lies = await self.organisations({row["organisation"] for row in rows}, tx)
        writes = [
            UpdateOne({"_id": row["_id"]}, {"$set": {"municipality": place}})
            for row in rows
            if (place := lies[row["organisation"]].municipality) != row["municipality"]
        ]
        if writes:
            await self._mongo["venues"].bulk_write(writes, ordered=False, session=tx)

    async def keep(self, pupils: Iterable[Participant], tx: Transaction) -> None:
        """Stores the copies of pupils as they are by now."""
        writes = [ReplaceOne({"_id": pupil.id}, _row(pupil), upsert=True) for pupil in pupils]
        if writes:
            await self._mongo[PARTICIPANTS].bulk_write(writes, ordered=False, session=tx)


async def touch(rows: Collection, ids: Iterable[str], tx: Transaction) -> None:
    """Writes rows without a change, so that whoever reads or writes them meanwhile conflicts."""
    wanted = list(ids)
    if wanted:
        await rows.update_many({"_id": {"$in": wanted}}, {"$inc": {"held": 1}}, session=tx)


def _row(pupil: Participant) -> Document:
    return pupil.model_dump(exclude={"id"})
