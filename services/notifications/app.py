"""The process of notifications: `python -m services.notifications.app api|worker|relay|all`."""

import os
import secrets

from services.notifications import consumers
from services.notifications.api import contacts as contact_routes
from services.notifications.api import inbox
from services.notifications.collections import COLLECTIONS
from services.notifications.contacts import Contacts
from services.notifications.copies.store import Copies
from services.notifications.reads.contacts import ContactReads
from services.notifications.reads.inbox import Reads
from services.notifications.repository import Repository
from services.notifications.restoration import Restorer
from services.notifications.stream import Stream
from shared.base.settings import Settings
from shared.identity.key_ring import KeyRing
from shared.identity.vault import Vault
from shared.runtime.process import main
from shared.runtime.service import Platform, Service
from shared.storage.organisations import OrganisationCopies

__all__ = ["COLLECTIONS", "build", "vault_of"]


def new_id() -> str:
    """Returns the id of a contact."""
    return secrets.token_urlsafe(12)


def vault_of(settings: Settings) -> Vault:
    """Returns the vault of contacts: its key follows from this service's master key, and opens nothing of another's."""
    return Vault(KeyRing(settings.master_key, purpose="contacts"), os.urandom)


def build(platform: Platform) -> Service:
    """Wires the service; its relay publishes dead letters and answers to erasures."""
    register = OrganisationCopies(platform.mongo)
    copies = Copies(platform.mongo, register)
    contacts = Contacts(platform.mongo, vault_of(platform.settings), register)
    reads = Reads(platform.mongo, copies)
    return Service(
        platform,
        routers=[
            inbox.routes(reads, Stream()),
            contact_routes.routes(contacts, ContactReads(platform.mongo, contacts), reads, new_id),
        ],
        workers={"worker": [*consumers.inbox(platform, copies, contacts), consumers.places(platform)]},
        loops={"relay": [platform.relay()]},
        restorer=Restorer(Repository(platform.mongo, platform.outbox)),
    )


if __name__ == "__main__":
    main("notifications", build)
