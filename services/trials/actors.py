"""Accounts of those who changed something, kept beside the states and forgotten with the person."""

from collections.abc import Collection

from services.trials.attempts import below
from services.trials.collections import NEEDS
from shared.http.audit import ACTORS
from shared.storage.mongo import Mongo, Transaction

FORGOTTEN = {"$unset": {"changed": ""}}


class Actors:
    """The accounts that are named in one database."""

    def __init__(self, mongo: Mongo) -> None:
        self._paths = mongo["paths"]
        self._beside = [(name, mongo[name]) for name in ("attempts", "drafts")]
        self._needs = mongo[NEEDS]
        self._audited = mongo[ACTORS]

    async def forget(self, participants: Collection[str], tx: Transaction) -> None:
        """Forgets whose accounts changed the paths of entries last: all else of an erased entry is destroyed."""
        query = {"$or": [{"_id": below(participant)} for participant in participants], "changed": {"$exists": True}}
        await self._paths.update_many(query, FORGOTTEN, session=tx)

    async def forget_account(self, participants: Collection[str], account: str, tx: Transaction) -> dict[str, int]:
        """Forgets an account wherever it acted for entries; returns how many rows had it, by collection."""
        by, ids = {"changed.by": account}, [below(participant) for participant in participants]
        found = {
            "paths": await self._paths.update_many({"$or": [{"_id": id} for id in ids], **by}, FORGOTTEN, session=tx)
        }
        for name, rows in self._beside:
            found[name] = await rows.update_many({"$or": [{"path": id} for id in ids], **by}, FORGOTTEN, session=tx)
        of_entries = {"_id": {"$in": list(participants)}, **by}
        found[NEEDS] = await self._needs.update_many(of_entries, FORGOTTEN, session=tx)
        return {name: done.modified_count for name, done in found.items()}

    async def forget_in_audit(self, account: str, tx: Transaction) -> int:
        """Forgets whose an account is in the log of audit; returns how many rows there were."""
        return (await self._audited.delete_many({"_id": account}, session=tx)).deleted_count
