"""The answers of notifications as models."""

from datetime import datetime
from typing import Any

from services.notifications.domain import Notice
from services.notifications.texts import Text
from shared.base.models import Answer
from shared.http.paging import Page


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
