"""Responsible persons of organisations, by role, and their contacts: they stand here, and in no event."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from shared.base.errors import BadInput, Conflict, FieldError
from shared.base.models import Count, Input
from shared.programme.organisations import Organisation
from shared.programme.texts import ClassName, Name, Text, plain

MOST_CONTACTS = 200
"""Of one organisation."""
MOST_CLASSES = 60
PHONE = re.compile(r"\+?[0-9][0-9 ()-]*(,? ?(доб\.|ext\.) ?[0-9]{1,6})?")
DIGITS = range(5, 16)
"""Of a number, without an extension; E.164 has 15 at most."""
MAIL = re.compile(r"[^\s@<>,;\"]{1,64}@[^\s@.<>,;\"]+(\.[^\s@.<>,;\"]+)+")
ContactRole = Literal["concept-lead", "coordinator", "navigator"]
"""The deputy head who is responsible for the Concept in a school, the coordinator of the programme, and the teacher who
guides pupils."""
OF_A_SCHOOL: frozenset[ContactRole] = frozenset({"concept-lead", "navigator"})


def phone_number(text: str) -> str:
    """A phone number as it is dialled; raises PydanticCustomError where it is none."""
    form = plain(text)
    number = re.split(r",? ?(?:доб\.|ext\.)", form)[0]
    if not PHONE.fullmatch(form) or sum(map(str.isdigit, number)) not in DIGITS:
        raise PydanticCustomError("phone", "must be a phone number, as +7 863 200-00-00, доб. 12")
    return form


def mail_address(text: str) -> str:
    """An address of mail, as it is written; raises PydanticCustomError where it is none."""
    form = plain(text)
    if not MAIL.fullmatch(form):
        raise PydanticCustomError("mail", "must be an address, as school3@example.org")
    return form


Phone = Annotated[str, Text(40, phone_number)]
Mail = Annotated[str, Text(254, mail_address)]


class ContactEntry(Input):
    """A responsible person, as an organisation or an operator above enters one."""

    role: ContactRole
    """`concept-lead` and `navigator` are a school's; every organisation has coordinators."""
    name: Name
    """Full name; it is sealed, and in no event."""
    phone: Phone | None = None
    """A phone number of the office; one of `phone` and `mail` is given."""
    mail: Mail | None = None
    """An address of the office."""
    classes: Annotated[tuple[ClassName, ...], Count(0, MOST_CLASSES)] = ()
    """The classes that a navigator guides; those of the whole school where it is left out."""
    public: bool = False
    """True where families of these classes may see a navigator's name and contacts."""


class Contact(BaseModel):
    """A responsible person of an organisation."""

    model_config = ConfigDict(frozen=True)

    id: str
    organisation: str
    ref: str
    """The organisation's own key of the person."""
    role: ContactRole
    name: str
    phone: str | None
    mail: str | None
    classes: tuple[str, ...]
    public: bool


def contact_of(id: str, organisation: Organisation, ref: str, entry: ContactEntry) -> Contact:
    """Returns the contact; raises BadInput where its parts do not fit, Conflict where the organisation is closed."""
    organisation.must_be_open("code")
    faults = []
    if entry.role in OF_A_SCHOOL and organisation.kind != "school":
        faults.append(FieldError("role", f"only a school has a {entry.role}: {organisation.id} is none"))
    if entry.phone is None and entry.mail is None:
        faults.append(FieldError("phone", "or `mail` is required"))
    if entry.role != "navigator":
        told = {"classes": bool(entry.classes), "public": entry.public}
        faults += [FieldError(word, "only a navigator has it") for word, is_said in told.items() if is_said]
    if faults:
        raise BadInput.of(faults)
    classes = tuple(sorted(set(entry.classes)))
    said = entry.model_dump(exclude={"classes"})
    return Contact(id=id, organisation=organisation.id, ref=ref, classes=classes, **said)


def must_have_room(organisation: str, count: int) -> None:
    """Raises Conflict where no further contact of an organisation is kept."""
    if count >= MOST_CONTACTS:
        raise Conflict(f"{organisation} has {MOST_CONTACTS} contacts: erase those who left", slug="too-many-contacts")
