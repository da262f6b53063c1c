"""Reads by resource; persons are read within the scope of the principal who asks."""

from services.registration.copies.store import Copies
from services.registration.reads.documents import DocumentReads
from services.registration.reads.organisations import OrganisationReads
from services.registration.reads.participants import ScopedReads
from services.registration.vault import Vault
from shared.identity.principal import Principal
from shared.storage.mongo import Mongo


class Reads:
    """Everything that the service shows."""

    def __init__(self, mongo: Mongo, copies: Copies, vault: Vault) -> None:
        self.organisations = OrganisationReads(mongo)
        self.documents = DocumentReads(mongo)
        self._mongo = mongo
        self._copies = copies
        self._vault = vault

    def within(self, who: Principal) -> ScopedReads:
        """The only way to read persons."""
        return ScopedReads(self._mongo, self._vault, self._copies, who)
