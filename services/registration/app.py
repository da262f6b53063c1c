"""The registration service, wired: `python -m services.registration.app api|worker|relay|all`."""

import os
from functools import partial

from services.registration import consumers, repository
from services.registration.api import routes
from services.registration.codes import Codes
from services.registration.domain import Participant
from services.registration.entropy import Entropy
from services.registration.organisations import Organisation
from services.registration.repository import Register
from services.registration.vault import Vault
from shared.contracts.topics import TRIALS_CATALOGUE, TRIALS_EVENTS
from shared.keys import derive
from shared.process import main
from shared.service import PLATFORM_INDEXES, Indexes, Platform, Service

INDEXES: Indexes = {**PLATFORM_INDEXES, **repository.INDEXES}


def build(platform: Platform) -> Service:
    """The parts of the service by role."""
    entropy, master_key = Entropy(os.urandom), platform.settings.master_key
    register = Register(
        platform.mongo,
        platform.repository("organisations", Organisation),
        platform.repository("participants", Participant),
        Vault(master_key, entropy.draw),
        Codes(derive(master_key, "codes")),
    )
    seasons = platform.consumer("registration.seasons", [TRIALS_CATALOGUE.name], partial(consumers.seasons, register))
    progress = platform.consumer("registration.progress", [TRIALS_EVENTS.name], partial(consumers.progress, register))
    return Service(
        platform,
        [routes(register, platform.clock, entropy.id)],
        workers={"worker": [seasons, progress]},
        loops={"relay": [platform.relay()]},
    )


if __name__ == "__main__":
    main("registration", build)
