"""The stored form of a notice: its document, written and read back."""

from services.notifications.domain import Notice
from shared.storage.mongo import Document


def notice_document(notice: Notice) -> Document:
    """Returns a notice under the id of its event."""
    return {
        "_id": notice.id,
        "participant": notice.participant,
        "number": notice.number,
        "type": notice.type,
        "season": notice.season,
        "time": notice.time,
        "recordedtime": notice.recordedtime,
        "data": notice.data,
    }


def notice_of(document: Document) -> Notice:
    """Returns the notice in a document."""
    return Notice(id=document.pop("_id"), **document)
