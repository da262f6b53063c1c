"""The consent documents that the nation has published: what a guardian can agree to in the own cabinet."""

from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from pymongo.errors import DuplicateKeyError

from shared.base.errors import BadInput, Conflict
from shared.base.models import Answer, Input
from shared.http.paging import Listing, Page, Paging
from shared.identity.acting import acting, changed
from shared.programme.texts import Title, Version
from shared.storage.mongo import Mongo

COLLECTION = "consent_documents"
DOCUMENTS = Listing("consent-documents", {"_id": str})


class DocumentEntry(Input):
    """A consent document, as the national operator publishes it."""

    title: Title
    """What it is called, in Russian."""
    url: Annotated[str, Field(pattern=r"^https://[!-~]+$", max_length=500)]
    """Where its text stands for everyone to read."""


class DocumentView(Answer):
    """A published consent document; it never changes."""

    version: str
    """Its version, which a consent names."""
    title: str
    """What it is called, in Russian."""
    url: str
    """Where its text stands for everyone to read."""
    published_at: datetime
    """When the server published it, UTC."""

    @classmethod
    def of(cls, row: dict[str, Any]) -> "DocumentView":
        return cls(version=row["_id"], title=row["title"], url=row["url"], published_at=row["published_at"])


DocumentPage = Page[DocumentView]


class ConsentDocuments:
    """The published documents by version."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo[COLLECTION]

    async def publish(self, version: Version, entry: DocumentEntry, now: datetime) -> DocumentView:
        """Publishes a document; the same again changes nothing. Raises Conflict for another one of this version."""
        said = entry.model_dump()
        with suppress(DuplicateKeyError):  # what it says is compared below
            await self._rows.insert_one({"_id": version, **said, "published_at": now, **changed(acting())})
        row = await self._rows.find_one({"_id": version})
        assert row is not None
        if {name: row[name] for name in said} != said:
            raise Conflict(f"version {version} is published and no longer changes", slug="document-published")
        return DocumentView.of(row)

    async def must_be_published(self, version: Version) -> None:
        """Raises BadInput where a guardian agrees to what nobody has published."""
        if await self._rows.find_one({"_id": version}, {"_id": 1}) is None:
            raise BadInput.field("version", "is no published consent document")

    async def page(self, paging: Paging) -> DocumentPage:
        """The documents, by version."""
        rows, onward = await DOCUMENTS.page(self._rows, {}, paging)
        return DocumentPage(items=[DocumentView.of(row) for row in rows], next=onward)
