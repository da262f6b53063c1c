"""The HTTP interface of registration, a module for each resource."""

from fastapi import APIRouter

from services.registration.api import consents, documents, links, organisations, participants, rosters
from services.registration.handlers.queues import Queues
from services.registration.reads import Reads
from services.registration.repository import Repository
from shared.storage.outbox import Clock


def routes(repository: Repository, reads: Reads, queues: Queues, clock: Clock) -> APIRouter:
    """Everything under `/registration`."""
    router = APIRouter(prefix="/registration", tags=["registration"])
    for resource in (
        organisations.routes(repository, reads, clock),
        participants.routes(reads),
        rosters.routes(queues, repository.codes, clock),
        links.routes(queues, repository.codes, clock),
        consents.routes(repository, clock),
        documents.routes(repository, reads, clock),
    ):
        router.include_router(resource)
    return router
