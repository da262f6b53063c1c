"""The answers of notifications as models."""

from datetime import datetime
from typing import Any

from services.notifications.domain.contacts import Contact, ContactRole
from services.notifications.domain.notices import Notice
from services.notifications.texts import Text
from shared.base.models import Answer
from shared.http.paging import Page
from shared.programme.organisations import Organisation


class NoticeView(Answer):
    """One notice in words."""

    id: str
    """Id of the event that the notice tells of."""
    participant: str
    """Id of the pupil whom it is about, as of then."""
    merged_into: str | None
    """Id of the pupil with whom that one has turned out to be the same since; null otherwise."""
    number: int
    """Contiguous per participant from 1."""
    type: str
    """The event's type without its version, for instance `trial.booked`."""
    season: str | None
    """Code of the season; null for what belongs to none, a consent for instance."""
    title: str
    """The event in a few words of the language asked for."""
    body: str
    """The same in whole sentences, without a pupil's name."""
    time: datetime
    """Instant at which it happened, on the region's clock."""
    recordedtime: datetime
    """Instant at which the server recorded it, UTC."""
    data: dict[str, Any]
    """Ids and codes of what it tells of."""


class InboxPage(Page[NoticeView]):
    """A page of an inbox, newest first."""


def in_words(notice: Notice, text: Text, survivor: str) -> NoticeView:
    """Returns a notice as it is shown, with the pupil who stands for the one whom it is about."""
    return NoticeView(
        id=notice.id,
        participant=notice.participant,
        merged_into=None if survivor == notice.participant else survivor,
        number=notice.number,
        type=notice.type,
        season=notice.season,
        title=text.title,
        body=text.body,
        time=datetime.fromisoformat(notice.time),
        recordedtime=notice.recordedtime,
        data=dict(notice.data),
    )


class FamilyContact(Answer):
    """A responsible person with contacts, as a family sees one."""

    organisation: str
    """Code of the organisation."""
    organisation_name: str | None
    """Name of the organisation, in Russian; null while its definition is missing."""
    role: ContactRole
    """The person's part in the programme."""
    name: str
    """Full name."""
    phone: str | None
    """A phone number of the office; null where none was given."""
    mail: str | None
    """An address of the office; null where none was given."""
    classes: list[str]
    """The classes that a navigator guides; empty for the whole organisation."""

    @classmethod
    def of(cls, contact: Contact, organisation: Organisation | None) -> "FamilyContact":
        """Returns a contact as it is shown."""
        called = organisation and organisation.name
        return cls(**contact.model_dump(exclude={"id", "ref", "public"}), organisation_name=called)


class ContactView(FamilyContact):
    """A responsible person with contacts, as staff see one."""

    contact: str
    """Random id."""
    ref: str
    """The organisation's own key of the person."""
    public: bool
    """True where families of the classes may see it."""

    @classmethod
    def of(cls, contact: Contact, organisation: Organisation | None) -> "ContactView":
        """Returns a contact as it is shown."""
        told = contact.model_dump(exclude={"id"})
        return cls(**told, contact=contact.id, organisation_name=organisation and organisation.name)


class ContactPage(Page[ContactView]):
    """Contacts of an organisation by role."""


class FamilyContactPage(Page[FamilyContact]):
    """Contacts by role."""


class ContactErased(Answer):
    """The end of a contact."""

    contact: str
    """The id, which leads to nobody any more."""
