"""Scoped reads of contacts: staff see those of an organisation, families the navigators who are shown to them."""

from services.notifications.answers import ContactPage, ContactView, FamilyContact, FamilyContactPage
from services.notifications.collections import PLACES
from services.notifications.contacts import Contacts
from services.notifications.domain.contacts import ContactRole
from services.notifications.domain.places import Stay
from services.notifications.reads.inbox import ScopedReads
from shared.http.paging import Paging
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.storage.mongo import Document, Mongo, by_ids


class ContactReads:
    """Contacts; each reading of a person leaves a trace."""

    def __init__(self, mongo: Mongo, contacts: Contacts) -> None:
        self._places = mongo[PLACES]
        self._contacts = contacts

    async def page(self, who: Principal, organisation: str, role: ContactRole | None, paging: Paging) -> ContactPage:
        """A page of the contacts of an organisation, by role; raises Forbidden out of scope."""
        known = await self._contacts.organisation(organisation, "organisation")
        who.scope.must_cover(*known.place)
        query: Document = {"organisation": organisation, **({"role": role} if role else {})}
        found, onward = await self._contacts.page(query, paging, {"organisation": organisation, "role": role})
        about(contact.id for contact in found)
        return ContactPage(items=[ContactView.of(contact, known) for contact in found], next=onward)

    async def of_family(self, family: ScopedReads, paging: Paging) -> FamilyContactPage:
        """A page of the navigators of the classes of a family's pupils, whose schools show them."""
        pupils = sorted(set((await family.pupils()).values()))
        stays = [stay_of(row) for row in await by_ids(self._places, pupils)]
        ways: list[Document] = [
            {"organisation": stay.school, "classes": {"$in": [stay.school_class, []]}} for stay in stays if stay.school
        ]
        if not ways:
            return FamilyContactPage(items=[], next=None)
        query: Document = {"role": "navigator", "public": True, "$or": ways}
        found, onward = await self._contacts.page(query, paging, {"pupils": " ".join(pupils)})
        about(contact.id for contact in found)
        schools = await self._contacts.register.known({contact.organisation for contact in found})
        items = [FamilyContact.of(contact, schools.get(contact.organisation)) for contact in found]
        return FamilyContactPage(items=items, next=onward)


def stay_of(row: Document) -> Stay:
    """Returns the stay in a row."""
    return Stay(**{name: value for name, value in row.items() if name != "_id"})
