"""Routes of responsible persons and their contacts."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from services.notifications.answers import ContactErased, ContactPage, ContactView, FamilyContactPage
from services.notifications.contacts import Contacts
from services.notifications.domain.contacts import ContactEntry, ContactRole
from services.notifications.handlers import contacts as handlers
from services.notifications.reads.contacts import ContactReads
from services.notifications.reads.inbox import Reads
from shared.contracts.codes import Code, OrganisationCode
from shared.http.authorisation import Family, SchoolStaff
from shared.http.openapi import problems
from shared.http.paging import Paged
from shared.http.routes import router_of
from shared.programme.texts import Id
from shared.storage.decision import NewId

InCode = Annotated[OrganisationCode, Path(description="The organisation's code in the register.")]
InRef = Annotated[Code, Path(description="The organisation's own key of the person, in which no name stands.")]
Contact = Annotated[Id, Path(description="Id of a contact.")]
Of = Annotated[OrganisationCode, Query(description="the organisation whose contacts are asked for")]
InRole = Annotated[ContactRole | None, Query(description="those in one role alone; default all")]
UNKNOWN = {409: ["organisation-unknown"]}


def routes(contacts: Contacts, reads: ContactReads, families: Reads, new_id: NewId) -> APIRouter:
    """Returns the routes of contacts."""
    router = router_of("notifications", tag="contacts")

    @router.put(
        "/contacts/{code}/{ref}",
        responses=problems({409: ["organisation-closed", "organisation-unknown", "too-many-contacts"]}),
    )
    async def enter_contact(who: SchoolStaff, code: InCode, ref: InRef, entry: ContactEntry) -> ContactView:
        """Enters a responsible person of an organisation, or changes what is known of the one with this key.

        By staff of the whole school, or an operator above. It ends with the organisation.
        """
        return ContactView.of(*await handlers.enter_contact(contacts, who, (code, ref), entry, new_id))

    @router.get("/contacts", responses=problems(UNKNOWN))
    async def list_contacts(who: SchoolStaff, paging: Paged, organisation: Of, role: InRole = None) -> ContactPage:
        """The responsible persons of an organisation by role, with their contacts, for staff and operators above."""
        return await reads.page(who, organisation, role, paging)

    @router.delete("/contacts/{contact}", responses=problems({404: ["not-found"]}))
    async def erase_contact(who: SchoolStaff, contact: Contact) -> ContactErased:
        """Destroys a contact for good, with the key that opens it."""
        await handlers.erase_contact(contacts, who, contact)
        return ContactErased(contact=contact)

    @router.get("/me/contacts")
    async def family_contacts(who: Family, paging: Paged) -> FamilyContactPage:
        """The navigators of the classes of every child linked to the account, as far as their schools show them."""
        return await reads.of_family(families.within(who), paging)

    return router
