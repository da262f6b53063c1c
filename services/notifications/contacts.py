"""The contacts in the database: sealed, each under a key of its own, which goes with it."""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, TypeVar

from services.notifications.collections import CONTACTS
from services.notifications.domain.contacts import Contact
from shared.base.errors import NotKnownYet
from shared.base.settings import Settings
from shared.http.paging import Filter, Listing, Paging
from shared.identity.acting import acting, changed
from shared.identity.key_ring import KeyRing
from shared.identity.vault import Vault
from shared.programme.organisations import Organisation
from shared.storage.mongo import Document, Mongo, Transaction
from shared.storage.organisations import OrganisationCopies

T = TypeVar("T")

SEALED = ("name", "phone", "mail")
PLAIN = ("organisation", "ref", "role", "classes", "public")
LISTED = Listing("contacts", {"role": str, "_id": str})


def ring_of(settings: Settings) -> KeyRing:
    """Returns the ring of this service: no key of it opens anything of another's, were both given the same ones."""
    return KeyRing(settings.master_key, settings.vault_keys, purpose="contacts")


class Contacts:
    """Every organisation's contacts, beside the copy of the register by which they are judged."""

    def __init__(self, mongo: Mongo, vault: Vault, register: OrganisationCopies) -> None:
        self.register = register
        self._mongo = mongo
        self._rows = mongo[CONTACTS]
        self._vault = vault

    async def transact(self, body: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        """Runs `body` in one transaction, again after a write conflict."""
        return await self._mongo.transact(body)

    async def organisation(self, code: str, word: str, tx: Transaction | None = None) -> Organisation:
        """Returns the organisation that a request names by a word; raises NotKnownYet."""
        found = (await self.register.known([code], tx)).get(code)
        if found is None:
            raise NotKnownYet.about(word, "this organisation is not known here yet", "organisation-unknown")
        return found

    async def find(self, query: Mapping[str, Any], tx: Transaction | None = None) -> Contact | None:
        """Returns the contact that a query finds, if there is one."""
        row: Document | None = await self._rows.find_one(dict(query), session=tx)
        return None if row is None else self._of(row)

    async def count(self, organisation: str, tx: Transaction) -> int:
        """Counts the contacts of an organisation."""
        return await self._rows.count_documents({"organisation": organisation}, session=tx)

    async def save(self, contact: Contact, tx: Transaction) -> None:
        """Stores a contact in the place of what was known of the person, under a new key."""
        said = {name: value for name in SEALED if (value := getattr(contact, name)) is not None}
        plain = contact.model_dump(include=set(PLAIN))
        row = {**self._vault.seal(contact.id, said), **plain, **changed(acting())}
        await self._rows.replace_one({"_id": contact.id}, row, upsert=True, session=tx)

    async def erase(self, query: Mapping[str, Any], tx: Transaction) -> int:
        """Destroys the contacts that a query finds, and their keys; returns how many there were."""
        return (await self._rows.delete_many(dict(query), session=tx)).deleted_count

    async def page(self, query: Document, paging: Paging, narrowed_by: Filter) -> tuple[list[Contact], str | None]:
        """Returns a page of the contacts that a query finds, by role, and the cursor behind it."""
        rows, onward = await LISTED.page(self._rows, query, paging, narrowed_by)
        return [self._of(row) for row in rows], onward

    def _of(self, row: Document) -> Contact:
        said = {name: None for name in SEALED} | self._vault.open(row)
        return Contact.model_validate({"id": row["_id"], **{name: row[name] for name in PLAIN}, **said})


def of_closed(organisations: Iterable[str]) -> Document:
    """Matches the contacts of organisations that are no longer there."""
    return {"organisation": {"$in": list(organisations)}}
