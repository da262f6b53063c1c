"""The process of notifications: `python -m services.notifications.app api|worker|relay|all`."""

from services.notifications import consumers
from services.notifications.api import routes
from services.notifications.collections import COLLECTIONS
from services.notifications.copies.store import Copies
from services.notifications.reads import Reads
from services.notifications.stream import Stream
from shared.runtime.process import main
from shared.runtime.service import Platform, Service

__all__ = ["COLLECTIONS", "build"]


def build(platform: Platform) -> Service:
    """Wires the service; its relay publishes dead letters and answers to erasures."""
    copies = Copies(platform.mongo)
    return Service(
        platform,
        routers=[routes(Reads(platform.mongo, copies), Stream())],
        workers={"worker": consumers.inbox(platform, copies)},
        loops={"relay": [platform.relay()]},
    )


if __name__ == "__main__":
    main("notifications", build)
