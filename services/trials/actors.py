"""Accounts of those who changed something, kept beside the states and forgotten with the person."""

from collections.abc import Iterable

from services.trials.attempts import below
from shared.http.audit import ACTORS
from shared.storage.mongo import Mongo, Transaction


class Actors:
    """The accounts that are named in one database."""

    def __init__(self, mongo: Mongo) -> None:
        self._paths = mongo["paths"]
        self._audited = mongo[ACTORS]

    async def forget(self, participants: Iterable[str], tx: Transaction, account: str | None = None) -> int:
        """Forgets whose account, or that one alone, changed the paths of entries last; returns how many there were."""
        by = {"changed": {"$exists": True}} if account is None else {"changed.by": account}
        query = {"$or": [{"_id": below(participant)} for participant in participants], **by}
        return (await self._paths.update_many(query, {"$unset": {"changed": ""}}, session=tx)).modified_count

    async def forget_in_audit(self, account: str, tx: Transaction) -> int:
        """Forgets whose an account is in the log of audit; returns how many rows there were."""
        return (await self._audited.delete_many({"_id": account}, session=tx)).deleted_count
