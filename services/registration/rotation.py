"""Rotation of the vault: persons' keys are wrapped anew by the ring's current key, beside the processes that use them.

`python -m services.registration.rotation` does it where the settings of registration are.
"""

import asyncio
from collections.abc import Callable

from services.registration.collections import KEYS
from services.registration.person_keys import key_places
from shared.base.settings import Settings, from_environment
from shared.identity.key_ring import KeyRing
from shared.storage import wrapped_keys
from shared.storage.mongo import Mongo


async def rotate(settings: Settings, say: Callable[[str], None]) -> bool:
    """Rotates, and tells what was done, what is left and which keys may go; False where keys are left."""
    mongo = Mongo(settings.mongo_url, settings.database("registration"))
    try:
        backups = f"{KEYS} from before now, which are kept {settings.key_backup_days} days"
        return await wrapped_keys.rotate(key_places(mongo), KeyRing.of(settings), backups, say)
    finally:
        mongo.close()


if __name__ == "__main__":
    raise SystemExit(0 if asyncio.run(rotate(from_environment(Settings), print)) else 1)
