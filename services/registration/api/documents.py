"""Routes of the consent documents: the national operator publishes them, everyone reads them."""

from typing import Annotated

from fastapi import APIRouter, Path

from services.registration.answers.documents import DocumentPage, DocumentView
from services.registration.domain.documents import DocumentEntry
from services.registration.handlers import documents as handlers
from services.registration.reads import Reads
from services.registration.repository import Repository
from shared.http.authorisation import Anyone, NationalOperator
from shared.http.openapi import problems
from shared.http.paging import Paged
from shared.http.routes import router_of
from shared.programme.texts import Version
from shared.storage.outbox import Clock

InVersion = Annotated[Version, Path(description="The version of the document.")]


def routes(repository: Repository, reads: Reads, clock: Clock) -> APIRouter:
    """Returns the routes of consent documents."""
    router = router_of("registration")

    @router.put("/consent-documents/{version}", responses=problems({409: ["document-published"]}))
    async def publish_document(who: NationalOperator, version: InVersion, entry: DocumentEntry) -> DocumentView:
        """Publishes a consent document that guardians can agree to; it no longer changes."""
        return await handlers.publish(repository, version, entry, clock())

    @router.get("/consent-documents")
    async def list_documents(who: Anyone, paging: Paged) -> DocumentPage:
        """The consent documents that are published, by version."""
        return await reads.documents.page(paging)

    return router
