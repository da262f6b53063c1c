"""Use case: the national operator publishes a consent document."""

from datetime import datetime

from services.registration.answers.documents import DocumentView
from services.registration.domain.documents import DocumentEntry
from services.registration.repository import Repository
from shared.base.errors import Conflict
from shared.programme.texts import Version


async def publish(repository: Repository, version: Version, entry: DocumentEntry, now: datetime) -> DocumentView:
    """Publishes a document; the same again changes nothing. Raises Conflict for another one of this version."""
    said = entry.model_dump()
    row = await repository.add_document(version, {**said, "published_at": now})
    if {name: row[name] for name in said} != said:
        raise Conflict(f"version {version} is published and no longer changes", slug="document-published")
    return DocumentView.of(row)
