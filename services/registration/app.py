"""The registration service, wired: `python -m services.registration.app api|worker|relay|all`."""

import os
from collections.abc import Sequence
from functools import partial

from fastapi import APIRouter

from services.registration.act_watch import ActWatch
from services.registration.acts import Acts
from services.registration.api import (
    codes,
    consents,
    documents,
    erasure,
    links,
    merges,
    organisations,
    participants,
    places,
    promotions,
    rosters,
    transfers,
)
from services.registration.codes import Codes
from services.registration.collections import COLLECTIONS
from services.registration.consumers import consumers
from services.registration.copies.store import Copies
from services.registration.domain.participants import NewId
from services.registration.entropy import Entropy
from services.registration.key_ring import KeyRing
from services.registration.person_keys import PersonKeys, part
from services.registration.reads import Reads
from services.registration.repository import Repository
from services.registration.respelling import respell
from services.registration.sealed import SealedIdentities
from services.registration.vault import NameIndex, Vault
from shared.identity.keys import derive
from shared.runtime.process import main
from shared.runtime.service import Platform, Service, Upgrade

__all__ = ["COLLECTIONS", "UPGRADES", "build", "repository_of"]
UPGRADES: Sequence[Upgrade] = (respell, part)


def build(platform: Platform) -> Service:
    """Builds the service: an API, a worker for two topics of trials, and a relay."""
    entropy = Entropy(os.urandom)
    vault = Vault(KeyRing.of(platform.settings), entropy.draw)
    return Service(
        platform,
        routers=_routers(
            platform, repository_of(platform, vault), Reads(platform.mongo, vault, platform.clock), entropy.id
        ),
        workers={"worker": consumers(platform, Copies(platform.mongo), Acts(platform.mongo))},
        loops={"relay": [platform.relay(), ActWatch(Acts(platform.mongo), platform.metrics, platform.clock)]},
        checks=[partial(PersonKeys(platform.mongo).prove, vault)],
    )


def repository_of(platform: Platform, vault: Vault) -> Repository:
    """Returns the repository of one process."""
    codes = Codes(derive(platform.settings.master_key, "codes"))
    index = NameIndex(platform.settings.master_key)
    sealed = SealedIdentities(platform.mongo, vault, index, platform.clock, platform.settings)
    return Repository(platform.mongo, platform.outbox, sealed, codes)


def _routers(platform: Platform, repository: Repository, reads: Reads, new_id: NewId) -> Sequence[APIRouter]:
    clock = platform.clock
    return [
        organisations.routes(repository, reads, clock),
        participants.routes(repository, reads, clock, new_id),
        places.routes(repository, clock),
        promotions.routes(repository, clock),
        merges.routes(repository, reads, clock),
        transfers.routes(repository, reads, clock, new_id),
        erasure.routes(repository, reads, clock, new_id),
        rosters.routes(repository, clock, new_id),
        links.routes(repository, clock),
        codes.routes(repository, reads, clock),
        consents.routes(repository, clock),
        documents.routes(repository, reads, clock),
    ]


if __name__ == "__main__":
    main("registration", build)
