"""The registration service, wired: `python -m services.registration.app api|worker|relay|all`."""

import os
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from fastapi import APIRouter

from services.registration.act_watch import ActWatch
from services.registration.acts import Acts
from services.registration.api import (
    certificates,
    checkins,
    codes,
    consents,
    directories,
    documents,
    downloads,
    duplicates,
    erasure,
    guardians,
    imports,
    links,
    majority,
    merges,
    numbers,
    organisations,
    participants,
    payment_acts,
    places,
    promotions,
    regions,
    relocations,
    requests,
    retention,
    rosters,
    staff,
    templates,
    transfers,
    trips,
    years,
)
from services.registration.certificate_numbers import CertificateNumbers
from services.registration.codes import Codes
from services.registration.collections import COLLECTIONS
from services.registration.consumers import consumers
from services.registration.copies.store import Copies
from services.registration.entropy import Entropy
from services.registration.file_vault import FileVault
from services.registration.handlers.restoration import Restorer
from services.registration.importing import Importing
from services.registration.majorities import Majorities
from services.registration.name_index import NameIndex
from services.registration.person_keys import key_places, part
from services.registration.presence import Presences
from services.registration.reads import Reads
from services.registration.repository import Repository
from services.registration.requests import Requests
from services.registration.respelling import respell
from services.registration.retention_job import RetentionJob
from services.registration.sealed import SealedIdentities
from services.registration.trips import Trips
from shared.http import losses
from shared.identity.key_ring import KeyRing
from shared.identity.keys import derive
from shared.identity.vault import Vault
from shared.runtime.process import main
from shared.runtime.service import Platform, Service, Upgrade
from shared.storage.decision import NewId
from shared.storage.wrapped_keys import prove

__all__ = ["COLLECTIONS", "UPGRADES", "build", "repository_of"]
UPGRADES: Sequence[Upgrade] = (respell, part)


def build(platform: Platform) -> Service:
    """Builds the service: an API, a worker for two topics of trials, and a relay beside which files are entered."""
    entropy = Entropy(os.urandom)
    vault = Vault(KeyRing.of(platform.settings), entropy.draw)
    repository = repository_of(platform, vault)
    reads = Reads(platform.mongo, vault, platform.clock, repository.imports, repository.clocks)
    return Service(
        platform,
        routers=_routers(platform, repository, reads, Trips(platform.mongo, vault), entropy.id),
        workers={"worker": consumers(platform, Copies(platform.mongo), Acts(platform.mongo))},
        loops={
            "relay": [
                platform.relay(),
                ActWatch(Acts(platform.mongo), platform.metrics, platform.clock),
                Importing(platform.lease("imports"), repository, platform, entropy.id),
                RetentionJob(platform.lease("retention"), repository, platform.audit, platform.clock, entropy.id),
                Majorities(platform.lease("majorities"), repository, platform.clock),
            ]
        },
        checks=[partial(prove, vault, key_places(platform.mongo))],
        witness=Presences(platform.mongo, timedelta(days=platform.settings.audit_days), platform.clock),
        restorer=Restorer(repository, platform.clock),
    )


def repository_of(platform: Platform, vault: Vault) -> Repository:
    """Returns the repository of one process."""
    codes = Codes(derive(platform.settings.master_key, "codes"))
    index = NameIndex(platform.settings.master_key)
    sealed = SealedIdentities(platform.mongo, vault, index, platform.clock, platform.settings)
    files = FileVault(platform.settings.master_key, os.urandom)
    requests = Requests(platform.mongo, vault, index)
    return Repository(platform.mongo, platform.outbox, sealed, codes, requests, files)


def _routers(
    platform: Platform, repository: Repository, reads: Reads, kept: Trips, new_id: NewId
) -> Sequence[APIRouter]:
    clock = platform.clock
    return [
        organisations.routes(repository, reads, clock),
        participants.routes(repository, reads, clock, new_id),
        places.routes(repository, clock),
        promotions.routes(repository, clock),
        merges.routes(repository, clock),
        duplicates.routes(repository, reads, clock),
        requests.routes(repository, reads, clock, new_id),
        transfers.routes(repository, reads, clock, new_id),
        erasure.routes(repository, reads, clock, new_id),
        guardians.routes(repository, clock, new_id),
        retention.routes(repository, reads),
        rosters.routes(repository, clock, new_id),
        imports.routes(repository, reads, clock, new_id),
        links.routes(repository, clock),
        majority.routes(repository, clock),
        codes.routes(repository, reads, clock),
        consents.routes(repository, clock),
        documents.routes(repository, reads, clock),
        templates.routes(repository, reads, clock),
        relocations.routes(repository, reads, clock),
        regions.routes(repository, clock),
        directories.routes(repository, clock),
        years.routes(repository, reads, clock),
        numbers.routes(repository, clock),
        checkins.routes(reads, clock),
        staff.routes(repository, reads, clock),
        certificates.routes(
            reads, CertificateNumbers(platform.settings.master_key), clock, platform.settings.public_url
        ),
        downloads.routes(repository, reads, clock, platform.settings.cabinet_url),
        payment_acts.routes(reads, clock),
        trips.routes(repository, reads, kept, clock),
        losses.routes("registration", platform.mongo),
    ]


if __name__ == "__main__":
    main("registration", build)
