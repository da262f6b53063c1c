"""The process of notifications: `python -m services.notifications.app api|worker|relay|all`."""

import os
import secrets
from functools import partial

from services.notifications import consumers
from services.notifications.api import contacts as contact_routes
from services.notifications.api import inbox
from services.notifications.collections import COLLECTIONS, CONTACTS
from services.notifications.contacts import Contacts, ring_of
from services.notifications.copies.store import Copies
from services.notifications.reads.contacts import ContactReads
from services.notifications.reads.inbox import Reads
from services.notifications.repository import Repository
from services.notifications.restoration import Restorer
from services.notifications.stream import Stream
from shared.identity.vault import Vault
from shared.runtime.process import main
from shared.runtime.service import Platform, Service
from shared.storage.organisations import OrganisationCopies
from shared.storage.wrapped_keys import prove

__all__ = ["COLLECTIONS", "build"]


def new_id() -> str:
    """Returns the id of a contact."""
    return secrets.token_urlsafe(12)


def build(platform: Platform) -> Service:
    """Wires the service; its relay publishes dead letters and answers to erasures."""
    register = OrganisationCopies(platform.mongo)
    copies = Copies(platform.mongo, register)
    vault = Vault(ring_of(platform.settings), os.urandom)
    contacts = Contacts(platform.mongo, vault, register)
    reads = Reads(platform.mongo, copies)
    return Service(
        platform,
        routers=[
            inbox.routes(reads, Stream()),
            contact_routes.routes(contacts, ContactReads(platform.mongo, contacts), reads, new_id),
        ],
        workers={"worker": [*consumers.inbox(platform, copies, contacts), consumers.places(platform)]},
        loops={"relay": [platform.relay()]},
        checks=[partial(prove, vault, [platform.mongo[CONTACTS]])],
        restorer=Restorer(Repository(platform.mongo, platform.outbox)),
    )


if __name__ == "__main__":
    main("notifications", build)
