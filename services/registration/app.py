"""The registration service, wired: `python -m services.registration.app api|worker|relay|all`."""

import os
from collections.abc import Sequence
from functools import partial

from services.registration import consumers, repository
from services.registration.api import routes
from services.registration.codes import Codes
from services.registration.commands import Commands
from services.registration.domain import Participant
from services.registration.entropy import Entropy
from services.registration.organisations import Organisation
from services.registration.repository import Register
from services.registration.respelling import respell
from services.registration.vault import Vault
from shared.contracts.topics import TRIALS_CATALOGUE, TRIALS_EVENTS
from shared.identity.keys import derive
from shared.runtime.process import main
from shared.runtime.service import PLATFORM_INDEXES, Indexes, Platform, Service, Upgrade

UNHURRIED_MS = 500
"""A school's list may be a second late; it spares half of the transactions."""
INDEXES: Indexes = {**PLATFORM_INDEXES, **repository.INDEXES}
UPGRADES: Sequence[Upgrade] = (respell,)


def build(platform: Platform) -> Service:
    """The parts of the service by role."""
    entropy = Entropy(os.urandom)
    register = register_of(platform, entropy)
    rules = platform.catalogue("registration.rules", [TRIALS_CATALOGUE.name], partial(consumers.rules, register))
    steps = platform.consumer(
        "registration.steps", [TRIALS_EVENTS.name], partial(consumers.steps, register), linger_ms=UNHURRIED_MS
    )
    rules.is_shown_whole = steps.is_shown_whole = True
    return Service(
        platform,
        [routes(register, Commands(register, entropy.id), platform.clock)],
        workers={"worker": [rules, steps]},
        loops={"relay": [platform.relay()]},
    )


def register_of(platform: Platform, entropy: Entropy) -> Register:
    """What one process stores and reads."""
    master_key = platform.settings.master_key
    return Register(
        platform.mongo,
        platform.repository("organisations", Organisation),
        platform.repository("participants", Participant),
        Vault(master_key, entropy.draw),
        Codes(derive(master_key, "codes")),
    )


if __name__ == "__main__":
    main("registration", build)
