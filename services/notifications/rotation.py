"""Rotation of the contacts: their keys are wrapped anew by the ring's current key, beside the processes that use them.

`python -m services.notifications.rotation` does it where the settings of notifications are.
"""

import asyncio
from collections.abc import Callable

from services.notifications.collections import CONTACTS
from services.notifications.contacts import ring_of
from shared.base.settings import Settings, from_environment
from shared.storage import wrapped_keys
from shared.storage.mongo import Mongo


async def rotate(settings: Settings, say: Callable[[str], None]) -> bool:
    """Rotates, and tells what was done, what is left and which keys may go; False where keys are left."""
    mongo = Mongo(settings.mongo_url, settings.database("notifications"))
    try:
        backups = f"{CONTACTS} from before now"
        return await wrapped_keys.rotate([mongo[CONTACTS]], ring_of(settings), backups, say)
    finally:
        mongo.close()


if __name__ == "__main__":
    raise SystemExit(0 if asyncio.run(rotate(from_environment(Settings), print)) else 1)
