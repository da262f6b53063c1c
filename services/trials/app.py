"""The trials service: its parts put together, and its process."""

import secrets
from collections.abc import Sequence
from functools import partial

from services.trials import consumers, repository
from services.trials.api import routes
from services.trials.catalogue import Competency, Season, Venue
from services.trials.catalogue_reads import CatalogueReads
from services.trials.path import Path
from services.trials.repository import Store
from services.trials.respelling import respell
from services.trials.slots import Slot
from services.trials.views import Views
from shared.contracts.topics import REGISTRATION_CATALOGUE, REGISTRATION_EVENTS
from shared.runtime.process import main
from shared.runtime.service import PLATFORM_INDEXES, Indexes, Platform, Service, Upgrade

INDEXES: Indexes = {**PLATFORM_INDEXES, **repository.INDEXES}
UPGRADES: Sequence[Upgrade] = (respell,)


def new_id() -> str:
    """A random id of 16 characters (96 bits)."""
    return secrets.token_urlsafe(12)


def build(platform: Platform) -> Service:
    """The service: an API, a worker for two topics of registration, and a relay."""
    store = store_of(platform)
    organisations = platform.catalogue(
        "trials.organisations", [REGISTRATION_CATALOGUE.name], partial(consumers.organisations, store)
    )
    participants = platform.consumer(
        "trials.participants.2", [REGISTRATION_EVENTS.name], partial(consumers.participants, store, new_id)
    )
    participants.is_shown_whole = True
    return Service(
        platform,
        routers=[routes(store, Views(platform.mongo), CatalogueReads(platform.mongo), platform.clock, new_id)],
        workers={"worker": [organisations, participants]},
        loops={"relay": [platform.relay()]},
    )


def store_of(platform: Platform) -> Store:
    """The database that one process stores and reads."""
    return Store(
        platform.mongo,
        seasons=platform.repository("seasons", Season),
        competencies=platform.repository("competencies", Competency),
        venues=platform.repository("venues", Venue),
        slots=platform.repository("slots", Slot),
        paths=platform.repository("paths", Path),
    )


if __name__ == "__main__":
    main("trials", build)
