"""Use cases: who is responsible in an organisation is entered, and erased."""

from services.notifications.contacts import Contacts
from services.notifications.domain.contacts import (
    Contact,
    ContactEntry,
    contact_of,
    must_have_room,
)
from shared.base.errors import NotFound
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.programme.organisations import Organisation
from shared.storage.decision import NewId
from shared.storage.mongo import Transaction

At = tuple[str, str]
"""The code of an organisation, and its own key of a person."""


async def enter_contact(
    contacts: Contacts, who: Principal, at: At, entry: ContactEntry, new_id: NewId
) -> tuple[Contact, Organisation]:
    """Enters or changes a contact; the same again changes nothing.

    Raises NotKnownYet for an organisation of which nothing has been heard, Forbidden for who does not reach all of it,
    BadInput and Conflict as the domain does.
    """
    code, ref = at

    async def body(tx: Transaction) -> tuple[Contact, Organisation]:
        organisation = await contacts.organisation(code, "code", tx)
        who.scope.must_cover_whole(*organisation.place)
        known = await contacts.find({"organisation": code, "ref": ref}, tx)
        contact = contact_of(known.id if known else new_id(), organisation, ref, entry)
        if contact != known:
            await contacts.register.hold(code, tx)
            if known is None:
                must_have_room(code, await contacts.count(code, tx))
            await contacts.save(contact, tx)
        return contact, organisation

    contact, organisation = await contacts.transact(body)
    about([contact.id])
    return contact, organisation


async def erase_contact(contacts: Contacts, who: Principal, id: str) -> None:
    """Destroys a contact; raises NotFound out of scope, Forbidden for who reaches some classes of a school alone."""

    async def body(tx: Transaction) -> None:
        contact = await contacts.find({"_id": id}, tx)
        found = {} if contact is None else await contacts.register.known([contact.organisation], tx)
        organisation = next(iter(found.values()), None)
        if organisation is None or not who.scope.covers(*organisation.place):
            raise NotFound("no such contact in your scope")
        who.scope.must_cover_whole(*organisation.place)
        await contacts.erase({"_id": id}, tx)

    await contacts.transact(body)
    about([id])
