"""The stored forms of a notice and of a head: their documents, written and read back."""

from services.notifications.domain.notices import Head, Notice, Readers
from shared.programme.merging import Word
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


def head_document(head: Head) -> Document:
    """Returns the fields of a head that an event changes beside the last number."""
    fields: Document = {"accounts": list(head.readers.accounts)}
    if head.readers.closed:
        fields["closed"] = list(head.readers.closed)
    if head.readers.erased:
        fields["erased"] = dict(head.readers.erased)
    if head.mergings:
        fields["mergings"] = [word.model_dump() for word in head.mergings]
    return fields


def head_of(document: Document) -> Head:
    """Returns the head in a document; an earlier release knew of no mergings."""
    told = {name: document[name] for name in ("accounts", "closed", "act", "erased") if name in document}
    readers = Readers(**told)
    mergings = tuple(Word.model_validate(word) for word in document.get("mergings", ()))
    return Head(document.get("last", 0), readers, mergings)
