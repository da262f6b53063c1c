"""What notifications does with others' events: names for its texts, and a notice for each step of a pupil."""

from collections.abc import Sequence

from services.notifications import domain
from services.notifications.repository import Catalogue, Notices
from shared.messaging.consumer import Handle
from shared.messaging.poll import Received
from shared.storage.mongo import Transaction


def catalogue(entries: Catalogue) -> Handle:
    """The handler of group `notifications.catalogue`."""

    async def handle(received: Sequence[Received], tx: Transaction) -> None:
        known = [r.envelope for r in received if domain.entry(r.event) is not None]
        if known:
            await entries.put(known, tx)

    return handle


def inbox(notices: Notices) -> Handle:
    """The handler of group `notifications.inbox`."""

    async def handle(received: Sequence[Received], tx: Transaction) -> None:
        told = [r.envelope for r in received if type(r.event) in domain.DATA]
        links = [link for r in received if (link := domain.link(r.event)) is not None]
        await notices.add(told, links, tx)

    return handle
