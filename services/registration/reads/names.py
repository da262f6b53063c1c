"""Reads of names: whoever asks has judged before whose they may show, and notes it for the audit log."""

from collections.abc import Collection

from services.registration.person_keys import PersonKeys
from shared.identity.vault import Identity, Vault
from shared.programme.texts import NAME
from shared.storage.mongo import Mongo, by_ids


class NameReads:
    """The vault, as far as it is shown."""

    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._rows = mongo["vault"]
        self._keys = PersonKeys(mongo)
        self._vault = vault

    async def of(self, persons: Collection[str]) -> dict[str, Identity]:
        """The identities that are there, with each name in its one form: an older release sealed names as typed."""
        rows = await self._keys.joined(await by_ids(self._rows, persons)) if persons else []
        return {row["_id"]: _in_one_form(self._vault.open(row)) for row in rows}


def _in_one_form(identity: Identity) -> Identity:
    return {**identity, "name": NAME.read(identity["name"]) or identity["name"]}
