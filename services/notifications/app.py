"""The process of notifications: `python -m services.notifications.app api|worker|relay|all`."""

from services.notifications import consumers, repository
from services.notifications.api import routes
from services.notifications.repository import Catalogue, Notices
from services.notifications.stream import Stream
from shared.contracts.topics import REGISTRATION_EVENTS, TRIALS_CATALOGUE, TRIALS_EVENTS
from shared.runtime.process import main
from shared.runtime.service import PLATFORM_INDEXES, Indexes, Platform, Service

INDEXES: Indexes = {**PLATFORM_INDEXES, **repository.INDEXES}


def build(platform: Platform) -> Service:
    """Wires the service; its relay publishes nothing but dead letters."""
    notices, catalogue = Notices(platform.mongo), Catalogue(platform.mongo)
    names = platform.catalogue("notifications.catalogue", [TRIALS_CATALOGUE.name], consumers.catalogue(catalogue))
    inbox = platform.consumer(
        "notifications.inbox",
        [REGISTRATION_EVENTS.name, TRIALS_EVENTS.name],
        consumers.inbox(notices),
        after=names,
    )
    return Service(
        platform,
        [routes(notices, catalogue, Stream(catalogue))],
        workers={"worker": [names, inbox]},
        loops={"relay": [platform.relay()]},
    )


if __name__ == "__main__":
    main("notifications", build)
