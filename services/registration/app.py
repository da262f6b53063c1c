"""The registration service, wired: `python -m services.registration.app api|worker|relay|all`."""

import os
from collections.abc import Sequence

from services.registration import collections, consumers
from services.registration.api import routes
from services.registration.codes import Codes
from services.registration.copies.store import Copies
from services.registration.domain.organisation import Organisation
from services.registration.domain.participant import Participant
from services.registration.entropy import Entropy
from services.registration.handlers.queues import Queues
from services.registration.reads import Reads
from services.registration.repository import Repository
from services.registration.respelling import respell
from services.registration.vault import Vault
from shared.identity.keys import derive
from shared.runtime.process import main
from shared.runtime.service import PLATFORM_INDEXES, Indexes, Platform, Service, Upgrade

INDEXES: Indexes = {**PLATFORM_INDEXES, **collections.INDEXES}
UPGRADES: Sequence[Upgrade] = (respell,)


def build(platform: Platform) -> Service:
    """The parts of the service by role."""
    entropy, copies = Entropy(os.urandom), Copies(platform.mongo)
    vault = Vault(platform.settings.master_key, entropy.draw)
    repository = repository_of(platform, copies, vault)
    reads = Reads(platform.mongo, copies, vault)
    return Service(
        platform,
        [routes(repository, reads, Queues(repository, entropy.id), platform.clock)],
        workers={"worker": consumers.copies(platform, copies)},
        loops={"relay": [platform.relay()]},
    )


def repository_of(platform: Platform, copies: Copies, vault: Vault) -> Repository:
    """The repository of one process."""
    return Repository(
        platform.mongo,
        organisations=platform.repository("organisations", Organisation),
        participants=platform.repository("participants", Participant),
        copies=copies,
        vault=vault,
        codes=Codes(derive(platform.settings.master_key, "codes")),
    )


if __name__ == "__main__":
    main("registration", build)
