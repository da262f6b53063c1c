"""Reads of the consent documents that are published, open to everyone who has a token."""

from services.registration.answers.documents import DocumentPage, DocumentView
from services.registration.collections import CONSENT_DOCUMENTS
from shared.http.paging import Listing, Paging
from shared.storage.mongo import Mongo

DOCUMENTS = Listing("consent-documents", {"_id": str})


class DocumentReads:
    """The published documents by version."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo[CONSENT_DOCUMENTS]

    async def page(self, paging: Paging) -> DocumentPage:
        """A page of the documents, by version."""
        rows, onward = await DOCUMENTS.page(self._rows, {}, paging)
        return DocumentPage(items=[DocumentView.of(row) for row in rows], next=onward)
