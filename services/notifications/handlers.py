"""The use case of notifications: a page of an inbox, in the reader's language."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.notifications import domain, templates
from services.notifications.domain import Notice, Numbers
from services.notifications.repository import Catalogue, Inbox
from services.notifications.templates import Language
from shared.base.models import Answer
from shared.http.paging import Page


class NoticeView(Answer):
    """One notice in words."""

    id: str
    """Id of the event that the notice tells of."""
    participant: str
    """Id of the pupil whom it is about."""
    number: int
    """Contiguous per participant from 1."""
    type: str
    """The event's type without its version, for instance `trial.booked`."""
    season: str | None
    """Code of the season; null for what belongs to none, a consent for instance."""
    title: str
    """What happened, in a few words of the language asked for."""
    body: str
    """The same in whole sentences, without a pupil's name."""
    time: datetime
    """When it happened, on the region's clock."""
    recordedtime: datetime
    """When the server recorded it, UTC."""
    data: dict[str, Any]
    """Ids and codes of what it tells of."""


class InboxPage(Page[NoticeView]):
    """A page of an inbox, newest first."""


async def page(inbox: Inbox, catalogue: Catalogue, before: Numbers, limit: int, language: Language) -> InboxPage:
    """The notices below a cursor, newest first."""
    notices, below = await inbox.older(before, limit)
    onward = None if below is None else domain.encode(below, domain.INBOX)
    return InboxPage(items=await in_words(notices, catalogue, language), next=onward)


async def in_words(notices: Sequence[Notice], catalogue: Catalogue, language: Language) -> list[NoticeView]:
    """The notices as they are shown."""
    names = await catalogue.names(subject for notice in notices for subject in templates.subjects(notice))
    return [_view(notice, templates.render(notice, names, language)) for notice in notices]


def _view(notice: Notice, text: templates.Text) -> NoticeView:
    return NoticeView(
        id=notice.id,
        participant=notice.participant,
        number=notice.number,
        type=notice.type,
        season=notice.season,
        title=text.title,
        body=text.body,
        time=datetime.fromisoformat(notice.time),
        recordedtime=notice.recordedtime,
        data=dict(notice.data),
    )
